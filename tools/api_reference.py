#!/usr/bin/env python3
"""Writes the operations of docs/reference/api.md, between its two marks, from the AWS service models and from our sources.

usage: tools/api_reference.py [--check]      (--check changes nothing, and fails when the page is out of date)

An operation is supported when src/edge/api has a handler for it; what it refuses of its members follows from the handler's
list. What else is to know stands in tools/codegen/differences.json, by service and operation; why a documented error code is
never answered, in tools/codegen/never_answered.json: by service and code, and where only some operations never answer it, by
the names of these.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CODEGEN = ROOT / "tools" / "codegen"
PAGE = ROOT / "docs" / "reference" / "api.md"
BEGIN, END = "<!-- operations: written by tools/api_reference.py -->", "<!-- end of operations -->"
HANDLER = re.compile(r"(?:reads|writes)<(\w+)Operation>\(\s*\{([^}]*)\}")
# What clients call these services, and in which protocols they are spoken here.
SERVICES = {"autoscaling": "query", "cloudformation": "query", "cloudwatch": "RPC v2 CBOR, JSON 1.0, query", "ec2": "ec2",
            "elbv2": "query", "sts": "query", "elasticache": "query"}
# What src/edge/api/calls acts on for every operation of a service.
EVERYWHERE = {"ec2": {"DryRun"}}

sys.path.insert(0, str(CODEGEN))
import models  # noqa: E402  (found through the line above)


def handlers(service):
    """operation → the members that its handler acts on."""
    found = {}
    for source in sorted((ROOT / "src" / "edge" / "api" / service).rglob("*.cc")):
        for operation, members in HANDLER.findall(source.read_text()):
            found[operation] = set(re.findall(r'"(\w+)"', members)) | EVERYWHERE.get(service, set())
    return found


def codes_in_sources():
    """Every text between quotes that may be an error's code, of what ships."""
    codes = set()
    for folder in ("src/edge", "src/engine", "src/core"):
        for source in (ROOT / folder).rglob("*.cc"):
            if not source.name.endswith("_test.cc"):
                codes |= set(re.findall(r'"([A-Z][\w.]+)"', source.read_text()))
    return codes


def members_of(model, operation):
    shape = model["operations"][operation].get("input", {}).get("shape")
    return list(model["shapes"][shape].get("members", {})) if shape else []


def errors_of(model, operation):
    for error in model["operations"][operation].get("errors", []):
        shape = model["shapes"][error["shape"]]
        yield shape.get("error", {}).get("code", error["shape"])


def reasons_of(service):
    """(operation, code) → why that is never answered; the operation "*" stands for all of the service."""
    given = json.loads((CODEGEN / "never_answered.json").read_text()).get(service, {})
    found = {}
    for code, why in given.items():
        for operations, reason in ({"*": why} if isinstance(why, str) else why).items():
            found |= {(operation, code): reason for operation in operations.split(", ")}
    return found


def reason_for(reasons, operation, code):
    """Of reasons_of(); None when the operation may answer the code."""
    return reasons.get((operation, code), reasons.get(("*", code)))


def documented():
    """(service, operation, code, the name of its shape, why it is never answered or None) of all supported operations."""
    wheel = models.wheel(pathlib.Path.home() / ".cache" / "tidegate")
    for service, entry in sorted(json.loads((CODEGEN / "operations.json").read_text()).items()):
        model, reasons = models.load(wheel, entry["model"]), reasons_of(service)
        for operation in sorted(handlers(service)):
            shapes = [error["shape"] for error in model["operations"][operation].get("errors", [])]
            for code, shape in zip(errors_of(model, operation), shapes):
                yield service, operation, code, shape, reason_for(reasons, operation, code)


def row(service, model, operation, accepted, notes):
    refused = [member for member in members_of(model, operation) if member not in accepted]
    never = sorted(code for code in errors_of(model, operation)
                   if reason_for(reasons_of(service), operation, code) is not None)
    said = [notes] if notes else []
    if refused:
        said.append("refused: " + ", ".join(refused))
    if never:
        said.append("never answered: " + ", ".join(never))
    return f"| {operation} | {'; '.join(said) or 'as in AWS'} |"


def check_reasons(service, model, ours, codes):
    """Every reason is for a code that AWS documents there, and every code that no source has, has one."""
    given = reasons_of(service)
    pairs = {(operation, code) for operation in ours for code in errors_of(model, operation)}
    strange = [key for key in given if key not in pairs | {("*", code) for _, code in pairs if code not in codes}]
    if strange:
        sys.exit(f"tools/codegen/never_answered.json: {service}: AWS documents no such thing, or it is answered: {strange}")
    missing = sorted({code for operation, code in pairs if code not in codes and reason_for(given, operation, code) is None})
    if missing:
        sys.exit(f"tools/codegen/never_answered.json: {service} must give reasons for {missing}, which no source has")


def reasons(service):
    """A line for each documented code that no call here can get, or no call of some operations."""
    given = json.loads((CODEGEN / "never_answered.json").read_text()).get(service, {})
    lines = []
    for code, why in sorted(given.items()):
        if isinstance(why, str):
            lines.append(f"- {code}: {why}")
        else:
            lines += [f"- {code}, of {operations}: {reason}" for operations, reason in sorted(why.items())]
    return ["", "Never answered:", *lines] if lines else []


def section(service, model, notes, codes):
    ours = handlers(service)
    check_reasons(service, model, ours, codes)
    lines = [f"### {service}", f"Protocols: {SERVICES[service]}. {len(ours)} of {len(model['operations'])} operations.", "",
             "| operation | how it differs |", "|---|---|"]
    lines += [row(service, model, name, ours[name], notes.get(name)) for name in sorted(ours)]
    lines += reasons(service)
    others = sorted(set(model["operations"]) - set(ours))
    if len(others) <= 120:
        lines += ["", "Not supported: " + ", ".join(others) + "."]
    else:
        lines += ["", f"Not supported: the other {len(others)}."]
    return lines + [""]


def written():
    differences = json.loads((CODEGEN / "differences.json").read_text())
    codes = codes_in_sources()
    wheel = models.wheel(pathlib.Path.home() / ".cache" / "tidegate")
    lines = []
    for service, entry in sorted(json.loads((CODEGEN / "operations.json").read_text()).items()):
        lines += section(service, models.load(wheel, entry["model"]), differences.get(service, {}), codes)
    return "\n".join(lines)


def main():
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + "\n" + written() + END + after
    if "--check" in sys.argv[1:]:
        good = new == page
        if not good:
            print("docs/reference/api.md is out of date: run tools/api_reference.py")
        print("1 passed, 0 failed" if good else "0 passed, 1 failed")
        return 0 if good else 1
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
