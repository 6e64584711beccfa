#!/usr/bin/python3
"""The metadata service inside instances: IMDSv2, as AWS's own fetchers ask, while the control plane is away too."""

import json
import os
import signal
import subprocess
from pathlib import Path

import harness
import machine
from harness import ROOT, check, wait_for

STACK = ROOT / "tests/integration/web/stack.yaml"
GROUP = "web-asg"
BASE = "http://169.254.169.254/latest"


def inside(tidegate, instance, *command):
    """The finished process of a command in that instance's own network."""
    state = (Path(tidegate.home) / "instances" / instance / "state").read_text().split()
    return subprocess.run(["nsenter", f"--net=/proc/{state[2]}/ns/net", *command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)


def ask(tidegate, instance, path, *options, status=None):
    """(status, body) of one question with a fresh token."""
    token = inside(tidegate, instance, "curl", "-s", "-m", "20", "-X", "PUT", f"{BASE}/api/token", "-H",
                   "X-aws-ec2-metadata-token-ttl-seconds: 60").stdout
    done = inside(tidegate, instance, "curl", "-s", "-m", "20", "-w", "\n%{http_code}", f"{BASE}/{path}", "-H",
                  f"X-aws-ec2-metadata-token: {token}", *options)
    body, _, code = done.stdout.rpartition("\n")
    if status is not None:
        check(code == str(status), f"{path} answers {code}, not {status}: {body}")
    return int(code or 0), body


def metadata_pid(tidegate):
    """Of the process that answers: the child of the shim."""
    return int((Path(tidegate.home) / "metadata/state").read_text().split()[4])


def test_documents(tidegate):
    """an instance reads who and where it is, and its group, tags and user data"""
    tidegate.before = machine.snapshot()
    tidegate.up(STACK)
    one = tidegate.in_service(GROUP)[0]
    instance = one["InstanceId"]
    for path, value in (("meta-data/instance-id", instance), ("meta-data/local-ipv4", one["PrivateIpAddress"]),
                        ("meta-data/placement/availability-zone", one["AvailabilityZone"]),
                        ("meta-data/placement/region", "eu-west-2"),
                        ("meta-data/autoscaling/target-lifecycle-state", "InService"),
                        ("meta-data/tags/instance/aws:autoscaling:groupName", GROUP)):
        check(ask(tidegate, instance, path, status=200)[1] == value, f"{path} is {ask(tidegate, instance, path)}")
    check("exec" in ask(tidegate, instance, "user-data", status=200)[1], "the user data")
    identity = json.loads(ask(tidegate, instance, "dynamic/instance-identity/document", status=200)[1])
    check(identity["instanceId"] == instance and identity["privateIp"] == one["PrivateIpAddress"], f"{identity}")
    listing = ask(tidegate, instance, "meta-data/", status=200)[1].split("\n")
    check("placement/" in listing and "instance-id" in listing and "iam/" not in listing, f"{listing}")
    told = ask(tidegate, instance, "meta-data/mac", status=200)[1]
    link = inside(tidegate, instance, "ip", "-o", "link", "show", "eth0").stdout
    check(len(told) == 17 and told in link, f"{told} is not in {link}")


def test_refusals(tidegate):
    """version 1 is off, a proxy is refused, a role is 404"""
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    code = inside(tidegate, instance, "curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}",
                  f"{BASE}/meta-data/instance-id").stdout
    check(code == "401", f"without a token: {code}")
    ask(tidegate, instance, "meta-data/instance-id", "-H", "X-Forwarded-For: 10.0.0.1", status=403)
    ask(tidegate, instance, "meta-data/iam/security-credentials/", status=404)


def test_the_machine_and_others_are_not_answered(tidegate):
    """only the instance reaches its own: the machine, and another home's instance, do not"""
    done = subprocess.run(["curl", "-s", "-m", "3", f"{BASE}/"], stdout=subprocess.PIPE, text=True, check=False)
    check(done.returncode != 0 or "EC2ws" not in done.stdout, f"the machine is answered: {done.stdout}")
    env = dict(os.environ, TIDEGATE_HOME=tidegate.home + "2", TIDEGATE_API="127.0.0.1:4581")
    other = harness.Tidegate(Path(tidegate.program).parent)
    other.home = env["TIDEGATE_HOME"]
    before, os.environ["TIDEGATE_HOME"], os.environ["TIDEGATE_API"] = tidegate.home, other.home, "127.0.0.1:4581"
    try:
        other.up(STACK)
        theirs = other.in_service(GROUP)[0]["InstanceId"]
        check(ask(other, theirs, "meta-data/instance-id", status=200)[1] == theirs, "its own")
        other.run("down", "web", expect=0)
        other.stop()
    finally:
        os.environ["TIDEGATE_HOME"] = before
        del os.environ["TIDEGATE_API"]
    mine = tidegate.in_service(GROUP)[0]["InstanceId"]
    check(ask(tidegate, mine, "meta-data/instance-id", status=200)[1] == mine, "the first home's is answered still")


def test_it_is_unprivileged(tidegate):
    """its process is another user's without any capability, named `tidegate metadata`, and small"""
    pid = metadata_pid(tidegate)
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.strip().split("\n"))
    check(int(fields["CapEff"], 16) == 0 and int(fields["CapBnd"], 16) == 0, status)
    check(fields["NoNewPrivs"].strip() == "1", status)
    line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    check(line[1] == b"metadata" and len(line) == 3, f"{line}")
    pss = [row for row in Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n") if row.startswith("Pss_Anon")]
    print(f"    uid {fields['Uid'].split()[0]}, {pss}")
    check(int(pss[0].split()[1]) < 8192, f"under 8 MB of its own: {pss}")


def test_killed(tidegate):
    """killed, it is back with every instance's socket, and old tokens are good still"""
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    token = inside(tidegate, instance, "curl", "-s", "-X", "PUT", f"{BASE}/api/token", "-H",
                   "X-aws-ec2-metadata-token-ttl-seconds: 600").stdout
    os.kill(metadata_pid(tidegate), signal.SIGKILL)
    done = inside(tidegate, instance, "curl", "-s", "-m", "30", f"{BASE}/meta-data/instance-id", "-H",
                  f"X-aws-ec2-metadata-token: {token}", "--retry", "5", "--retry-all-errors")
    check(done.stdout == instance, f"{done}")


def test_shim_killed(tidegate):
    """with its shim killed, everything is made anew"""
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    os.kill(int((Path(tidegate.home) / "metadata/state").read_text().split()[2]), signal.SIGKILL)
    wait_for("it answers again", lambda: ask(tidegate, instance, "meta-data/instance-id")[1] == instance, 60)


def test_control_plane_away(tidegate):
    """it answers while the control plane is away, and is adopted by the next one"""
    tidegate.run("stop", expect=0)
    instance = next(path.name for path in (Path(tidegate.home) / "instances").iterdir())
    check(ask(tidegate, instance, "meta-data/instance-id", status=200)[1] == instance, "while it is away")
    pid = metadata_pid(tidegate)
    tidegate.run("serve", "--detach", expect=0)
    check(ask(tidegate, instance, "meta-data/instance-id", status=200)[1] == instance, "afterwards")
    check(metadata_pid(tidegate) == pid, "the same process goes on")


def test_target_lifecycle_state(tidegate):
    """target-lifecycle-state says Terminated from the decision on, before SIGTERM"""
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    url = tidegate.url()
    check(url.startswith("http://"), url)
    tidegate.api("autoscaling", "TerminateInstanceInAutoScalingGroup", InstanceId=instance,
                 ShouldDecrementDesiredCapacity="false")
    state = "meta-data/autoscaling/target-lifecycle-state"

    def seen():
        document = Path(tidegate.home) / f"metadata/documents/{instance}.json"
        if not document.exists():
            raise harness.Failed("the instance is gone and its state never was Terminated")
        return ask(tidegate, instance, state)[1] == "Terminated"

    wait_for("Terminated", seen, 60)
    wait_for("a successor serves", lambda: [i for i in tidegate.in_service(GROUP) if i["InstanceId"] != instance], 60)


def test_down_leaves_nothing(tidegate):
    """down and stop --all leave nothing of it"""
    tidegate.run("down", "web", expect=0)
    tidegate.run("stop", "--all", expect=0)
    wait_for("nothing is left", lambda: not machine.left_over(tidegate.before, machine.snapshot()) or
             harness.check(False, "\n".join(machine.left_over(tidegate.before, machine.snapshot()))), 10)
    check(not (Path(tidegate.home) / "metadata").exists(), "no folder of it")


harness.main()
