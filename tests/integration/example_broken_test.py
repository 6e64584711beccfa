#!/usr/bin/python3
"""The documents' failures, examples/cnt/broken: none is silent, and none looks like success."""

import re
import threading

import harness
from harness import ROOT, check, get, wait_for

BROKEN = ROOT / "examples/cnt/broken"


class Stack:
    """A broken template brought up; `up` must say no unless `serves`. Deleted at the end."""

    def __init__(self, tidegate, name, serves=False):
        self.tidegate, self.name = tidegate, name
        self.up = tidegate.up(BROKEN / f"{name}.yaml", expect=0 if serves else 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tidegate.run("down", self.name, expect=0)


def failed_activity(tidegate):
    return wait_for("an activity is Failed", lambda: next(
        (a for a in tidegate.activities() if a["StatusCode"] == "Failed"), None))


def says(text, *words):
    for word in words:
        check(re.search(word, text, re.IGNORECASE), f"'{word}' is not said in: {text}")


def expect_failed_launch(tidegate, name, *words):
    """No instance in service; the activity, `up` and `status` say why in these words; launches back off."""
    with Stack(tidegate, name) as stack:
        activity = failed_activity(tidegate)
        says(activity.get("StatusMessage", "") + activity.get("Cause", ""), *words)
        check(not tidegate.in_service(), "nothing is in service")
        says(stack.up.stderr + stack.up.stdout, words[0])
        text = tidegate.status_text()
        says(text, words[0])
        check(tidegate.run("status").returncode == 1, "the verdict is not READY")
        launches = [a for a in tidegate.activities() if "aunching" in a["Description"]]
        check(len(launches) <= 5, f"{len(launches)} launches: they do not back off")


def test_no_user_data(tidegate):
    """no-user-data: the launch fails because nothing listens on 8000, and status says that there is no user data"""
    expect_failed_launch(tidegate, "no-user-data", "user data", "8000")


def test_user_data_fails(tidegate):
    """user-data-fails: exit status, the failing line and the console's tail are in the activity"""
    expect_failed_launch(tidegate, "user-data-fails", "line 3", r"(status|exit\w*) 3", "no such package: cnt-backend")


def test_wrong_port(tidegate):
    """wrong-port: the refused probe on 8000 is in the activity"""
    expect_failed_launch(tidegate, "wrong-port", "8000")


def test_answers_500(tidegate):
    """answers-500: the status code of the last probe is in the activity"""
    expect_failed_launch(tidegate, "answers-500", "500")


def test_unused_target_group(tidegate):
    """unused-target-group: never in service; the target group without a listener is named"""
    expect_failed_launch(tidegate, "unused-target-group", "cnt-forgotten-tg|Target.NotInUse|no listener")


def test_unserved_zone(tidegate):
    """unserved-zone: the instance in 2b never serves, the zone is named by up, status and explain"""
    with Stack(tidegate, "unserved-zone") as stack:
        says(stack.up.stderr + stack.up.stdout, "2b")
        says(tidegate.status_text(), "2b")
        says(tidegate.run("explain", "group", "cnt-backend-asg").stdout, "2b")
        zones = {i["AvailabilityZone"] for i in tidegate.in_service()}
        check("eu-west-2b" not in zones, f"in service in {zones}")


def legacy_instance(tidegate):
    return wait_for("the legacy group's instance runs", lambda: tidegate.in_service("cnt-legacy-asg")[0])


def test_outside_target(tidegate):
    """outside-target: the registered instance of another group is named, with its share, and that the policy is blind"""
    with Stack(tidegate, "outside-target", serves=True):
        instance = legacy_instance(tidegate)
        arn = tidegate.api("elasticloadbalancing", "DescribeTargetGroups").findtext(".//TargetGroupArn")
        tidegate.api("elasticloadbalancing", "RegisterTargets", TargetGroupArn=arn,
                     **{"Targets.member.1.Id": instance["InstanceId"]})
        url = tidegate.url()

        def named():
            get(url)
            text = tidegate.status_text()
            return instance["InstanceId"] in text and re.search("outside", text, re.I) and text

        says(wait_for("status names the target", named), r"policy", r"\d+ %")
        says(tidegate.run("explain", "group", "cnt-backend-asg").stdout, instance["InstanceId"])


def burn(url, stop):
    while not stop.is_set():
        try:
            get(url + "work")
        except OSError:
            pass


def test_single_thread(tidegate):
    """single-thread: under load, one thread at its limit is said, because CPU cannot reach the target"""
    with Stack(tidegate, "single-thread", serves=True):
        url, stop = tidegate.url(), threading.Event()
        workers = [threading.Thread(target=burn, args=(url, stop)) for _ in range(4)]
        for worker in workers:
            worker.start()
        try:
            wait_for("status says it", lambda: re.search("one thread|single.thread|busiest thread", tidegate.status_text(), re.I))
        finally:
            stop.set()
            for worker in workers:
                worker.join()


harness.main()
