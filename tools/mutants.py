#!/usr/bin/env python3
"""Plants faults in src/core and src/engine, one at a time, and counts how many the fast lanes catch.

usage: N=60 SEED=1 ONLY=src/core/groups tools/mutants.py
       MINUTES=10 tools/mutants.py    goes on where the last run of the same sources stopped, for so long
       LANES="unit property" …        without the scenarios: quicker, and counts less as caught
       RETRY=1 tools/mutants.py       the survivors of the runs before, after tests were written

Works in a copy below build/mutants, built without warnings as errors. The tests of the fault's own module
run first, then every other program that has the fault linked in, quick ones first, up to the first that
fails. A fault that does not compile is replaced by another; one that makes a test hang counts as caught.
Prints each survivor with its place, then a line per module and the total. What was tried is kept in
build/mutants/tried.json: it is not tried again, but counted; RETRY tries those that survived.
"""

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tidy import SKIP_FOLDERS, blank  # noqa: E402  (the same idea of what is code)

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "build" / "mutants"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
TRIED = SCRATCH / "tried.json"
SECONDS = SCRATCH / "seconds.json"  # of each test program without a fault; kept while the sources stay
LEAST_PERCENT = 85
TEST_TIMEOUT_S = 120
MEMORY_BYTES = 6 << 30  # of a test program: a fault may make a loop that only grows
PLACES = ("src/core/", "src/engine/")

FLIPS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == ",
         "if (!": "if (", "std::min(": "std::max(", "std::max(": "std::min("}
STEPS = {" + 1": "", " - 1": "", " + ": " - ", " - ": " + "}
LOGIC = {" && ": " || ", " || ": " && "}
# A statement on one line that does something: a call, an assignment or a guard; no declaration, no return.
STATEMENT = re.compile(r"^ {2,}(?!return\b|break|continue|using |static_assert|TG_CHECK|case |goto|const |auto |else)"
                       r"((?:[\w.\->\[\]()*:]+?)\s*(?:[+\-*/|&]?=(?!=)\s*\S.*|\(.*\))|\+\+\S+|--\S+|\S+\+\+|\S+--);$")
GUARD = re.compile(r"^ {2,}if \(.*\) (return\b.*|continue|break);$")


def faults_of(path):
    """Every fault that could be planted in a file: (line number, kind, new line)."""
    text = (ROOT / path).read_text()
    raw, code = text.split("\n"), blank(text).split("\n")
    for number, (line, shown) in enumerate(zip(raw, code)):
        if re.match(r"\s*(#|template|static_assert|TG_CHECK|case |using |\}?\s*// )", shown) or "operator" in shown:
            continue
        words = '"' in shown or "to_string" in shown  # a + of texts has no -
        for kind, table in (("comparison", FLIPS), ("off by one", STEPS), ("logic", LOGIC)):
            for old, new in table.items():
                for match in re.finditer(re.escape(old), shown):
                    if old in (" + ", " - ") and (words or shown[match.end():match.end() + 1] == "1"):
                        continue
                    yield number, kind, line[:match.start()] + new + line[match.end():]
        constant = re.search(r"\bk[A-Z]\w* = (\d+)\b", shown) or re.search(r"[=(] ?(\d+)[;)]", shown)
        if constant:
            value = str(int(constant.group(1)) + 1)
            yield number, "off by one", line[:constant.start(1)] + value + line[constant.end(1):]
        if STATEMENT.match(shown) or GUARD.match(shown):
            yield number, "dropped statement", re.match(r" *", line).group(0) + ";"


# --- the copy, its build and its test programs ---


def copy_tree():
    """Brings the copy up to date; a file that is as it was keeps its time, so that little is built anew.
    True if anything was another."""
    wanted, changed = set(), False
    for folder, names, files in os.walk(ROOT):
        names[:] = [n for n in names if n not in SKIP_FOLDERS]
        for name in files:
            source = Path(folder) / name
            target = TREE / source.relative_to(ROOT)
            wanted.add(target)
            if name == ".git" or source.is_symlink():
                continue
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
                changed = True
    for folder, _, files in os.walk(TREE):
        for name in files:
            if Path(folder) / name not in wanted:
                (Path(folder) / name).unlink()
                changed = True
    return changed


