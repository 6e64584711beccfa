#!/usr/bin/python3
"""kill -9 under load: control plane, main process, shim, balancer, everything."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import harness
from harness import ROOT, check, get, wait_for
from traffic import Traffic

STACK = ROOT / "tests/integration/web/stack.yaml"
GROUP = "web-asg"


def processes(home, *words):
    """Pids whose command line has these words in order at its start, with that TIDEGATE_HOME."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        names = [os.path.basename(line[0].decode(errors="replace")), *(w.decode(errors="replace") for w in line[1:] if w)]
        if names[:len(words)] == list(words) and f"TIDEGATE_HOME={home}".encode() in variables:
            found.append(int(folder.name))
    return found


def main_process(instance_id):
    """The application of an instance: the process with that INSTANCE_ID that runs the server."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"INSTANCE_ID={instance_id}".encode() in (folder / "environ").read_bytes().split(b"\0") and \
                    b"/opt/web/server.py" in (folder / "cmdline").read_bytes():
                return int(folder.name)
        except OSError:
            pass
    raise harness.Failed(f"no process of {instance_id}")


def test_control_plane(tidegate):
    """kill -9 of the control plane: no request fails, and the instances are the same afterwards"""
    tidegate.up(STACK, "--parameter", "DesiredCapacity=2", "--parameter", "MinSize=2")
    before = {i["InstanceId"] for i in tidegate.in_service(GROUP)}
    with Traffic(tidegate.url(), rate=200) as traffic:
        for pid in processes(tidegate.home, "tidegate", "serve"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(2)
        tidegate.run("serve", "--detach", expect=0)
        wait_for("both are known again", lambda: {i["InstanceId"] for i in tidegate.in_service(GROUP)} == before)
        time.sleep(1)
    check(traffic.counters.answered > 300, f"{traffic.counters}")
    check(not traffic.counters.failures, f"{traffic.counters.failures[:5]}")
    launches = [a for a in tidegate.activities(GROUP) if "aunching" in a["Description"]]
    check(len(launches) == 2, f"nothing was launched anew: {launches}")


def test_alarm_meanwhile(tidegate):
    """load that rises while the control plane is dead is acted on when it is back"""
    url = tidegate.url()
    tidegate.run("stop", expect=0)
    with Traffic(url, rate=200, connections=30, path="/work?ms=5"):
        time.sleep(5)
        tidegate.run("serve", "--detach", expect=0)
        wait_for("a third serves", lambda: len(tidegate.in_service(GROUP)) == 3, 120)
    # While the high alarm stands, the policy takes back whatever a user sets.
    wait_for("the high alarm is over", lambda: not any(
        a["StateValue"] == "ALARM" and "AlarmHigh" in a["AlarmName"] for a in tidegate.status()["Stacks"][0]["Alarms"]))
    tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity="2")
    wait_for("two are left", lambda: len(tidegate.group(GROUP)["Instances"]) == 2 and
             len(tidegate.in_service(GROUP)) == 2)


def test_main_process(tidegate):
    """kill -9 of an instance's main process: it answers again within 2 s, with the same id"""
    instance = tidegate.in_service(GROUP)[0]
    os.kill(main_process(instance["InstanceId"]), signal.SIGKILL)
    begin = time.monotonic()
    url = f"http://{instance['PrivateIpAddress']}:{instance['Port']}/"
    wait_for("it answers", lambda: get(url, 1)[2].strip() == instance["InstanceId"])
    took = time.monotonic() - begin
    print(f"    answered after {took:.2f} s")
    check(took <= 2, f"{took} s")
    wait_for("it is healthy", lambda: any(i["InstanceId"] == instance["InstanceId"] and
                                          i["TargetHealth"]["State"] == "healthy" for i in tidegate.in_service(GROUP)))


def test_shim(tidegate):
    """kill -9 of a shim: the instance is replaced and nothing of the old one is left; no request fails"""
    old = tidegate.in_service(GROUP)[0]["InstanceId"]
    with Traffic(tidegate.url(), rate=100, tolerate_cut=True) as traffic:
        pids = processes(tidegate.home, "tidegate-shim", old)
        check(pids, "its shim runs")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for("it is replaced", lambda: len(tidegate.in_service(GROUP)) == 2 and
                 old not in {i["InstanceId"] for i in tidegate.group(GROUP)["Instances"]})
    print(f"    {traffic.counters.answered} answered, {traffic.cut} cut, failures {traffic.counters.failures[:5]}")
    left = [line for folder in Path("/proc").glob("[0-9]*") if old in (line := text_of(folder))]
    check(not left, f"left of it: {left}")
    check(not traffic.counters.failures, f"{traffic.counters.failures[:5]}")


