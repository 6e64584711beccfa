#!/usr/bin/env bash
# usage: tools/try.sh TIDEGATE    what to do next, printed at the end of `make up`
set -euo pipefail
url=$("$1" status --json | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)["Stacks"][0]["Url"])')
cat <<EOF

Three things to try:
  curl $url
  $1 rehearse scale-up
  $1 explain group cnt-backend-asg
EOF
