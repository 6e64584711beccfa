#!/usr/bin/env bash
# usage: tools/lint.sh [BASE]    clang-tidy-22 on the .cc files that differ from BASE (default: main)
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-main}
if ! git rev-parse -q --verify "$base" >/dev/null; then base=$(git rev-list --max-parents=0 HEAD | tail -1); fi
cmake --preset clang -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" -- '*.cc'; git ls-files -o --exclude-standard '*.cc'; } |
  sort -u | grep -E '^(src|tests|bench)/' | grep -v '_fuzz\.cc$' || true)
if [ ${#files[@]} -eq 0 ]; then
  echo "lint: no C++ file differs from $base" >&2
  exit 0
fi
echo "lint: ${#files[@]} files" >&2
# Tests: doctest's macros and tables of cases are no sins.
tests='-google-build-using-namespace,-readability-function-size,-readability-function-cognitive-complexity'
tests+=',-bugprone-throwing-static-initialization,-cppcoreguidelines-avoid-non-const-global-variables'
lint() {
  local checks=$1
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" |
    xargs -P "$(nproc)" -n 1 clang-tidy-22 --quiet -p build/lint "--checks=$checks"
}
mapfile -t test_files < <(printf '%s\n' "${files[@]}" | grep '_test\.cc$' || true)
mapfile -t code_files < <(printf '%s\n' "${files[@]}" | grep -v '_test\.cc$' || true)
code=0
lint '' "${code_files[@]}" || code=1
lint "$tests" "${test_files[@]}" || code=1
exit $code
