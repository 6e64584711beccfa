#!/usr/bin/env bash
# usage: tools/coverage.sh [LEAST_PERCENT]
# Line coverage of src/core and src/engine by clang's source-based counters; the last line is the figure.
# The worst files come first, so that one knows where to look. For its lines:
# llvm-cov-22 show -instr-profile build/coverage/all.profdata build/coverage/bin/PROGRAM src/core/FILE
set -euo pipefail
cd "$(dirname "$0")/.."
least=${1:-90}
tools/build.sh coverage
profiles=build/coverage/profiles
rm -rf "$profiles"
LLVM_PROFILE_FILE=$PWD/$profiles/%p-%m.profraw ctest --test-dir build/coverage -LE '^(tidy|integration)$' \
  -j 2 --no-tests=error --output-on-failure >&2 ||
  echo 'coverage: a test fails; the figure counts what ran' >&2
llvm-profdata-22 merge -sparse "$profiles"/*.profraw -o build/coverage/all.profdata
objects=()
for program in build/coverage/bin/*; do
  [ -x "$program" ] && objects+=(-object "$program")
done
ours=(-instr-profile build/coverage/all.profdata "${objects[@]:1}" --ignore-filename-regex
  '_test\.cc$|^/usr/|/src/(base|ports|sim|net|edge|adapters|apps|balancer|supervise)/|/tests/|/build/')
llvm-cov-22 export -summary-only "${ours[@]}" |
  /usr/bin/python3 -c '
import json, os, sys
least = float(sys.argv[1])
data = json.load(sys.stdin)["data"][0]
files = sorted(data["files"], key=lambda f: f["summary"]["lines"]["percent"])
for file in files:
    lines = file["summary"]["lines"]
    if lines["percent"] < least:
        print("%6.1f %%  %4d missed  %s" % (lines["percent"], lines["count"] - lines["covered"], os.path.relpath(file["filename"])))
total = data["totals"]["lines"]
print("coverage of src/core and src/engine: %.1f %% of %d lines (at least %g %%)" % (total["percent"], total["count"], least))
sys.exit(total["percent"] < least)' "$least"
