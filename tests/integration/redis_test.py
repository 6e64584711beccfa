#!/usr/bin/python3
"""The example with its Redis: known, reached, watched, restarted in place, and rooms that span instances."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import harness
import machine
from harness import ROOT, check, get, wait_for

sys.path.insert(0, str(ROOT / "examples/cnt/load"))
import rooms  # noqa: E402

STACK = ROOT / "examples/cnt/stack.yaml"
GROUP = "cnt-backend-asg"
CACHE = "cnt-redis-cluster"


def redis_pid(tidegate):
    return int(Path(tidegate.home, "caches", CACHE, "state").read_text().split()[4])


def cache(tidegate):
    return tidegate.status()["Stacks"][0]["CacheClusters"][0]


def connected(tidegate):
    """How many instances in service have a connection, when all of them do."""
    now = cache(tidegate)
    return now.get("InstancesConnected") if now.get("InstancesConnected") == now.get("Instances") else None


def set_desired(tidegate, count):
    tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity=str(count))
    wait_for(f"{count} in service", lambda: len(tidegate.in_service(GROUP)) == count and
             len(tidegate.group(GROUP)["Instances"]) == count, 120)
    wait_for("all of them are connected to Redis", lambda: connected(tidegate) == count)


def launches(tidegate):
    return [a["Description"] for a in tidegate.activities(GROUP) if a["Description"].startswith("Launching")]


def test_up(tidegate):
    """up brings the stack up with its Redis; status and the API show it, its version said aloud, its instance connected"""
    tidegate.before = machine.snapshot()
    tidegate.up(STACK)
    wait_for("the instance is connected", lambda: connected(tidegate) == 1)
    row = next(line for line in tidegate.status_text().split("\n") if line.startswith("Redis"))
    check(re.search(r"^Redis +cnt-redis-cluster available  7\.\d+\.\d+ \(asked 7\.1\.0\)  cache\.t3\.micro  "
                    r"cnt-redis-cluster\.\w{6}\.0001\.euw2\.cache\.amazonaws\.com:6379  PING ok, "
                    r"1/1 instances connected$", row), f"the row: {row}")
    answer = tidegate.api("elasticache", "DescribeCacheClusters", ShowCacheNodeInfo="true")
    check(answer.findtext(".//CacheClusterStatus") == "available", "available in the API")
    check(answer.findtext(".//CacheNode/Endpoint/Address").startswith(CACHE + "."), "its endpoint")
    check("app_redis_connected 1" in get(tidegate.url() + "metrics")[2], "the application says so too")


def test_metrics(tidegate):
    """its metrics come under ElastiCache's names"""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))

    def points():
        return tidegate.api("monitoring", "GetMetricStatistics", Namespace="AWS/ElastiCache", MetricName="CurrConnections",
                            StartTime=then, EndTime=now, Period="60", **{
                                "Statistics.member.1": "Maximum", "Dimensions.member.1.Name": "CacheClusterId",
                                "Dimensions.member.1.Value": CACHE}).findall(".//Datapoints/member")
    check(float(wait_for("a datapoint", points)[0].findtext("Maximum")) >= 1, "connections are counted")


def test_isolation(tidegate):
    """another user of the machine does not reach it"""
    address = cache(tidegate)["Address"]
    code = f"import socket; socket.create_connection(('{address}', 6379), 5)"
    as_nobody = lambda: os.setresuid(65534, 65534, 65534)
    done = subprocess.run(["/usr/bin/python3", "-c", code], preexec_fn=as_nobody, stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode != 0, "nobody connects")
    done = subprocess.run(["/usr/bin/python3", "-c", code], stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode == 0, f"the control plane's user does: {done.stderr}")


def test_control_plane_restart(tidegate):
    """a control plane that was away finds the same Redis running"""
    before = redis_pid(tidegate)
    tidegate.run("stop", expect=0)
    check(Path(f"/proc/{before}").exists(), "Redis goes on without it")
    tidegate.run("serve", "--detach", expect=0)
    wait_for("it is available", lambda: cache(tidegate)["CacheClusterStatus"] == "available")
    check(redis_pid(tidegate) == before, "the same process")


