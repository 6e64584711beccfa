#!/usr/bin/env bash
# usage: tests/scenarios/same_ledgers.sh LEDGER_DIGESTS    the ledgers of this build and of the clang build are the same
# Builds the clang preset's ledger_digests; tools/install.sh clang installs what that needs.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build/clang-ledgers
if [ ! -f $build/build.ninja ] || [ CMakePresets.json -nt $build/build.ninja ]; then
  cmake --preset clang -B $build -DTIDEGATE_LEAN=ON >/dev/null
fi
ninja -C $build -j 2 ledger_digests >/dev/null || { ninja -C $build -j 1 ledger_digests | tail -40; exit 1; }
passed=0 failed=0
while read -r name seed entries digest && read -r other <&3; do
  if [ "$name $seed $entries $digest" = "$other" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$name, seed $seed: $entries entries, $digest; the clang build has $other"
    echo "  compare: $1 $name $seed   $build/bin/ledger_digests $name $seed"
  fi
done < <("$1") 3< <($build/bin/ledger_digests)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 100 ]
