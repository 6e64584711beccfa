#!/usr/bin/env bash
# usage: tools/down.sh TIDEGATE [--remove-home]
# Deletes every stack of this home, then stops the control plane and the balancer.
set -euo pipefail
tidegate=$1
default=/var/lib/tidegate
[ "$(id -u)" -eq 0 ] || default=${XDG_DATA_HOME:-$HOME/.local/share}/tidegate
home=${TIDEGATE_HOME:-$default}

if [ ! -d "$home" ]; then
  echo "down: nothing to do, there is no home at $home" >&2
  exit 0
fi
if [ ! -x "$tidegate" ]; then
  echo "down: $tidegate is not built, but the home $home exists; run make build first" >&2
  exit 1
fi

stacks() {
  "$tidegate" status --json 2>/dev/null |
    /usr/bin/python3 -c 'import json, sys; [print(s["StackName"]) for s in json.load(sys.stdin)["Stacks"]]'
}
reached() {
  local code=0
  "$tidegate" status --json >/dev/null 2>&1 || code=$?
  [ "$code" -ne 3 ]
}
# Instances outlive the control plane; only a control plane can end them in order.
reached || "$tidegate" serve --detach >&2
for stack in $(stacks); do
  "$tidegate" down "$stack"
done
"$tidegate" stop --all
if [ "${2:-}" = --remove-home ]; then
  rm -rf -- "$home"
  echo "down: removed $home" >&2
fi
