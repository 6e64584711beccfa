#!/bin/sh
# The receiver `on-call` of stack.yaml: gets each alert as one JSON line on standard input.
# Put your own pager here; this one writes to the system's log where there is one, else to a file.
alert=$(cat)
if command -v logger >/dev/null 2>&1 && [ -S /dev/log ]; then
  logger -t tidegate-alert -- "$alert"
else
  printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$alert" >>"${TIDEGATE_HOME:-/tmp}/on-call.log"
fi
