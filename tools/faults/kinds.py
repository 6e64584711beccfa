"""The kinds of faults, and where in a C++ file each could be planted.

A fault is a place and what stands there instead; `form` says how plant.py writes both. Found by pattern on
the text without comments and literals: the house's formatting (spaces around operators) makes that exact.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tidy import blank  # noqa: E402  (the same idea of what is code)

COMPARISONS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ", " != ": " == "}
SUMS = {" + ": " - ", " - ": " + "}
LOGIC = {" && ": " || ", " || ": " && "}
EXTREMES = {"std::min(": "std::max(", "std::max(": "std::min("}

NO_CODE = re.compile(r"\s*(#|template|static_assert|TG_CHECK|case |using |\}?\s*// )")
ORDERING = re.compile(r"\b(?:order\w*|\w+_first) (!=|==|<|>) 0")  # of a comparison: -1, 0, 1 and no number
CONSTANTS = (re.compile(r"\bk[A-Z]\w* = (\d[\d']*)\b"), re.compile(r"[=(] ?(\d[\d']*)[;)]"))
# A statement on one line that does something: a call, an assignment or a guard; no declaration, no return.
STATEMENT = re.compile(r"^ {2,}(?!return\b|break|continue|using |static_assert|TG_CHECK|case |goto|const |auto |else)"
                       r"((?:[\w.\->\[\]()*:]+?)\s*(?:[+\-*/|&]?=(?!=)\s*\S.*|\(.*\))|\+\+\S+|--\S+|\S+\+\+|\S+--);$")
GUARD = re.compile(r"^ {2,}if \(.*\) (return\b.*|continue|break);$")
DECLARES = re.compile(r"\s*TG_ASSIGN_OR_RETURN\([^,]* ")
HEAD = re.compile(r"\s*(if|for|while|\} else)\b")


@dataclass
class Fault:
    path: str
    line: int  # from 1
    kind: str  # comparison, off by one, logic, dropped statement
    old: str  # the line as it is
    new: str  # and as the fault has it
    form: str  # binary, not, extreme, one, constant, logic, drop (plant.py)
    at: int  # of what is replaced, in the file's text
    text: str  # what is replaced
    number: int = 0  # which plant.py gives it


class Line:
    """One line: as it is, without comments and literals, and where it begins in the file's text."""

    def __init__(self, raw, shown, start, before):
        self.raw, self.shown, self.start = raw, shown, start
        self.before = before  # the line of code above


def lines_of(text):
    start, before = 0, ""
    for raw, shown in zip(text.split("\n"), blank(text).split("\n")):
        yield Line(raw, shown, start, before)
        start += len(raw) + 1
        before = shown.rstrip() if shown.strip() else before


def comparisons(line):
    for old, new in COMPARISONS.items():
        for match in re.finditer(re.escape(old), line.shown):
            if not ORDERING.search(line.shown):
                yield "binary", match.start(), old, new
    for match in re.finditer(r"if \(!", line.shown):
        yield "not", match.end() - 1, "!", ""
    for old, new in EXTREMES.items():
        for match in re.finditer(re.escape(old), line.shown):
            yield "extreme", match.start(), old, new


def off_by_ones(line):
    for match in re.finditer(r" [+-] 1(?![\w.'])", line.shown):
        yield "one", match.start(), match.group(0), ""
    if '"' not in line.shown and "to_string" not in line.shown:  # a + of texts has no -
        for match in re.finditer(r" [+-] (?!1(?![\w.']))", line.shown):
            yield "binary", match.start(), match.group(0), SUMS[match.group(0)]
    found = next(filter(None, (pattern.search(line.shown) for pattern in CONSTANTS)), None)
    if found and not ORDERING.search(line.shown):
        yield "constant", found.start(1), found.group(1), str(int(found.group(1).replace("'", "")) + 1)


def logic(line):
    for old, new in LOGIC.items():
        for match in re.finditer(re.escape(old), line.shown):
            yield "logic", match.start(), old, new


def dropped_statements(line):
    if not (STATEMENT.match(line.shown) or GUARD.match(line.shown)):
        return
    # The rest of a statement that began above is none by itself.
    begins = line.before.endswith((";", "{", "}", ":", "else")) or line.before.endswith(")") and HEAD.match(line.before)
    if begins and line.shown.lstrip()[0] not in ".?:&|" and not DECLARES.match(line.shown):
        indent = len(line.raw) - len(line.raw.lstrip())
        yield "drop", indent, line.raw[indent:], ";"


KINDS = {"comparison": comparisons, "off by one": off_by_ones, "logic": logic, "dropped statement": dropped_statements}


def faults_of(path, text):
    """Every fault that could be planted in a file."""
    for number, line in enumerate(lines_of(text), 1):
        if NO_CODE.match(line.shown) or "operator" in line.shown:
            continue
        for kind, places in KINDS.items():
            for form, column, old, new in places(line):
                faulty = line.raw[:column] + new + line.raw[column + len(old):]
                yield Fault(path, number, kind, line.raw.strip(), faulty.strip(), form, line.start + column, old)
