#!/usr/bin/env bash
# usage: SECONDS_EACH=60 tools/fuzz.sh    every libFuzzer harness for so long; crashes stay in build/fuzz/crashes
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh fuzz
mkdir -p build/fuzz/crashes
passed=0 failed=0
for harness in build/fuzz/bin/*_fuzz; do
  [ -x "$harness" ] || { echo "fuzz: there is no harness in build/fuzz/bin" >&2; exit 1; }
  name=$(basename "$harness")
  corpus=build/fuzz/corpus-$name
  mkdir -p "$corpus"
  if "$harness" "$corpus" -max_total_time="${SECONDS_EACH:-60}" -artifact_prefix=build/fuzz/crashes/ \
    -print_final_stats=1 >&2; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "fuzz: $name failed; its input is in build/fuzz/crashes"
  fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
