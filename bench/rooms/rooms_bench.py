"""What a room's members lose: when a group scales in, when an application is killed, when Redis is.

Thirty members of one room over three instances of examples/cnt, five messages a second for twenty seconds;
in the middle something happens. Median of the runs against 1.5 times what bare python-socketio and
Socket.IO servers behind a balancer lost in the same rig (docs/guides/redis-and-rooms.md).
"""

import json
import os
import signal
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "examples/cnt/load")]
import harness  # noqa: E402
import rooms  # noqa: E402
from harness import check, wait_for  # noqa: E402

GROUP, CACHE = "cnt-backend-asg", "cnt-redis-cluster"
CLIENTS, RATE, SECONDS, REDIS_AWAY_S = 30, 5.0, 20.0, 2.0
# Per cent of the messages lost there, and how it was done.
FIGURES = {"kill": (3.9, "P5: kill -9"), "scale-in": (4.3, "P6: gradual"), "redis": (22.0, "P7: Redis restarted"),
           "terminate": (1.4, "C4: SIGTERM, all closed"), "redis-2s": (8.8, "E1: Redis away for 2 s")}


def redis_pid(tidegate):
    return int(Path(tidegate.home, "caches", CACHE, "state").read_text().split()[4])


def set_desired(tidegate, count):
    tidegate.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity=str(count))


def settle(tidegate, count):
    set_desired(tidegate, count)
    wait_for(f"{count} serve and are connected to Redis", lambda: len(tidegate.in_service(GROUP)) == count and
             len(tidegate.group(GROUP)["Instances"]) == count and
             tidegate.status()["Stacks"][0]["CacheClusters"][0].get("InstancesConnected") == count, 180)


def application(instance):
    """The main process of an instance: the one under its pid 1 that runs uvicorn."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"INSTANCE_ID={instance}".encode() in (folder / "environ").read_bytes().split(b"\0") and \
                    b"uvicorn" in (folder / "cmdline").read_bytes():
                return int(folder.name)
        except OSError:
            pass
    raise harness.Failed(f"no application of {instance}")


def kill(tidegate, load):
    # Not the one that the speaker is on: what is not said cannot be lost.
    speaker = load.members[0].instances[-1]
    victim = next(i["InstanceId"] for i in tidegate.in_service(GROUP) if i["InstanceId"] != speaker)
    os.kill(application(victim), signal.SIGKILL)


def scale_in(tidegate, _):
    set_desired(tidegate, 2)


def terminate(tidegate, load):
    speaker = load.members[0].instances[-1]
    victim = next(i["InstanceId"] for i in tidegate.in_service(GROUP) if i["InstanceId"] != speaker)
    os.kill(application(victim), signal.SIGTERM)


def redis(tidegate, _):
    os.kill(redis_pid(tidegate), signal.SIGKILL)


def redis_2s(tidegate, _):
    end = time.monotonic() + REDIS_AWAY_S
    while time.monotonic() < end:
        pid = redis_pid(tidegate)
        if pid and Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


EVENTS = {"kill": kill, "scale-in": scale_in, "redis": redis, "terminate": terminate, "redis-2s": redis_2s}


def one_run(tidegate, name):
    settle(tidegate, 3)
    before = {i["InstanceId"] for i in tidegate.in_service(GROUP)}
    with rooms.Load(tidegate.url(), clients=CLIENTS, rate=RATE) as load:
        time.sleep(SECONDS / 2)
        EVENTS[name](tidegate, load)
        time.sleep(SECONDS / 2)
        if name == "scale-in":  # the instance leaves when its drain is over
            wait_for("all members are back", lambda: sum(load.spread().values()) == CLIENTS, 120)
    result = load.result()
    if name.startswith("redis"):
        after = {i["InstanceId"] for i in tidegate.in_service(GROUP)}
        check(after == before, f"an instance was lost to Redis: {before - after}")
    print(f"    {name}: {json.dumps(result)}", file=sys.stderr, flush=True)
    return result


def main():
    programs, runs, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:] or list(EVENTS)
    tidegate = harness.Tidegate(programs)
    over = []
    try:
        tidegate.up(ROOT / "examples/cnt/stack.yaml", "--parameter", "MaxSize=3")
        # Two minutes of a quiet room are enough for the policy to take instances away.
        tidegate.api("autoscaling", "SuspendProcesses", AutoScalingGroupName=GROUP,
                     **{"ScalingProcesses.member.1": "AlarmNotification"})
        for name in names:
            results = [one_run(tidegate, name) for _ in range(runs)]
            losses = [result["LostPercent"] for result in results]
            figure, where = FIGURES[name]
            median = statistics.median(losses)
            away = [r["AwaySecondsMedian"] for r in results if r["AwaySecondsMedian"] is not None]
            over += [name] if median > 1.5 * figure else []
            print(f"rooms {name}: lost {median} % in the median of {sorted(losses)}, bound {1.5 * figure:.1f} % "
                  f"(1.5 x {where})" + (f", away {statistics.median(away)} s" if away else ""), flush=True)
        tidegate.run("down", "cnt", expect=0)
    finally:
        tidegate.stop()
    sys.exit(f"over the bound: {over}" if over else 0)


main()
