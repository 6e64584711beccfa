"""CPU and memory of an idle control plane with three instances, and of its balancer.

usage: idle.py PROGRAMS SECONDS    (inside tools/in-netns.sh)

CPU is the processes' own (utime + stime), as a share of one core; memory is the resident set.
"""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))

from harness import Tidegate, wait_for  # noqa: E402

BOUNDS = {"control plane": (1.0, 64), "balancer": (0.2, 16)}  # percent of a core, MB
TICKS = os.sysconf("SC_CLK_TCK")


def processes(*command):
    """pids whose command line begins with tidegate and these words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words and words[0].endswith(b"tidegate") and [w.decode() for w in words[1:1 + len(command)]] == list(command):
            found.append(int(folder.name))
    return found


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main():
    tidegate = Tidegate(sys.argv[1])
    seconds = float(sys.argv[2])
    good = True
    try:
        tidegate.up(ROOT / "tests/integration/web/stack.yaml", "--parameter", "MinSize=3", "--parameter", "DesiredCapacity=3",
                    expect=0)
        wait_for("three in service", lambda: len(tidegate.in_service("web-asg")) == 3)
        time.sleep(5)  # what a start costs is not what idling costs
        pids = {"control plane": processes("serve"), "balancer": processes("balancer")}
        before = {name: sum(map(cpu_seconds, found)) for name, found in pids.items()}
        time.sleep(seconds)
        for name, found in pids.items():
            cpu = 100 * (sum(map(cpu_seconds, found)) - before[name]) / seconds
            memory = sum(map(memory_mb, found))
            cpu_bound, memory_bound = BOUNDS[name]
            held = bool(found) and cpu <= cpu_bound and memory <= memory_bound
            good = good and held
            print(f"{name:14} idle, 3 instances  {cpu:6.2f} % of a core (bound {cpu_bound})  {memory:6.1f} MB (bound {memory_bound})  "
                  f"{'ok' if held else 'MISSED'}")
    finally:
        tidegate.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