def test_doctor(tidegate):
    """doctor asks Redis from inside the instance, by its name"""
    found = {one["Name"]: one for one in json.loads(tidegate.run("doctor", "--json", expect=0).stdout)["Capabilities"]}
    instance = tidegate.in_service(GROUP)[0]["InstanceId"]
    check(found["Redis"]["Present"], "Redis is installed")
    check(found[f"{CACHE} from {instance}"]["Present"], f"{found}")


def test_rooms_span(tidegate):
    """rehearse scale-out --to-max: from 1 to 3, then a room's members are on all of them and hear every message"""
    done = tidegate.run("rehearse", "scale-out", "--to-max", "--json", timeout_s=300)
    steps = json.loads(done.stdout)["Steps"]
    check(done.returncode == 0 and all(step["Passed"] for step in steps), f"{steps}\n{done.stderr}")
    check(steps[-1]["Name"] == "verify that each instance reaches Redis", f"{steps[-1]}")
    print("    " + "; ".join(f"{step['Seconds']:.1f} s {step['Name']}" for step in steps))
    set_desired(tidegate, 3)
    with rooms.Load(tidegate.url(), clients=12, rate=10) as load:
        check(len(load.spread()) == 3, f"members are on {load.spread()}")
        wait_for("a hundred messages each", lambda: load.heard() >= 12 * 100)
    result = load.result()
    print(f"    {result}")
    check(result["Lost"] == 0 and result["Reconnects"] == 0 and result["Duplicates"] == 0, "nothing is lost")


def test_polling(tidegate):
    """clients that poll keep their session by the balancer's cookie, over three instances"""
    with rooms.Load(tidegate.url(), clients=9, rate=5, transport="polling") as load:
        check(len(load.spread()) == 3, f"members are on {load.spread()}")
        wait_for("twenty messages each", lambda: load.heard() >= 9 * 20)
    result = load.result()
    print(f"    {result}")
    check(result["Lost"] == 0 and result["Reconnects"] == 0, "nothing is lost")


def test_redis_killed(tidegate):
    """kill -9 of Redis: it is back in place, no instance is lost, the room spans them again"""
    before = launches(tidegate)
    with rooms.Load(tidegate.url(), clients=12, rate=10) as load:
        wait_for("messages", lambda: load.heard() >= 12 * 20)
        pid = redis_pid(tidegate)
        os.kill(pid, signal.SIGKILL)
        wait_for("another process runs", lambda: redis_pid(tidegate) not in (0, pid))
        wait_for("all are connected again", lambda: connected(tidegate) == 3)
        heard = load.heard()
        wait_for("messages again", lambda: load.heard() >= heard + 12 * 20)
    result = load.result()
    print(f"    {result}")
    check(result["Reconnects"] == 0, "no client noticed")
    check(launches(tidegate) == before and len(tidegate.in_service(GROUP)) == 3, "no instance lost to Redis")
    with rooms.Load(tidegate.url(), clients=12, rate=10) as load:
        wait_for("messages", lambda: load.heard() >= 12 * 30)
    check(load.result()["Lost"] == 0, f"nothing is lost afterwards: {load.result()}")


def test_scale_in(tidegate):
    """from 3 to 1: members of instances that leave are back on the one that stays, and hear again"""
    with rooms.Load(tidegate.url(), clients=12, rate=5) as load:
        set_desired(tidegate, 1)
        wait_for("all are on the one", lambda: list(load.spread().values()) == [12])
        heard = load.heard()
        wait_for("messages", lambda: load.heard() >= heard + 12 * 10)
    print(f"    {load.result()}")


def test_down_leaves_nothing(tidegate):
    """down removes Redis, its data, its address and its filter"""
    tidegate.run("down", "cnt", expect=0)
    check(not Path(tidegate.home, "caches", CACHE).exists(), "no data is left")
    tidegate.run("stop", "--all", expect=0)
    wait_for("nothing is left", lambda: not machine.left_over(tidegate.before, machine.snapshot()) or
             check(False, "\n".join(machine.left_over(tidegate.before, machine.snapshot()))), 10)


harness.main()
