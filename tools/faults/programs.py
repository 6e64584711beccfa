"""The test programs, in parts that run within seconds: one source file of one program.

Each part runs once without a fault, which says how long it takes and which faults' places it executes; what a
program said is kept while the program is the same.
"""

import json
import os
import re
import resource
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from build import BUILD, SCRATCH, say, stored
from plant import NUMBERS

MEASURED = SCRATCH / "measured.json"  # part → the program's time stamp, seconds, seen, impossible
LEAST_SECONDS = 20  # time limit of a part with a fault
TIMES_SLOWER = 8  # or so much slower than without
MEMORY_BYTES = 6 << 30  # a fault may make a loop that only grows


class Part:
    def __init__(self, test, file):
        properties = {p["name"]: p["value"] for p in test["properties"]}
        self.program = test["name"]
        self.file = file  # its path, or "" where the program is one part
        place = "/".join(file.split("/")[-2:])
        self.key = f"{self.program}.{place.replace('/', '.')}"
        self.command = test["command"] + ([f"--source-file=*/{place}"] if file else [])
        self.folder = properties.get("WORKING_DIRECTORY", str(BUILD))
        self.environment = dict(e.split("=", 1) for e in properties.get("ENVIRONMENT", []))
        self.seconds = 0.0
        self.seen, self.impossible = frozenset(), frozenset()

    def passes(self, timeout, **environment):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        run = subprocess.Popen([*self.command, "--abort-after=1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=self.folder, preexec_fn=limit, start_new_session=True,
                               env=os.environ | self.environment | environment)
        try:
            return run.wait(timeout) == 0
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)  # with what it started
            run.wait()
            return False

    def measure(self, known):
        """Runs without a fault, unless `known` has what it said; returns whether it passes."""
        stamp = os.stat(self.command[0]).st_mtime_ns
        if known.get(self.key, [0])[0] != stamp:
            marks = SCRATCH / f"{self.key}.seen"
            marks.write_bytes(bytes(NUMBERS))
            begin = time.monotonic()
            passed = self.passes(600, FAULT_SEEN=str(marks))
            seconds = time.monotonic() - begin
            seen = {number: mark for number, mark in enumerate(marks.read_bytes()) if mark}
            marks.unlink()
            if not passed:
                return False
            known[self.key] = [stamp, seconds, [n for n, mark in seen.items() if mark == 1],
                          [n for n, mark in seen.items() if mark == 2]]
        _, self.seconds, seen, impossible = known[self.key]
        self.seen, self.impossible = frozenset(seen), frozenset(impossible)
        return True

    def catches(self, fault):
        return not self.passes(max(LEAST_SECONDS, TIMES_SLOWER * self.seconds), FAULT=str(fault.number))


def parts_of(test):
    listed = subprocess.run([*test["command"], "--list-test-cases", "--reporters=xml"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, errors="replace")
    files = sorted(set(re.findall(r'filename="([^"]+)"', listed.stdout)))
    return [Part(test, file) for file in files or [""]]


def measured_parts(names, workers):
    """The parts of the programs of these names; those that fail without any fault are left out, and told."""
    listed = subprocess.run(["ctest", "--test-dir", BUILD, "--show-only=json-v1"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True).stdout
    tests = json.loads(listed[listed.index("{"):])["tests"]
    parts = [part for test in tests if test["name"] in names for part in parts_of(test)]
    say(f"mutants: measuring {len(parts)} parts of {len(names)} test programs …")
    known = stored(MEASURED, {})
    with ThreadPoolExecutor(workers) as pool:
        passed = list(pool.map(lambda part: part.measure(known) or part.measure(known), parts))
    MEASURED.write_text(json.dumps(known))
    for part, well in zip(parts, passed):
        if not well:
            say(f"mutants: {part.program} {Path(part.file).name} fails without any fault; left out")
    return [part for part, well in zip(parts, passed) if well]
