#!/usr/bin/python3
"""`tidegate simulate` as users run it: traces, tables, pictures, refusals; and a recording of the real system, run again."""

import json
import os
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import harness
from harness import ROOT, check, wait_for

CNT = str(ROOT / "examples/cnt/stack.yaml")
ELB = str(ROOT / "examples/traces/aws_elb_requests_5min.txt")
AZURE = str(ROOT / "examples/traces/azure_llm_conv_requests.txt.gz")
WEB = str(ROOT / "tests/integration/web/stack.yaml")
GROUP = "web-asg"


def scratch(name, text=""):
    path = Path(os.environ["TMPDIR"], name)
    path.write_text(text)
    return str(path)


def wave(minutes=90):
    """A trace between 5 and 250 requests per second, a minute a bucket."""
    heights = [i % 30 if i % 30 < 15 else 30 - i % 30 for i in range(minutes)]
    return scratch("wave.txt", "# trace: wave\n# step_s: 60\n" + "".join(f"{300 + 1000 * h}\n" for h in heights))


def test_json(tidegate):
    """two weeks of a real load balancer: every score is there, nothing needs a control plane"""
    done = json.loads(tidegate.run("simulate", CNT, "--trace", ELB, "--json", expect=0).stdout)
    check(done["Trace"]["Requests"] == 249327, f"{done['Trace']}")
    run = done["Templates"][0]
    check(run["Simulation"]["Defaults"][0] == "ServiceTimeMs", f"{run['Simulation']}")
    scores = run["Scores"]
    check(312 < scores["InstanceHours"] < 314 and scores["StaticInstances"] == 1, f"{scores}")
    check(abs(scores["Cost"] - scores["InstanceHours"] * 68 / 730) < 0.01, f"{scores}")
    for name in ("ThetaU", "ThetaO", "TauU", "TauO", "Upsilon", "BadRequestPercent", "ShortageHours", "RatioToOracle", "RatioToStatic"):
        check(name in scores, f"no {name}")
    check(not Path(tidegate.home).exists(), "a simulation makes no home")


def test_compare(tidegate):
    """two templates stand in one table; a picture of both is drawn; the same seed gives the same again"""
    late = scratch("late.yaml", Path(CNT).read_text().replace("Timing: fast", "Timing: aws"))
    picture = scratch("both.svg")
    arguments = ("simulate", CNT, late, "--trace", wave(), "--svg", picture, "--parameter", "MaxSize=6", "--seed", "7")
    done = tidegate.run(*arguments, expect=0)
    head = next(line for line in done.stdout.split("\n") if line.strip().startswith(CNT) and line.rstrip().endswith(late))
    check(head, "one column for each")
    for word in ("θU", "υ", "shortage-hours", "instance-hours", "oracle", "p99.9", "$"):
        check(word in done.stdout, f"no {word} in\n{done.stdout}")
    check("defaults  ServiceTimeMs" in done.stdout, "defaults are said")
    texts = [e.text for e in ET.parse(picture).getroot().iter("{http://www.w3.org/2000/svg}text")]
    check(sum(t == "instances" for t in texts) == 2 and "requests/s" in texts and "MaxSize 6" in texts, f"{texts}")
    check(tidegate.run(*arguments, expect=0).stdout == done.stdout, "a run is a function of template, trace and seed")


def test_per_request(tidegate):
    """single requests are played as they came, from a gzip file"""
    done = json.loads(tidegate.run("simulate", CNT, "--trace", AZURE, "--json", expect=0).stdout)
    check(done["Trace"]["Requests"] == 19366, f"{done['Trace']}")


def test_refusals(tidegate):
    """what cannot be used is said with its line, exit 1; a wrong command line is exit 2"""
    head = "# step_s: 60\n"
    no_policy = Path(CNT).read_text()
    begin, end = no_policy.index("  ScalingPolicy:"), no_policy.index("  CpuHigh:")
    no_policy = scratch("no-policy.yaml", no_policy[:begin] + no_policy[end:])
    for arguments, words in (
            ((CNT, "--trace", scratch("negative.txt", head + "5\n-3\n")), ["negative.txt:3:", "negative"]),
            ((CNT, "--trace", scratch("blank.txt", head + "5\n\n6\n")), ["blank.txt:3:", "-1"]),
            ((CNT, "--trace", scratch("unordered.txt", "10 1 1\n5 1 1\n")), ["unordered.txt:2:", "before"]),
            ((CNT, "--trace", "/no/such.txt"), ["/no/such.txt", "no such file"]),
            ((CNT, "--trace", scratch("cut.gz", "\x1f\x8b")), ["cut.gz"]),
            ((no_policy, "--trace", ELB), ["no-policy.yaml:", "has no policy", "ScalingPolicy"]),
            ((CNT, scratch("typo.yaml", "Resources:\n  A: { Type: AWS::X }\n"), "--trace", ELB), ["typo.yaml:2:"])):
        done = tidegate.run("simulate", *arguments, expect=1)
        check(all(word in done.stderr for word in words) and not done.stdout, f"{arguments}: {done.stderr}")
    hole = tidegate.run("simulate", CNT, "--trace", scratch("hole.txt", head + "5\n" * 40 + "-1\n" * 3 + "5\n" * 40), expect=0)
    check("hole.txt:42-44: not measured" in hole.stdout, hole.stdout)
    for arguments in ((CNT,), ("--trace", ELB), (CNT, "--trace", ELB, "--replay", "x"), (CNT, CNT, "--trace", ELB, "--ledger", "x")):
        tidegate.run("simulate", *arguments, expect=2)


def home_ledger(tidegate):
    path = Path(tidegate.home, "ledger.jsonl")
    return path.read_text() if path.exists() else ""


def test_record_and_replay(tidegate):
    """a recording of the real system replays to the same decisions, byte for byte, over a restart"""
    record = os.environ["TMPDIR"] + "/recording"
    os.environ["TIDEGATE_RECORD"] = record
    tidegate.up(WEB, "--parameter", "DesiredCapacity=1")
    check(oct(os.stat(record).st_mode)[-3:] == "600", "only its owner may read it")
    tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity="2")
    wait_for("two in service", lambda: len(tidegate.in_service(GROUP)) == 2)
    victim = tidegate.in_service(GROUP)[0]["InstanceId"]
    tidegate.api("autoscaling", "TerminateInstanceInAutoScalingGroup", InstanceId=victim, ShouldDecrementDesiredCapacity="true")
    wait_for("one is left", lambda: len(tidegate.group(GROUP)["Instances"]) == 1)
    tidegate.run("stop", expect=0)
    first = home_ledger(tidegate)
    replay_and_compare(tidegate, record, first)
    tidegate.run("serve", "--detach", expect=0)
    wait_for("recovered", lambda: len(tidegate.in_service(GROUP)) == 1)
    tidegate.run("down", "web", expect=0)
    tidegate.run("stop", "--all", expect=0)
    replay_and_compare(tidegate, record + ".2", home_ledger(tidegate)[len(first):])


def replay_and_compare(tidegate, record, ledger):
    again = os.environ["TMPDIR"] + "/again.jsonl"
    done = tidegate.run("simulate", "--replay", record, "--ledger", again, expect=0)
    check("every decision is the recorded one" in done.stdout, done.stdout)
    check(ledger and Path(again).read_text() == ledger, "the replayed ledger is the home's, byte for byte")


if __name__ == "__main__":
    harness.main()