def text_of(folder):
    try:
        return ((folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()).decode(errors="replace")
    except OSError:
        return ""


def kill_balancer(tidegate):
    pids = processes(tidegate.home, "tidegate", "balancer")
    check(pids, "a balancer runs")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    begin = time.monotonic()
    wait_for("it answers", lambda: get(tidegate.kept_url, 5)[0] == 200)
    took = time.monotonic() - begin
    print(f"    answered after {took:.2f} s")
    check(took <= 1, f"{took} s")


def test_balancer(tidegate):
    """kill -9 of the balancer: listening again within 1 s, no connection refused"""
    tidegate.kept_url = tidegate.url()
    with Traffic(tidegate.kept_url, rate=100, tolerate_cut=True) as traffic:
        time.sleep(0.5)
        kill_balancer(tidegate)
        time.sleep(1)
    check(not traffic.counters.failures, f"{traffic.counters.failures[:5]}, {traffic.cut} cut")


def test_balancer_alone(tidegate):
    """the same with the control plane dead"""
    tidegate.run("stop", expect=0)
    with Traffic(tidegate.kept_url, rate=100, tolerate_cut=True) as traffic:
        time.sleep(0.5)
        kill_balancer(tidegate)
        time.sleep(1)
    check(not traffic.counters.failures, f"{traffic.counters.failures[:5]}, {traffic.cut} cut")
    tidegate.run("serve", "--detach", expect=0)


def kill_everything(tidegate):
    for _ in range(3):  # restarted ones too
        for folder in Path("/proc").glob("[0-9]*"):
            if f"TIDEGATE_HOME={tidegate.home}\0" in text_of(folder) + "\0" and int(folder.name) != os.getpid() \
                    and b"tidegate" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)


def whole_again(tidegate, old):
    tidegate.run("serve", "--detach", expect=0)
    wait_for("two serve", lambda: len(tidegate.in_service(GROUP)) == 2 and get(tidegate.url(), 2)[0] == 200)
    check(not old & {i["InstanceId"] for i in tidegate.in_service(GROUP)}, "they are new ones")
    check(tidegate.run("status").returncode == 0, "READY")


def test_everything(tidegate):
    """every process of the home killed: serve, started once, makes the group whole again"""
    old = {i["InstanceId"] for i in tidegate.in_service(GROUP)}
    kill_everything(tidegate)
    whole_again(tidegate, old)


def forget_what_a_boot_forgets(home):
    """Mounts, links, addresses, packet filters and cgroups go with a boot; only files stay, and the boot has another id."""
    for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
        mount = line.split()[4]
        if mount.startswith(f"{home}/") or mount.startswith("/run/tidegate/"):
            subprocess.run(["umount", "-l", mount], check=True)
    for entry in Path("/run/tidegate").iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    for link in json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True, text=True).stdout):
        if link["ifname"] != "lo":
            subprocess.run(["ip", "link", "delete", link["ifname"]], stderr=subprocess.DEVNULL)
    subprocess.run("ip address flush dev lo; ip address add 127.0.0.1/8 dev lo", shell=True, check=True)
    name = f"tidegate-{(Path(home) / 'home-id').read_text().strip()}"
    groups = [f for f in Path("/sys/fs/cgroup").rglob("*") if f.is_dir() and name in str(f)]
    for folder in sorted(groups, key=lambda f: -len(f.parts)):
        wait_for(f"{folder} is empty", lambda f=folder: not (f / "cgroup.procs").read_text())
        folder.rmdir()
    other = Path(home).parent / "boot_id"
    other.write_text("6f1c2b9e-0000-4000-8000-0123456789ab\n")
    subprocess.run(["mount", "--bind", other, "/proc/sys/kernel/random/boot_id"], check=True)


def test_reboot(tidegate):
    """the machine started anew: serve, started once, makes the group whole again"""
    old = {i["InstanceId"] for i in tidegate.in_service(GROUP)}
    kill_everything(tidegate)
    forget_what_a_boot_forgets(tidegate.home)
    whole_again(tidegate, old)


harness.main()
