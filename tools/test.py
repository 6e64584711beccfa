#!/usr/bin/env python3
"""`make test`: builds, runs every lane, prints one line per lane and a total as the last line.

usage: tools/test.py [LANE…]

A lane that runs nothing, or cannot run, counts as one failure and says why on standard error.
Details of each lane: build/test-logs/LANE.log.
"""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test-logs"
# Lane → (preset, parallel tests). Integration tests that need the machine to themselves say so (RUN_SERIAL).
LANES = {
    "tidy": ("dev", 2),
    "unit": ("dev", 2),
    "property": ("dev", 2),
    "scenario": ("dev", 2),
    "contract": ("dev", 2),
    "asan+ubsan": ("asan", 2),
    "integration": ("dev", 2),
}
DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")
OWN = re.compile(r"^(?:.*: )?(\d+) passed, (\d+) failed$", re.MULTILINE)


def say(text):
    print(text, file=sys.stderr, flush=True)


def build(preset):
    """Builds a preset; returns an error sentence or None."""
    say(f"building {preset} …")
    begin = time.monotonic()
    log = LOGS / f"build-{preset}.log"
    with open(log, "w") as out:
        run = subprocess.Popen([ROOT / "tools" / "build.sh", preset], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        last_said = begin
        for line in run.stdout:
            out.write(line)
            if time.monotonic() - last_said > 10:  # a sign of life, also without a terminal
                last_said = time.monotonic()
                say("  " + line.strip()[:100])
        run.wait()
    if run.returncode != 0:
        sys.stderr.write("".join(log.read_text().splitlines(True)[-60:]))
        return f"preset {preset} does not build (build/test-logs/{log.name})"
    say(f"built {preset} in {time.monotonic() - begin:.0f} s")
    return None


def count(case):
    """(passed, failed, skipped) of one ctest test: its own count where it prints one, else one."""
    output = case.findtext("system-out") or ""
    status = case.get("status")
    if status not in ("run", "fail"):
        return (0, 0, 1) if case.find("skipped") is not None and status != "disabled" else (0, 1, 0)
    found = DOCTEST.findall(output) or OWN.findall(output)
    if not found:
        return (1, 0, 0) if status == "run" else (0, 1, 0)
    passed, failed = (sum(int(pair[i]) for pair in found) for i in (0, 1))
    if status == "fail" and failed == 0:  # crashed, or a sanitizer spoke, after its last case
        failed = 1
    if passed + failed == 0:
        failed = 1  # a test program without test cases promises nothing
    return passed, failed, 0


def run_lane(lane):
    """Runs one lane; returns (passed, failed, complaints)."""
    preset, jobs = LANES[lane]
    report = LOGS / f"{lane}.xml"
    report.unlink(missing_ok=True)
    select = ["-LE", "^(tidy|integration)$"] if preset == "asan" else ["-L", f"^{lane}$"]
    command = ["ctest", "--test-dir", f"build/{preset}", *select, "-j", str(jobs), "--no-tests=error",
               "--output-on-failure", "--test-output-size-passed", "1000000",
               "--test-output-size-failed", "1000000", "--output-junit", str(report)]
    with open(LOGS / f"{lane}.log", "w") as log:
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               stdin=subprocess.DEVNULL)
        for line in run.stdout:
            log.write(line)
            if re.match(r"\s*\d+/\d+ Test", line) and (lane == "integration" or "Passed" not in line):
                say("  " + line.rstrip())
        run.wait()
    if not report.exists():
        return 0, 1, [f"ctest could not run (build/test-logs/{lane}.log)"]
    passed = failed = 0
    complaints = []
    for case in ET.parse(report).getroot().iter("testcase"):
        case_passed, case_failed, case_skipped = count(case)
        passed += case_passed
        failed += case_failed
        if case_skipped:
            complaints.append(f"skipped {case.get('name')}")
        if case_failed:
            complaints.append(f"FAILED {case.get('name')}")
            sys.stderr.write("".join((case.findtext("system-out") or "").splitlines(True)[-80:]))
    if passed + failed == 0:
        failed, complaints = 1, [*complaints, "the lane has no tests"]
    if run.returncode != 0 and failed == 0:
        failed, complaints = 1, [*complaints, f"ctest exited {run.returncode}"]
    return passed, failed, complaints


def main():
    lanes = sys.argv[1:] or list(LANES)
    unknown = [lane for lane in lanes if lane not in LANES]
    if unknown:
        say(f"no lane {unknown[0]}; lanes: {' '.join(LANES)}")
        return 2
    os.chdir(ROOT)
    LOGS.mkdir(parents=True, exist_ok=True)
    errors = {}
    total_passed = total_failed = 0
    for lane in lanes:
        preset = LANES[lane][0]
        if preset not in errors:
            errors[preset] = build(preset)
        begin = time.monotonic()
        passed, failed, complaints = (0, 1, [errors[preset]]) if errors[preset] else run_lane(lane)
        for complaint in complaints:
            say(f"{lane}: {complaint}")
        print(f"{lane}: {passed} passed, {failed} failed   ({time.monotonic() - begin:.0f} s)", flush=True)
        total_passed += passed
        total_failed += failed
    print(f"total: {total_passed} passed, {total_failed} failed", flush=True)
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main())