def run(command, timeout, **more):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=timeout, stdin=subprocess.DEVNULL, **more)
    except subprocess.TimeoutExpired:
        return None


def build(*targets):
    return run(["ninja", "-C", BUILD, "-j2", *targets], 900)


class Program:
    """A test program as ctest knows it."""

    def __init__(self, test):
        self.name = test["name"]
        self.command = test["command"]
        properties = {p["name"]: p["value"] for p in test["properties"]}
        self.labels = properties.get("LABELS", [])
        self.folder = properties.get("WORKING_DIRECTORY", str(BUILD))
        self.environment = dict(e.split("=", 1) for e in properties.get("ENVIRONMENT", []))
        self.seconds = 0.0

    def passes(self):
        begin = time.monotonic()
        timeout = max(TEST_TIMEOUT_S / 4, 10 * self.seconds) if self.seconds else 10 * TEST_TIMEOUT_S
        result = run([*self.command, "--abort-after=1"], timeout, cwd=self.folder, env=os.environ | self.environment,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES)))
        if not self.seconds:
            self.seconds = time.monotonic() - begin
        return result is not None and result.returncode == 0

    def built(self):
        return os.stat(self.command[0]).st_mtime_ns


def programs():
    """The programs of the fast lanes."""
    listed = run(["ctest", "--test-dir", BUILD, "-LE", "^(tidy|integration)$", "--show-only=json-v1"], 60)
    tests = json.loads(listed.stdout[listed.stdout.index("{"):])["tests"]
    found = [Program(test) for test in tests if test["command"][0].startswith(str(BUILD))]
    lanes = os.environ.get("LANES", "").split()
    return [program for program in found if not lanes or set(lanes) & set(program.labels)]


def prepare():
    changed = copy_tree()
    configured = run(["cmake", "--preset", "dev", "-S", TREE, "-B", BUILD, "-DTIDEGATE_LEAN=ON", "-DCMAKE_UNITY_BUILD=OFF",
                      "-DCMAKE_CXX_FLAGS=-O1 -g1 -fpch-preprocess -w"], 300)
    if configured.returncode != 0:
        sys.exit(configured.stdout)
    if (built := build()).returncode != 0:
        sys.exit(built.stdout[-3000:])
    found = programs()
    known = json.loads(SECONDS.read_text()) if SECONDS.exists() and not changed else {}
    SECONDS.unlink(missing_ok=True)
    for program in found:
        program.seconds = known.get(program.name, 0.0)
        if not program.seconds and not program.passes():
            sys.exit(f"mutants: {program.name} fails without any fault; run make test first")
    SECONDS.write_text(json.dumps({program.name: program.seconds for program in found}))
    return sorted(found, key=lambda program: program.seconds)


def own_programs(path, all_programs):
    """The tests of the module that holds the file: of its folder, and of those above it."""
    folder = Path(path).parent.relative_to("src")
    flats = ["_".join(p.parts) for p in (folder, *folder.parents) if len(p.parts) > 0]
    return [program for flat in flats for program in all_programs
            if program.name in (f"{flat}_test", f"{flat}_property_test")]


# --- faults ---


def sample(seed, only):
    """Faults in random order, the kinds in turn, so that rare kinds are not drowned."""
    files = [str(p.relative_to(ROOT)) for place in PLACES for p in sorted((ROOT / place).rglob("*.cc"))]
    files = [p for p in files if not p.endswith(("_test.cc", "_fuzz.cc")) and p.startswith(only)]
    by_kind = {}
    for path in files:
        for number, kind, new in faults_of(path):
            by_kind.setdefault(kind, []).append((path, number, kind, new))
    rng = random.Random(seed)
    for faults in by_kind.values():
        rng.shuffle(faults)
    order = []
    while any(by_kind.values()):
        order += [faults.pop() for _, faults in sorted(by_kind.items()) if faults]
    return order


