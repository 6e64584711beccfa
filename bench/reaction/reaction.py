"""Reaction of the loop to a load step from 20 % to 200 % of one instance's CPU.

usage: reaction.py PROGRAMS RUNS    (inside tools/in-netns.sh)

Decision: from the step to the start of the launch's activity. Serving: to its end, i.e. until the new
instance answers through the balancer. Prints each run and the medians.
"""

import datetime
import json
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))

from harness import Tidegate, wait_for  # noqa: E402
from traffic import Traffic  # noqa: E402

STACK = ROOT / "tests/integration/web/stack.yaml"
GROUP = "web-asg"
VCPUS, WORK_MS, SERVER_MS = 0.4, 5, 0.3
SETTLE_S = 12  # at 20 %: longer than the warmup and the alarm's windows


def seconds_of(iso):
    return datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()


def rate_of(share):
    return share * VCPUS * 1000 / (WORK_MS + SERVER_MS)


def one_instance(tidegate):
    """Back to the start; asked for again where the end of the last run's load still voted for more."""
    def settled():
        group = tidegate.group(GROUP)
        if group["DesiredCapacity"] != 1:
            tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity="1")
            time.sleep(1)
            return False
        return len(group["Instances"]) == 1 and len(tidegate.in_service(GROUP)) == 1

    wait_for("one instance", settled, 120)


def launches_since(tidegate, when):
    return [a for a in tidegate.activities(GROUP)
            if "aunching" in a["Description"] and seconds_of(a["StartTime"]) >= when]


def run(tidegate, url):
    """(decision, serving) in seconds after the step."""
    one_instance(tidegate)
    path = f"/work?ms={WORK_MS}"
    with Traffic(url, rate=rate_of(0.2), connections=4, path=path):
        time.sleep(SETTLE_S)
        step = time.time()
        with Traffic(url, rate=rate_of(1.8), connections=40, path=path):
            done = wait_for("a second instance serves", lambda: next(
                (a for a in reversed(launches_since(tidegate, step)) if a["StatusCode"] == "Successful"), None))
    return seconds_of(done["StartTime"]) - step, seconds_of(done["EndTime"]) - step


def main():
    tidegate, runs = Tidegate(sys.argv[1]), int(sys.argv[2])
    tidegate.up(STACK)
    url = tidegate.url()
    results = []
    for number in range(runs):
        decision, serving = run(tidegate, url)
        results.append((decision, serving))
        print(f"run {number + 1}: decision {decision:.2f} s, serving {serving:.2f} s", flush=True)
    tidegate.run("down", "web", "--now")
    tidegate.stop()
    decisions, servings = zip(*results)
    print(f"reaction, {runs} runs: decision median {statistics.median(decisions):.2f} s (worst {max(decisions):.2f}), "
          f"serving median {statistics.median(servings):.2f} s (worst {max(servings):.2f})")
    print(json.dumps({"DecisionMedian": statistics.median(decisions), "ServingMedian": statistics.median(servings)}))


main()
