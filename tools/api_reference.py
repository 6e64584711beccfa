#!/usr/bin/env python3
"""Writes the operations of docs/reference/api.md, between its two marks, from the AWS service models and from our sources.

usage: tools/api_reference.py [--check]      (--check changes nothing, and fails when the page is out of date)

An operation is supported when src/edge/api has a handler for it; what it refuses of its members follows from the handler's
list. What else is to know stands in tools/codegen/differences.json, by service and operation; why a documented error code is
never answered, in tools/codegen/never_answered.json.
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


def row(model, operation, accepted, notes, codes):
    refused = [member for member in members_of(model, operation) if member not in accepted]
    never = sorted(code for code in errors_of(model, operation) if code not in codes)
    said = [notes] if notes else []
    if refused:
        said.append("refused: " + ", ".join(refused))
    if never:
        said.append("never answered: " + ", ".join(never))
    return f"| {operation} | {'; '.join(said) or 'as in AWS'} |"


def reasons(service, model, ours, codes):
    """A line for each documented code that no call here can get; each has its reason, and no other has one."""
    given = json.loads((CODEGEN / "never_answered.json").read_text()).get(service, {})
    never = {code for operation in ours for code in errors_of(model, operation)} - codes
    if never != set(given):
        sys.exit(f"tools/codegen/never_answered.json: {service} must give reasons for {sorted(never)}, and for nothing else")
    return ["", "Never answered:", *(f"- {code}: {given[code]}" for code in sorted(never))] if never else []


def section(service, model, notes, codes):
    ours = handlers(service)
    lines = [f"### {service}", f"Protocols: {SERVICES[service]}. {len(ours)} of {len(model['operations'])} operations.", "",
             "| operation | how it differs |", "|---|---|"]
    lines += [row(model, name, ours[name], notes.get(name), codes) for name in sorted(ours)]
    lines += reasons(service, model, ours, codes)
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