def load_tried():
    """What runs before found: (path, old line, kind, new line) → outcome."""
    return {tuple(key): outcome for key, outcome in json.loads(TRIED.read_text())} if TRIED.exists() else {}


def save_tried(tried):
    TRIED.write_text(json.dumps(sorted([list(key), outcome] for key, outcome in tried.items()), indent=1))


def key_of(fault):
    path, number, kind, new = fault
    return path, (ROOT / path).read_text().split("\n")[number], kind, new


def survivors(tried, only):
    """The survivors of before, at the place where their line is now."""
    for (path, old, kind, new), outcome in sorted(tried.items()):
        lines = (ROOT / path).read_text().split("\n") if (ROOT / path).exists() else []
        if outcome == "survived" and path.startswith(only) and old in lines:
            yield path, lines.index(old), kind, new


def trial(fault, all_programs):
    """'caught', 'survived', or 'not built' where the fault does not compile."""
    path, number, _, new = fault
    target = TREE / path
    original = target.read_text()
    lines = original.split("\n")
    lines[number] = new
    target.write_text("\n".join(lines))
    try:
        own = own_programs(path, all_programs)
        built = build(*[Path(program.command[0]).name for program in own])
        if built is None or built.returncode != 0:
            return "not built"
        if not all(program.passes() for program in own):
            return "caught"
        before = {program.name: program.built() for program in all_programs}
        built = build()
        if built is None or built.returncode != 0:
            return "not built"
        # Others were linked before their fault was: what is not linked anew does not have this one.
        others = [program for program in all_programs if program not in own and program.built() != before[program.name]]
        return "survived" if all(program.passes() for program in others) else "caught"
    finally:
        target.write_text(original)


def report(tried, only):
    total, caught = Counter(), Counter()
    for (path, *_), outcome in tried.items():
        if outcome != "not built" and path.startswith(only):
            total[str(Path(path).parent)] += 1
            caught[str(Path(path).parent)] += outcome == "caught"
    for module in sorted(total):
        print(f"{caught[module]:5} caught of {total[module]:3}  {100 * caught[module] / total[module]:3.0f} %  {module}")
    percent = 100 * caught.total() / total.total() if total else 0
    print(f"mutants: {caught.total()} caught of {total.total()} ({percent:.0f} %, at least {LEAST_PERCENT} %)")
    return 0 if percent >= LEAST_PERCENT else 1


def main():
    begin = time.monotonic()
    os.environ["CCACHE_IGNOREOPTIONS"] = "-w"  # what the dev build compiled, and what is put back, is there
    only, again = os.environ.get("ONLY", "src/"), "RETRY" in os.environ
    until = begin + 60 * float(os.environ.get("MINUTES", "inf"))
    all_programs = prepare()
    tried = load_tried()
    order = list(survivors(tried, only)) if again else [
        fault for fault in sample(int(os.environ.get("SEED", "1")), only) if key_of(fault) not in tried]
    missing = len(order) if again else int(os.environ.get("N", "60"))
    while missing > 0 and order and time.monotonic() < until:
        chunk, order = sorted(order[:min(missing, 20)]), order[min(missing, 20):]  # by file: one compilation each
        for fault in chunk:
            if time.monotonic() > until:
                break
            path, number, kind, new = fault
            key, outcome = key_of(fault), trial(fault, all_programs)
            tried[key] = outcome
            save_tried(tried)
            missing -= outcome != "not built"
            if outcome == "survived":
                print(f"survived: {path}:{number + 1}: {kind}: {key[1].strip()}  →  {new.strip()}", flush=True)
            print(f"  {outcome}, {missing} to go, {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    return report(tried, only)


if __name__ == "__main__":
    sys.exit(main())
