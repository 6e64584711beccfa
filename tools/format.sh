#!/usr/bin/env bash
# usage: tools/format.sh [--fix]    every C++ file as .clang-format wants it
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
find src tests bench -name '*.cc' -o -name '*.h' | xargs -P "$(nproc)" -n 20 clang-format-22 "${mode[@]}"
