#!/usr/bin/env bash
# usage: tools/soak.sh    the long lane: what is too slow for each change. Prints one line per part.
set -euo pipefail
cd "$(dirname "$0")/.."
passed=0 failed=0
part() {
  local name=$1 code=0
  shift
  echo "soak: $name …" >&2
  "$@" >&2 || code=$?
  if [ "$code" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  echo "$name: $([ "$code" -eq 0 ] && echo passed || echo "FAILED (exit $code)")"
}
tools/build.sh dev all soak_storms soak_crash_points ledger_digests
tools/build.sh tsan
for program in build/dev/bin/*_property_test; do  # other cases than the gate's
  [ ! -x "$program" ] || part "$(basename "$program")" env RC_PARAMS="max_success=2000 seed=$RANDOM" "$program"
done
for program in build/dev/bin/soak_*; do
  [ ! -x "$program" ] || part "$(basename "$program")" "$program"
done
for program in tests/integration/soak-*; do
  [ ! -x "$program" ] || part "$(basename "$program")" tools/in-netns.sh "$program"
done
part same-ledgers tests/scenarios/same_ledgers.sh build/dev/bin/ledger_digests
part tsan ctest --test-dir build/tsan -LE '^(tidy|integration)$' -j 2 --no-tests=error --output-on-failure
part fresh-machine tests/integration/fresh-machine.sh
echo "soak: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
