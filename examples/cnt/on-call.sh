#!/bin/sh
# The receiver `on-call` of stack.yaml: started for each alert, which is one JSON object on standard input
# (AlarmName, NewStateValue, NewStateReason, …). It runs in its own folder, and again if it does not exit 0.
# Put your pager here; this one keeps a log.
printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cat)" >>on-call.log
