#!/usr/bin/env python3
"""Plants faults in src/core and src/engine and counts how many the fast lanes' tests catch.

usage: N=200 SEED=1 ONLY=src/core/groups tools/faults/try.py    a sample of so many; N=0: every fault
       QUICK=1 …                      without tests that take over QUICK_SECONDS: counts less as caught
       RETRY=1 tools/faults/try.py    the survivors of the run before, after tests were written or now with all
                                      tests; the report is of that whole sample

All faults are in one build (build.py), each asleep until the environment names it (kinds.py, plant.py, fault.h).
A fault is tried with the tests (programs.py, by source file) that execute its place: the module's own first, up
to the first that fails. One that makes a test hang counts as caught; one that no test executes counts as
survived, "unseen". Every fault has the same chance to be in the sample, which SEED and the sources decide.
Prints each survivor with its place, then a line per module and kind and the total; fails below LEAST_PERCENT.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from build import SCRATCH, build, say, stored
from programs import measured_parts

LEAST_PERCENT = 85
QUICK_SECONDS = 3
OUTCOMES = SCRATCH / "outcomes.json"  # of the run before: fault's key → outcome


def keyed(faults):
    """Fault by what stays the same when lines above come and go."""
    result, count = {}, Counter()
    for fault in faults:
        key = "|".join((fault.path, fault.kind, fault.old, fault.new))
        count[key] += 1
        result[f"{key}|{count[key]}"] = fault
    return result


def chosen(faults, parts):
    """The sample: key → fault, of those that can be."""
    impossible = frozenset().union(*(part.impossible for part in parts)) - \
        frozenset().union(*(part.seen for part in parts))
    order = [key for key, fault in faults.items() if fault.path.startswith(os.environ.get("ONLY", "src/"))]
    random.Random(int(os.environ.get("SEED", "1"))).shuffle(order)
    order = [key for key in order if faults[key].number not in impossible]
    return {key: faults[key] for key in order[:int(os.environ.get("N", "200")) or len(order)]}


def near(fault, part):
    """Sorts parts: the module's own tests first, of the same name first of all, quick ones first."""
    folder = Path(fault.path).parent.relative_to("src")
    own = {"_".join(p.parts) + end for p in (folder, *folder.parents) for end in ("_test", "_property_test")}
    return part.program not in own, Path(fault.path).stem not in Path(part.file).stem, part.seconds


def outcome(fault, parts):
    able = sorted((part for part in parts if fault.number in part.seen), key=lambda part: near(fault, part))
    if not able:
        return "unseen"
    return "caught" if any(part.catches(fault) for part in able) else "survived"


def try_all(faults, parts, workers):
    """Outcome by fault's key; a survivor is told at once."""
    begin = told = time.monotonic()
    outcomes = {}
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(outcome, fault, parts): key for key, fault in faults.items()}
        while running:
            for done in wait(running, 5, FIRST_COMPLETED).done:
                key = running.pop(done)
                outcomes[key], fault = done.result(), faults[key]
                if outcomes[key] != "caught":
                    place = f"{fault.path}:{fault.line}: {fault.kind}"
                    print(f"{outcomes[key]}: {place}: {fault.old}  →  {fault.new}", flush=True)
            if time.monotonic() - told > 5:
                told = time.monotonic()
                say(f"  {len(outcomes)} of {len(faults)}, {told - begin:.0f} s")
    return outcomes


def report(faults, outcomes):
    total, caught = Counter(), Counter()
    for key, result in outcomes.items():
        for group in (str(Path(faults[key].path).parent), faults[key].kind):
            total[group] += 1
            caught[group] += result == "caught"
    for group in sorted(total, key=lambda group: ("/" not in group, group)):
        print(f"{caught[group]:5} caught of {total[group]:4}  {100 * caught[group] / total[group]:3.0f} %  {group}")
    counts = Counter(outcomes.values())
    percent = 100 * counts["caught"] / max(1, len(outcomes))
    print(f"mutants: {counts['caught']} caught of {len(outcomes)} "
          f"({percent:.1f} %, at least {LEAST_PERCENT} %; {counts['unseen']} unseen)")
    return 0 if percent >= LEAST_PERCENT else 1


def main():
    workers = os.cpu_count() or 2
    planted, programs = build()
    faults = keyed(planted)
    parts = measured_parts(programs, workers)
    if "RETRY" in os.environ:
        outcomes = {key: result for key, result in stored(OUTCOMES, {}).items() if key in faults}
        sample = {key: faults[key] for key, result in outcomes.items() if result != "caught"}
    else:
        outcomes, sample = {}, chosen(faults, parts)
    if "QUICK" in os.environ:
        parts = [part for part in parts if part.seconds < QUICK_SECONDS]
    outcomes |= try_all(sample, parts, workers)
    OUTCOMES.write_text(json.dumps(outcomes, indent=1))
    return report(faults, outcomes)


if __name__ == "__main__":
    sys.exit(main())
