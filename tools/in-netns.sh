#!/usr/bin/env bash
# usage: tools/in-netns.sh COMMAND…
# Runs a test in network, mount and pid namespaces of its own, with a fresh TIDEGATE_HOME. Whatever it
# leaves running ends with it. /run/tidegate (claims of address ranges) is the test's own as well. /sys stays
# the machine's: a new sysfs would hide /sys/fs/cgroup.
set -euo pipefail
if [ "$(id -u)" -ne 0 ]; then
  echo "in-netns: needs root (network namespaces); run the tests with sudo" >&2
  exit 1
fi
work=$(mktemp -d /tmp/tg.XXXXXX)
cleanup() {
  # Overlays of a killed instance went with the mount namespace; what is left are plain files, and
  # the cgroups of instances that a failed test did not end.
  local id
  id=$(cat "$TIDEGATE_HOME/home-id" 2>/dev/null || true)
  for _ in 1 2 3 4 5; do  # its last processes may still be ending
    [ -n "$id" ] && [ -n "$(find /sys/fs/cgroup -type d -name "tidegate-$id*" -print -quit)" ] || break
    find /sys/fs/cgroup -depth -type d -path "*/tidegate-$id*" -exec rmdir {} + 2>/dev/null || sleep 0.2
  done
  rm -rf --one-file-system -- "$work"
}
trap cleanup EXIT
export TIDEGATE_HOME=$work/home TMPDIR=$work
unshare --net --mount --pid --fork --kill-child --mount-proc -- \
  bash -c 'mkdir -p /run/tidegate; mount -t tmpfs -o mode=755 tmpfs /run/tidegate; ip link set lo up; "$@"' in-netns "$@"
