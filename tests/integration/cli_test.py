#!/usr/bin/python3
"""The command line against real processes: exit statuses, refusals, two homes, stopping and starting."""

import json
import os
import signal
import subprocess
from pathlib import Path

import harness
from harness import ROOT, Tidegate, check, get, wait_for

STACK = ROOT / "tests/integration/web/stack.yaml"
BROKEN = """
Resources:
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: "{min}"
      MaxSize: "1"
      AvailabilityZones: [eu-west-2a]
      {more}
"""


def test_not_reached(tidegate):
    """without a control plane every verb that asks it ends 3 and says how to start one"""
    for arguments in (["status"], ["down", "x"], ["explain", "group", "g"], ["logs", "i-1"], ["rehearse", "scale-out"], ["cost"]):
        done = tidegate.run(*arguments)
        check(done.returncode == 3 and "serve" in done.stderr, f"{arguments}: {done.returncode} {done.stderr}")
    check(not Path(tidegate.home).exists(), "asking makes no home")


def test_bad_environment(tidegate):
    """a bad environment value is refused by name, exit status 2"""
    for name, value in (("TIDEGATE_API", "nonsense"), ("TIDEGATE_INSTANCE_SCALE", "2"), ("TIDEGATE_HOME", "relative"),
                        ("TIDEGATE_RANGE", "10.0.0.0")):
        done = subprocess.run([tidegate.program, "serve"], env={**os.environ, name: value}, capture_output=True, text=True,
                              timeout=30, check=False)
        check(done.returncode == 2 and name in done.stderr, f"{name}: {done.returncode} {done.stderr}")


def test_detach(tidegate):
    """serve --detach returns when the API answers; again says that it runs already"""
    tidegate.run("serve", "--detach", expect=0)
    check("no stack" in tidegate.run("status", expect=0).stdout, "status is empty")
    check("already" in tidegate.run("serve", "--detach", expect=0).stderr, "a second start is harmless")
    check(oct(Path(tidegate.home).stat().st_mode)[-3:] == "700", "the home is private")


def test_second_refused(tidegate):
    """a second control plane on the same home is refused, naming the first; a taken port too"""
    first = Path(tidegate.home, "serve.pid").read_text().strip()
    done = subprocess.run([tidegate.program, "serve"], env={**os.environ, "TIDEGATE_API": "127.0.0.1:4599"},
                          capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 1 and first in done.stderr, f"{done.returncode} {done.stderr}")
    other = {**os.environ, "TIDEGATE_HOME": os.environ["TMPDIR"] + "/other"}
    done = subprocess.run([tidegate.program, "serve"], env=other, capture_output=True, text=True, timeout=30, check=False)
    check(done.returncode == 1 and "4580" in done.stderr, f"{done.returncode} {done.stderr}")


def test_bad_templates(tidegate):
    """a template that cannot be is refused with its line before anything is created"""
    cases = {"MinSize": BROKEN.format(min=2, more="LaunchTemplate: { LaunchTemplateId: lt-1, Version: 1 }"),
             "MinSzie": BROKEN.format(min=1, more="MinSzie: 1"),
             "AWS::S3::Bucket": "Resources:\n  B:\n    Type: AWS::S3::Bucket\n",
             "line": "Resources:\n  - [\n"}
    for word, text in cases.items():
        file = Path(os.environ["TMPDIR"], "bad.yaml")
        file.write_text(text)
        done = tidegate.run("up", str(file))
        check(done.returncode == 1 and word in done.stderr, f"{word}: {done.returncode} {done.stderr}")
    check(not tidegate.status()["Stacks"], "nothing was created")
    check(tidegate.run("up", "/no/such/file.yaml").returncode == 1, "a missing file")


def test_restart_keeps_serving(tidegate):
    """SIGTERM leaves balancer and instances running; serve finds them again"""
    tidegate.up(STACK)
    url, before = tidegate.url(), tidegate.in_service("web-asg")[0]
    tidegate.run("stop", expect=0)
    check(get(url)[0] == 200, "traffic goes on without a control plane")
    check(tidegate.run("status").returncode == 3, "nobody answers")
    tidegate.run("serve", "--detach", expect=0)
    after = wait_for("it is in service", lambda: tidegate.in_service("web-asg")[0])
    check(after["InstanceId"] == before["InstanceId"], "the same instance")
    check(after["PrivateIpAddress"] == before["PrivateIpAddress"], "at the same address")
    check(get(url)[0] == 200, "traffic goes on")


