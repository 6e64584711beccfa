#!/usr/bin/python3
"""Changes under load: 500 req/s keep-alive and 50 WebSockets, and not one replayable request fails."""

import time

import harness
from harness import ROOT, check, wait_for
from traffic import Traffic

STACK = ROOT / "tests/integration/web/stack.yaml"
GROUP = "web-asg"
DELAY_S, STOP_TIMEOUT_S = 5, 5
SOCKETS = 50


def desired(tidegate, count):
    tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity=str(count))


def serving(tidegate, count):
    wait_for(f"{count} serve and nothing else is there", lambda: len(tidegate.in_service(GROUP)) == count and
             len(tidegate.group(GROUP)["Instances"]) == count)


def check_traffic(traffic):
    counters = traffic.counters
    seconds = time.monotonic() - traffic.begin
    print(f"    {counters.answered / seconds:.0f} answered a second over {seconds:.0f} s, slowest {counters.slowest_s * 1000:.0f} ms, "
          f"failures {counters.failures[:5]}")
    check(not counters.failures, f"{len(counters.failures)} failed: {counters.failures[:5]}")
    check(counters.answered > 0.1 * traffic.rate * seconds, "there was no load to speak of")


def test_scale_in_and_out(tidegate):
    """scale-in 3 to 1 and out again under 500 req/s and 50 WebSockets: no request fails, no socket is closed early"""
    tidegate.up(STACK, "--parameter", "DesiredCapacity=3", "--parameter", "TargetValue=99")
    serving(tidegate, 3)
    with Traffic(tidegate.url(), rate=500, sockets=SOCKETS) as traffic:
        wait_for("the sockets are open", lambda: traffic.open_sockets() == SOCKETS)
        time.sleep(1)
        begin = time.monotonic()
        desired(tidegate, 1)
        serving(tidegate, 1)
        print(f"    in after {time.monotonic() - begin:.1f} s, {traffic.open_sockets()} sockets still open")
        stays = tidegate.in_service(GROUP)[0]["InstanceId"]
        # Paced, and told to a client that is busy: the last ones a moment after their instances are gone.
        wait_for("the sockets of the instances that went are closed", lambda: set(traffic.sockets_by_instance()) == {stays})
        closed = [s for s in traffic.sockets if s.closed is not None]
        check(closed and all(s.instance != stays for s in closed), "a socket of the instance that stays is closed")
        early = [round(s.closed - begin, 2) for s in closed if s.closed - begin < DELAY_S + STOP_TIMEOUT_S - 0.5]
        check(not early, f"closed before delay and StopTimeout were over: {early}")
        begin = time.monotonic()
        desired(tidegate, 3)
        serving(tidegate, 3)
        print(f"    out after {time.monotonic() - begin:.1f} s")
    check_traffic(traffic)


def test_terminate(tidegate):
    """TerminateInstanceInAutoScalingGroup under load: replaced, no request fails"""
    old = tidegate.in_service(GROUP)[0]["InstanceId"]
    with Traffic(tidegate.url(), rate=500) as traffic:
        tidegate.api("autoscaling", "TerminateInstanceInAutoScalingGroup", InstanceId=old,
                     ShouldDecrementDesiredCapacity="false")
        wait_for("it is replaced", lambda: len(tidegate.in_service(GROUP)) == 3 and
                 old not in {i["InstanceId"] for i in tidegate.group(GROUP)["Instances"]})
    check_traffic(traffic)


def test_update(tidegate):
    """UpdateStack of MaxSize and target under load: applied in place, no request fails"""
    with Traffic(tidegate.url(), rate=500) as traffic:
        tidegate.up(STACK, "--parameter", "DesiredCapacity=3", "--parameter", "MaxSize=4", "--parameter", "TargetValue=80")
        group = tidegate.group(GROUP)
        check(group["MaxSize"] == 4, f"MaxSize {group['MaxSize']}")
        check(group["Policies"][0]["TargetValue"] == 80, f"{group['Policies']}")
        time.sleep(1)
    check_traffic(traffic)


harness.main()
