#!/usr/bin/env bash
# usage: SECONDS_EACH=60 ONLY=json tools/fuzz.sh    every libFuzzer harness (whose name has ONLY) for so long
# Seeds are in tests/corpus/HARNESS, what is found on the way in build/fuzz/corpus-HARNESS, inputs that fail in
# build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh fuzz
mkdir -p build/fuzz/crashes
passed=0 failed=0
for harness in build/fuzz/bin/*"${ONLY:-}"*_fuzz; do
  [ -x "$harness" ] || { echo "fuzz: there is no such harness in build/fuzz/bin" >&2; exit 1; }
  name=$(basename "$harness")
  seeds=("build/fuzz/corpus-$name")
  mkdir -p "${seeds[0]}"
  [ ! -d "tests/corpus/$name" ] || seeds+=("tests/corpus/$name")
  [ "$name" != core_stacks_template_fuzz ] || cp examples/cnt/stack.yaml examples/cnt/broken/*.yaml "${seeds[0]}"
  echo "fuzz: $name for ${SECONDS_EACH:-60} s" >&2
  # A single input may take 10 s with the sanitizers: one that takes longer is a finding.
  if "$harness" "${seeds[@]}" -max_total_time="${SECONDS_EACH:-60}" -artifact_prefix=build/fuzz/crashes/ -timeout=10 \
    -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 >"build/fuzz/$name.log" 2>&1; then
    passed=$((passed + 1))
    grep -h 'number_of_executed_units' "build/fuzz/$name.log" >&2
  else
    failed=$((failed + 1))
    tail -40 "build/fuzz/$name.log" >&2
    echo "fuzz: $name failed; its input is in build/fuzz/crashes, its words in build/fuzz/$name.log"
  fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
