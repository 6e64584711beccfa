#!/usr/bin/env bash
# usage: tools/build.sh PRESET [TARGET…]    configures build/PRESET where needed and builds it
# All output goes to standard error: results have standard output for themselves.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
# Ninja runs CMake again when a CMakeLists.txt changed, but does not know of the presets.
if [ ! -f "build/$preset/build.ninja" ] || [ CMakePresets.json -nt "build/$preset/build.ninja" ]; then
  cmake --preset "$preset" >&2
fi
jobs=$(nproc)
exec ninja -C "build/$preset" -j "$((jobs > 2 ? jobs : 2))" "$@" >&2
