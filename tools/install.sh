#!/usr/bin/env bash
# usage: tools/install.sh SET…    installs the Debian packages of each set that are missing
# As root directly, else by sudo; without either it names the command to ask for.
set -euo pipefail

packages_of() {
  case $1 in
    build) echo g++ cmake ninja-build pkg-config ccache mold libssl-dev libcurl4-openssl-dev libsqlite3-dev libyaml-cpp-dev \
      libpugixml-dev zlib1g-dev libcbor-dev libfmt-dev nlohmann-json3-dev libcli11-dev libnftables-dev musl-tools python3-venv ca-certificates \
      nftables iproute2 curl redis-tools ;;  # redis-tools has the server too, without a system service that listens
    test) echo doctest-dev librapidcheck-dev clang-format-22 wrk procps awscli ;;
    clang) echo clang-22 clang-tidy-22 clang-format-22 llvm-22 libclang-rt-22-dev ;;
    soak) echo debootstrap qemu-system-x86 e2fsprogs ;;
    *) echo "install: no set named '$1' (build, test, clang, soak)" >&2; exit 2 ;;
  esac
}

wanted=()
for set in "$@"; do
  read -ra names <<<"$(packages_of "$set")"
  wanted+=("${names[@]}")
done
# shellcheck disable=SC2016  # the format is dpkg-query's, not the shell's
installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null |
  sed -n 's/ installed$//p') || true
missing=()
for name in "${wanted[@]}"; do
  grep -qxF -- "$name" <<<"$installed" || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then
    echo "install: missing packages; ask an administrator for:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
apt() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}
echo "install: ${missing[*]}" >&2
# The package lists may be absent (a fresh machine) or old (a version that is gone from the mirror).
install=(install -y --no-install-recommends "${missing[@]}")
if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit 2>/dev/null)" ] || ! apt "${install[@]}"; then
  apt update
  apt "${install[@]}"
fi