def test_cost(tidegate):
    """cost tells what the stack spends and has spent; a restart of the control plane changes nothing about it"""
    def spent():
        cost = json.loads(tidegate.run("cost", "--json", expect=0).stdout)["Stacks"][0]["Cost"]
        check(cost["Now"] > 0 and cost["Base"] > 0 and cost["Peak"] >= 3 * cost["Base"], f"{cost}")
        return cost["Spent"], cost["Since"]
    text = tidegate.run("cost", expect=0).stdout
    check("Spent" in text and "web-asg" in text, text)
    check("Cost " in tidegate.status_text() and "spent $0.00" in tidegate.status_text(), "the row of status")
    before, since = wait_for("something is spent", lambda: spent()[0] > 0 and spent())
    os.kill(int(Path(tidegate.home, "serve.pid").read_text()), signal.SIGKILL)
    tidegate.run("serve", "--detach")
    after, same = wait_for("it goes on", lambda: spent() if spent()[0] > before else None)
    check(same == since, f"since {since}, then {same}")


def test_two_homes(tidegate):
    """a second home runs beside the first, with its own range and stacks"""
    variables = {"TIDEGATE_HOME": os.environ["TMPDIR"] + "/second", "TIDEGATE_API": "127.0.0.1:4590"}
    first, first_url = tidegate.in_service("web-asg")[0], tidegate.url()
    saved = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        second = Tidegate(Path(tidegate.program).parent)
        second.up(STACK, "--stack-name", "web2")
        instance, url = second.in_service("web-asg")[0], second.url()
        check(instance["PrivateIpAddress"] != first["PrivateIpAddress"], "another address")
        check(url != first_url, f"another Url: {url}")
        check(get(url)[2].strip() == instance["InstanceId"], "it answers from its own instance")
        check(get(first_url)[2].strip() == first["InstanceId"], "the first still does from its")
        second.run("down", "web2", expect=0)
        second.run("stop", "--all", expect=0)
        check(get(first_url)[0] == 200, "the first serves on")
    finally:
        for name, value in saved.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def test_restarted_by_its_parent(tidegate):
    """a control plane that is killed is started again by its small parent"""
    pid = Path(tidegate.home, "serve.pid").read_text().strip()
    os.kill(int(pid), signal.SIGKILL)
    wait_for("another one answers", lambda: tidegate.run("status").returncode == 0 and
             Path(tidegate.home, "serve.pid").read_text().strip() != pid)


def test_stopped_with_its_stacks(tidegate):
    """stop --all takes the load balancers' addresses off the machine; serve brings stacks and addresses back"""
    host = tidegate.url().split("/")[2]
    def on_the_machine():
        return f"inet {host}/32" in subprocess.run(["ip", "address"], check=True, capture_output=True, text=True).stdout
    check(on_the_machine(), f"{host} is there while the stack serves")
    tidegate.run("stop", "--all", expect=0)
    check(not on_the_machine(), f"{host} is left behind")
    tidegate.run("serve", "--detach", expect=0)
    wait_for("it serves again", lambda: get(tidegate.url(), 2)[0] == 200)
    check(on_the_machine(), f"{host} is back")


def test_corrupt_state(tidegate):
    """a damaged state file is refused with the name of a copy, and not overwritten"""
    tidegate.run("down", "web", "--now", expect=0)
    tidegate.run("stop", "--all", expect=0)
    file = next(Path(tidegate.home).glob("state.db"))
    damaged = b"this is no database" * 500
    file.write_bytes(damaged)
    done = tidegate.run("serve", "--detach")
    check(done.returncode == 1 and "corrupt-" in done.stderr, f"{done.returncode} {done.stderr}")
    check(file.read_bytes() == damaged, "the file is as it was")


def test_doctor(tidegate):
    """doctor lists what this machine can do, as text and as JSON"""
    done = tidegate.run("doctor")
    check("network namespace" in done.stdout and "no VM" in done.stdout, done.stdout)
    names = [c["Name"] for c in json.loads(tidegate.run("doctor", "--json").stdout)["Capabilities"]]
    check("root" in names and len(names) > 6, f"{names}")


harness.main()
