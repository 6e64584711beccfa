#!/usr/bin/env bash
# usage: tests/integration/fresh-machine.sh [REPOSITORY]     (as root; needs debootstrap and a Debian mirror)
# A Debian 12 minbase, entered by pivot_root in namespaces of its own: clone, `make build` with the
# machine's network (packages have to come from somewhere), then in a network namespace of its own
# `make up`, curl, `make up` again, `make down`. Prints the seconds of each.
# KEEP=1 keeps the tree.
set -euo pipefail
repository=$(cd "${1:-$(dirname "$0")/../..}" && pwd)
# shellcheck source=tests/integration/minbase.sh
. "$(dirname "$0")/minbase.sh"
root=$(mktemp -d /var/tmp/tidegate-fresh.XXXXXX)

cleanup() { [ -n "${KEEP:-}" ] || rm -rf --one-file-system -- "$root"; }
trap cleanup EXIT

minbase "$root"
git -c safe.directory='*' clone -q "$repository" "$root/opt/tidegate"

cat >"$root/trial" <<'E2'
#!/bin/bash
set -euo pipefail
cd /opt/tidegate
seconds() { local begin=$SECONDS; "$@"; echo "fresh-machine: $* took $((SECONDS - begin)) s"; }
if [ "${1:-}" != in-netns ]; then
  seconds make build
  exec unshare --net -- "$0" in-netns
fi
ip link set lo up
seconds make up
url=$(build/release/tidegate status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["Stacks"][0]["Url"])')
curl -fsS --max-time 10 "$url"
echo
seconds make up
seconds make down
[ "$(ip -o link | wc -l)" -eq 1 ] || { ip link; echo "fresh-machine: make down left a link"; exit 1; }
[ -z "$(nft list tables)" ] || { nft list tables; echo "fresh-machine: make down left a table"; exit 1; }
! grep -l tidegate /proc/[0-9]*/comm || { echo "fresh-machine: make down left a process"; exit 1; }
echo "fresh-machine: 1 passed, 0 failed"
E2
chmod +x "$root/trial"

# Outside of any network namespace of its own: package and wheel downloads need the machine's network.
export ROOT=$root
unshare --mount --pid --fork --kill-child --uts --ipc --propagation private -- bash -euo pipefail -c '
  mount --bind "$ROOT" "$ROOT"
  cd "$ROOT"
  mount -t proc proc proc
  mount --rbind /sys sys
  mount --rbind /dev dev
  mount -t tmpfs tmpfs run
  mount -t tmpfs tmpfs tmp
  mkdir -p old
  pivot_root . old
  cd /
  umount -l /old
  rmdir /old
  exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" \
    PIP_INDEX_URL="${PIP_INDEX_URL:-}" PIP_CERT="${PIP_CERT:-}" TERM=dumb /trial </dev/null
'
