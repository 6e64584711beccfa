#!/usr/bin/env python3
"""Plants faults in src/core and src/engine, one at a time, and counts how many the fast lanes catch.

usage: N=60 SEED=1 ONLY=src/core/groups tools/mutants.py

Works in a copy below build/mutants, built without warnings as errors. A fault that does not compile is
replaced by another; one that makes a test hang counts as caught. Prints each survivor with its place.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from tidy import SKIP_FOLDERS, blank  # noqa: E402  (the same idea of what is code)

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "build" / "mutants"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
LEAST_PERCENT = 85
TEST_TIMEOUT_S = 60
PLACES = ("src/core/", "src/engine/")

FLIPS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == "}
STEPS = {" + 1": "", " - 1": "", " + ": " - ", " - ": " + "}
LOGIC = {" && ": " || ", " || ": " && "}
# A statement on one line that does something: a call or an assignment, no declaration, no jump.
STATEMENT = re.compile(r"^ {2,}(?!return\b|break|continue|using |static_assert|TG_CHECK|case |goto|const |auto |else)"
                       r"((?:[\w.\->\[\]()*:]+?)\s*(?:[+\-*/|&]?=(?!=)\s*\S.*|\(.*\))|\+\+\S+|--\S+|\S+\+\+|\S+--);$")


def faults_of(path):
    """Every fault that could be planted in a file: (line number, kind, new line)."""
    text = (ROOT / path).read_text()
    raw, code = text.split("\n"), blank(text).split("\n")
    for number, (line, shown) in enumerate(zip(raw, code)):
        if re.match(r"\s*(#|template|static_assert|case |using |\}?\s*// )", shown) or "operator" in shown:
            continue
        for kind, table in (("comparison", FLIPS), ("off by one", STEPS), ("logic", LOGIC)):
            for old, new in table.items():
                for match in re.finditer(re.escape(old), shown):
                    if kind == "off by one" and old in (" + ", " - ") and shown[match.end():match.end() + 1] == "1":
                        continue
                    yield number, kind, line[:match.start()] + new + line[match.end():]
        constant = re.search(r"\bk[A-Z]\w* = (\d+)\b", shown) or re.search(r"[=(] ?(\d+)[;)]", shown)
        if constant:
            value = str(int(constant.group(1)) + 1)
            yield number, "off by one", line[:constant.start(1)] + value + line[constant.end(1):]
        if STATEMENT.match(shown):
            yield number, "dropped statement", re.match(r" *", line).group(0) + ";"


def copy_tree():
    TREE.mkdir(parents=True, exist_ok=True)
    skip = SKIP_FOLDERS | {".git"}
    for entry in ROOT.iterdir():
        if entry.name in skip:
            continue
        target = TREE / entry.name
        if entry.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(entry, target, symlinks=True, ignore=lambda _, names: [n for n in names if n in skip])
        else:
            shutil.copy2(entry, target)


def run(command, timeout):
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return None


def build():
    return run(["ninja", "-C", BUILD, "-j2"], 900)


def test():
    """True if every fast test passes."""
    result = run(["ctest", "--test-dir", BUILD, "-LE", "^(tidy|integration)$", "-j2", "--stop-on-failure",
                  "--no-tests=error", "--timeout", str(TEST_TIMEOUT_S)], 20 * TEST_TIMEOUT_S)
    return result is not None and result.returncode == 0


def prepare():
    copy_tree()
    configured = run(["cmake", "--preset", "dev", "-S", TREE, "-B", BUILD, "-DTIDEGATE_LEAN=ON",
                      "-DCMAKE_CXX_FLAGS=-O1 -g0 -w -fpch-preprocess"], 300)
    if configured.returncode != 0:
        sys.exit(configured.stdout)
    if (built := build()).returncode != 0:
        sys.exit(built.stdout[-3000:])
    if not test():
        sys.exit("mutants: the fast lanes fail without any fault; run make test first")


def sample(count, seed, only):
    """Faults in random order, the three kinds in turn, so that rare kinds are not drowned."""
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
    while any(by_kind.values()) and len(order) < 4 * count:
        order += [faults.pop() for _, faults in sorted(by_kind.items()) if faults]
    return order


def main():
    os.environ.setdefault("CCACHE_DISABLE", "1")  # each fault is compiled once in its life
    count, seed = int(os.environ.get("N", "60")), int(os.environ.get("SEED", "1"))
    prepare()
    caught = tried = 0
    begin = time.monotonic()
    for path, number, kind, new in sample(count, seed, os.environ.get("ONLY", "src/")):
        if tried == count:
            break
        target = TREE / path
        original = target.read_text()
        lines = original.split("\n")
        old, lines[number] = lines[number], new
        target.write_text("\n".join(lines))
        built = build()
        if built is not None and built.returncode == 0:
            tried += 1
            if test():
                print(f"survived: {path}:{number + 1}: {kind}: {old.strip()}  →  {new.strip()}", flush=True)
            else:
                caught += 1
        target.write_text(original)
        print(f"  {tried}/{count}, {caught} caught, {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    build()
    percent = 100 * caught / tried if tried else 0
    print(f"mutants: {caught} caught of {tried} ({percent:.0f} %, at least {LEAST_PERCENT} %)")
    return 0 if percent >= LEAST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
