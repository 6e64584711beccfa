#!/usr/bin/env python3
"""Every supported operation is driven by every client, right and wrong, and every error code that AWS documents for it was
answered, or cannot be and that is said: read from the records of the other programs.

usage: every_operation_test.py TOOLS      (after the other conformance tests; TOOLS is made by make_clients.py)
"""

import json
import pathlib
import sys

from clients import CALLS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import api_reference  # noqa: E402  (found through the line above)

RECORDED = ("balancers_test", "errors_test", "operations_test", "stacks_test")
ALWAYS = ("boto3", "aws cli v1", "aws cli v2")  # what tools/install.sh and PyPI give; the JS SDK needs a machine with node


def calls_of(tools):
    """Every recorded call; fails with the name of a program that left none."""
    for program in RECORDED:
        record = pathlib.Path(tools) / CALLS / f"{program}.jsonl"
        if not record.exists():
            sys.exit(f"no record of {program}: run it whole before this check\n0 passed, 1 failed")
        for line in record.read_text().splitlines():
            yield json.loads(line)


def holes(calls, supported, clients):
    """A sentence for each operation that a client did not drive right or did not drive wrong."""
    driven = {(c["client"], c["service"], c["operation"], c["code"] is None) for c in calls}
    for service, operation in supported:
        for client in clients:
            for right, word in ((True, "right"), (False, "wrong")):
                if (client, service, operation, right) not in driven:
                    yield f"{service} {operation}: {client} did not drive it {word}"


def silent_codes(calls, documented):
    """A sentence for each documented code that no call got and that has no reason, and for each reason that is none."""
    answered = {(c["service"], c["operation"], c["code"]) for c in calls}
    for service, operation, code, shape, reason in documented:
        got = not answered.isdisjoint({(service, operation, code), (service, operation, shape)})  # SDKs may name the shape
        if not got and reason is None:
            yield f"{service} {operation}: nothing was answered {code}, and never_answered.json does not say why"
        if got and reason is not None:
            yield f"{service} {operation}: {code} was answered, and never_answered.json says why that cannot be: {reason}"


def main():
    calls = list(calls_of(sys.argv[1]))
    clients = sorted({call["client"] for call in calls} | set(ALWAYS))
    supported = [(service, operation) for service in sorted(api_reference.SERVICES)
                 for operation in sorted(api_reference.handlers(service))]
    documented = list(api_reference.documented())
    missing = [*holes(calls, supported, clients), *silent_codes(calls, documented)]
    print("\n".join(missing))
    print(f"{len(supported)} operations, right and wrong, by {', '.join(clients)}: {len(calls)} calls")
    never = sum(reason is not None for *_, reason in documented)
    print(f"{len(documented)} documented error codes of operations: {len(documented) - never} answered, {never} cannot be")
    good = not missing and len(supported) > 100 and len(documented) > 250
    print("1 passed, 0 failed" if good else "0 passed, 1 failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
