#!/usr/bin/python3
"""The whole loop: nothing → a stack that serves → out under load → in again → nothing."""

import json
import re
import time

import harness
import machine
from harness import ROOT, check, get, wait_for
from traffic import Traffic

STACK = ROOT / "tests/integration/web/stack.yaml"
GROUP = "web-asg"


def test_up_serves(tidegate):
    """up starts the control plane, creates the stack and returns when its Url answers from an instance"""
    tidegate.before = machine.snapshot()
    done = tidegate.up(STACK)
    check(re.search(r"web serves at http://", done.stdout), f"up says where: {done.stdout}")
    check("instance scale" in done.stderr, f"up says the instance scale: {done.stderr}")
    status, _, body = get(tidegate.url())
    check(status == 200 and body.startswith("i-"), f"the Url answers {status} {body!r}")


def test_up_again(tidegate):
    """up again has nothing to change, ends 0 and launches nothing"""
    begin = time.monotonic()
    done = tidegate.up(STACK)
    check("nothing to change" in done.stderr, f"it says so: {done.stderr}")
    check(time.monotonic() - begin < 15, "within 15 s")
    check(len(tidegate.group(GROUP)["Instances"]) == 1, "one instance")


def test_status(tidegate):
    """status draws the stack, ends 0, and says the same with --json"""
    done = tidegate.run("status", expect=0)
    for word in ("READY", "web-asg", "web-launch-template", "web-target-tracking-cpu", "web-tg", "InService", "healthy",
                 "outside the group    none", "AlarmHigh", "200 in"):
        check(word in done.stdout, f"'{word}' is not in:\n{done.stdout}")
    stack = tidegate.status()["Stacks"][0]
    check(stack["Verdict"] == "READY" and stack["StackStatus"] == "CREATE_COMPLETE", json.dumps(stack)[:300])
    instance = stack["AutoScalingGroups"][0]["Instances"][0]
    for member in ("InstanceId", "LifecycleState", "HealthStatus", "AvailabilityZone", "PrivateIpAddress", "Port",
                   "TargetHealth", "Why"):
        check(member in instance, f"{member} is not in {instance}")


def test_seeing(tidegate):
    """explain and logs say what is known of the group, an instance and an activity"""
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    check(GROUP in tidegate.run("explain", "group", GROUP, expect=0).stdout, "the group")
    check(instance in tidegate.run("explain", "instance", instance, expect=0).stdout, "the instance")
    activity = tidegate.activities(GROUP)[0]["ActivityId"]
    check(instance in tidegate.run("explain", "activity", activity, expect=0).stdout, "the activity")
    check("serves on port 8000" in tidegate.run("logs", instance, expect=0).stdout, "the console")
    check(tidegate.run("explain", "group", "no-such").returncode == 1, "an unknown group is an error")


def test_scale_out(tidegate):
    """rehearse scale-out passes each step and ends with a second instance that takes its share"""
    done = tidegate.run("rehearse", "scale-out", "--json", timeout_s=180)
    steps = json.loads(done.stdout)["Steps"]
    check(done.returncode == 0 and all(step["Passed"] for step in steps), f"{steps}\n{done.stderr}")
    check(len(steps) == 5, f"the documents' five steps: {steps}")
    print("    " + "; ".join(f"{step['Seconds']:.1f} s {step['Name']}" for step in steps))
    check(len(tidegate.in_service(GROUP)) >= 2, "two serve")


def test_scale_in(tidegate):
    """rehearse scale-in waits for the low alarm, drains, and never goes below MinSize"""
    done = tidegate.run("rehearse", "scale-in", "--json", timeout_s=500)
    steps = json.loads(done.stdout)["Steps"]
    check(done.returncode == 0 and all(step["Passed"] for step in steps), f"{steps}\n{done.stderr}")
    print("    " + "; ".join(f"{step['Seconds']:.1f} s {step['Name']}" for step in steps))
    check(len(tidegate.in_service(GROUP)) == 1, "one serves")


def test_down_leaves_nothing(tidegate):
    """down and stop --all leave no process, namespace, mount, cgroup, route, nft table or sysctl behind"""
    with Traffic(tidegate.url(), rate=50):
        tidegate.run("down", "web", expect=0)
    tidegate.run("down", "web", expect=0)
    tidegate.run("stop", "--all", expect=0)
    wait_for("nothing is left", lambda: not machine.left_over(tidegate.before, machine.snapshot()) or
             harness.check(False, "\n".join(machine.left_over(tidegate.before, machine.snapshot()))), 10)


harness.main()
