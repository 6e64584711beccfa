"""The copy of the tree with every fault in it, and its build, below build/mutants.

Some faults cannot be written the way fault.h does it, and only the compiler knows which. Their lines are
learned: build, leave alone what does not compile, build again. without.json keeps them by the line's text,
so that other changes of the source do not forget them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from plant import FRAGILE, NUMBERS, PER_FILE, WHOLE, plant
from tidy import walk

ROOT = Path(__file__).resolve().parent.parent.parent
SCRATCH = ROOT / "build" / "mutants"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
WITHOUT = SCRATCH / "without.json"  # path → line's text → level; the text "" is the whole file
BLOCKS = SCRATCH / "blocks.json"  # path → which numbers its faults have: as before, so that little is built anew
LOG = SCRATCH / "build.log"
PLACES = ("src/core/", "src/engine/")
ROUNDS, LAST_LINES = 10, 7  # after so many rounds by lines, files that do not compile have no faults
# What these programs test is the machine beside the decisions.
FOREIGN = re.compile(r"libtg_(adapters|balancer)_?\w*\.a")
LONG = ("bin/storms_test", "bin/crash_points_test")  # minutes for each fault that survives the others



def say(text):
    print(text, file=sys.stderr, flush=True)


def stored(file, default):
    return json.loads(file.read_text()) if file.exists() else default


def has_faults(path):
    return path.startswith(PLACES) and path.endswith(".cc") and not path.endswith(("_test.cc", "_fuzz.cc"))


# --- the copy ---


def write(path, content, mode=None):
    """A file that is as it was keeps its time."""
    target = TREE / path
    if not target.exists() or target.read_bytes() != content:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if mode is not None:
        shutil.copymode(mode, target)


def levels(path, lines):
    """Of a file with these lines: line → how much of it is left alone."""
    known = stored(WITHOUT, {}).get(path, {})
    if "" in known:
        return dict.fromkeys(range(1, len(lines) + 1), WHOLE)
    return {number: known[line.strip()] for number, line in enumerate(lines, 1) if line.strip() in known}


def copy_tree():
    """Brings the copy up to date; returns all faults in it."""
    files = sorted(walk(ROOT))
    blocks = stored(BLOCKS, {})
    faults = []
    for path in files:
        if not has_faults(path):
            write(path, (ROOT / path).read_bytes(), ROOT / path)
            continue
        text = (ROOT / path).read_text()
        block = blocks.setdefault(path, len(blocks))
        if (block + 1) * PER_FILE >= NUMBERS:
            sys.exit(f"mutants: too many files: raise NUMBERS of plant.py and fault.h, or remove {BLOCKS}")
        planted, found = plant(path, text, 1 + block * PER_FILE, levels(path, text.split("\n")))
        write(path, f'#include "{TREE}/tools/faults/fault.h"\n#line 1\n{planted}'.encode())
        faults += found
    BLOCKS.write_text(json.dumps(blocks))
    for folder, _, names in os.walk(TREE):
        for name in names:
            path = Path(folder) / name
            if not (ROOT / path.relative_to(TREE)).exists():
                path.unlink()
    return faults


# --- what does not compile ---

PLACE = re.compile(r"((?:src/core|src/engine)/[\w/]+\.cc):(\d+):\d+:\s+(.*)")
FOLLOWS = re.compile(r"error: (.* was not declared|expected )")  # from what failed above, mostly


def complaints(log):
    """(path, line) of what the compiler complains about in files that have faults."""
    places, failed = set(), set()
    for path, line, what in PLACE.findall(log):
        if not has_faults(path):
            continue
        first = path not in failed and "error:" in what
        failed |= {path} if first else set()
        if first or "error:" in what and not FOLLOWS.search(what) or "required" in what \
                or "note:" in what and re.search("constant expression|constexpr", what):
            places.add((path, int(line)))
    return places


def learn(log, whole_files):
    """Leaves more alone where the log has an error; False if it names no place that has faults."""
    without = stored(WITHOUT, {})
    places = complaints(log)
    for path, line in sorted(places):
        known = without.setdefault(path, {})
        text = (ROOT / path).read_text().split("\n")[line - 1].strip()
        known[text] = min(known.get(text, 0) + FRAGILE, WHOLE)
        if whole_files:
            known[""] = WHOLE
            say(f"mutants: {path} does not compile with faults; it has none")
    WITHOUT.write_text(json.dumps(without, indent=1))
    return bool(places)


# --- the build ---


def configure():
    presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    flags = next(p for p in presets if p["name"] == "dev")["cacheVariables"]["CMAKE_CXX_FLAGS"]
    result = subprocess.run(["cmake", "--preset", "dev", "-S", TREE, "-B", BUILD, f"-DCMAKE_CXX_FLAGS={flags} -w"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(result.stdout)


def ninja(*targets):
    """Builds as much as can be; returns whether all could, and what was said."""
    command = ["ninja", "-C", BUILD, f"-j{max(2, os.cpu_count() or 2)}", "-k", "0", *targets]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                           env=os.environ | {"CCACHE_IGNOREOPTIONS": "-w"})
    lines, told = [], time.monotonic()
    for line in run.stdout:
        lines.append(line)
        if line.startswith("[") and time.monotonic() - told > 5:
            told = time.monotonic()
            say("  " + line.strip()[:100])
    LOG.write_text("".join(lines))
    return run.wait() == 0, "".join(lines)


def said_by_ninja(*tool):
    return subprocess.run(["ninja", "-C", BUILD, "-t", *tool], stdout=subprocess.PIPE, text=True).stdout


def targets():
    """The libraries that have faults, and the test programs that link them and nothing foreign, but for the long."""
    listed = said_by_ninja("targets", "all")
    libraries = re.findall(r"^(src/\S+/libtg_(?:core|engine)\w*\.a): ", listed, re.M)
    programs = []
    for program in re.findall(r"^(bin/\w+_test): ", listed, re.M):
        inputs = said_by_ninja("inputs", program)
        if program not in LONG and any(library in inputs for library in libraries) and not FOREIGN.search(inputs):
            programs.append(program)
    return libraries, programs


def build():
    """Plants and builds until it compiles; returns the faults and the names of the test programs."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for number in range(1, ROUNDS + 1):
        faults = copy_tree()
        if number == 1:
            configure()
        libraries, programs = targets()
        say(f"mutants: {len(faults)} faults planted; building (round {number}) …")
        built, log = ninja(*libraries)
        if built:
            break
        if number == ROUNDS or not learn(log, number > LAST_LINES):
            sys.exit(f"{log[-3000:]}\nmutants: does not build; see {LOG}")
    built, log = ninja(*programs)
    if not built:
        sys.exit(f"{log[-3000:]}\nmutants: the tests do not build; see {LOG}")
    return faults, {Path(program).name for program in programs}
