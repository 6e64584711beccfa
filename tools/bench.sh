#!/usr/bin/env bash
# usage: tools/bench.sh [NAME…]    builds the benchmarks (release) and runs each; every one prints its figures
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release
wanted=("$@")
if [ ${#wanted[@]} -eq 0 ]; then
  for program in build/release/bin/bench_* bench/*/run; do
    [ -x "$program" ] && wanted+=("$program")
  done
fi
if [ ${#wanted[@]} -eq 0 ]; then
  echo "bench: there is no benchmark (build/release/bin/bench_*, bench/*/run)" >&2
  exit 1
fi
for program in "${wanted[@]}"; do
  echo "== $(basename "${program%/run}")" >&2
  "$program"
done
