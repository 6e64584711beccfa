"""Writes a C++ file with all its faults in it, each asleep until the environment names its number (fault.h).

Lines stay where they are, so that a compiler's complaint names the place. What does not compile is learned
(build.py): `without` says how much of a line to leave alone.
"""

import re

from kinds import LOGIC, blank, faults_of

NUMBERS = 1 << 16  # kNumbers of fault.h
PER_FILE = 500  # numbers a file may use
# A constant that the compiler computes.
COMPILED = re.compile(r"(?:static |inline )*const(expr|init) (?=.*\bk[A-Z]\w*( =|\{))")
WORDS = {" < ": "Lt", " <= ": "Le", " > ": "Gt", " >= ": "Ge", " == ": "Eq", " != ": "Ne",
         " + ": "Plus", " - ": "Minus"}

# How much of a line is left alone: what fails most, or all of it.
FRAGILE, WHOLE = 1, 2


class Edit:
    """`text` instead of `length` characters at `at`. At one place: what closes, what opens (the widest first),
    what replaces."""

    def __init__(self, at, text, length=0, order=2.0):
        self.at, self.text, self.length = at, text, length
        self.sort = (at, order)


def chain(shown, at):
    """From where to where the operands of the && or || at `at` reach: to the bracket, comma or = around them."""
    low, depth = at, 0
    while low > 0:
        char = shown[low - 1]
        depth += (char in ")]}") - (char in "([{")
        if depth < 0 or depth == 0 and (char in ",;?" or re.match(r"\s[=:]\s", shown[low - 2:low + 1])
                                        or shown.endswith("return ", 0, low)):
            break
        low -= 1
    high, depth = at, 0
    while high < len(shown):
        char = shown[high]
        depth += (char in "([{") - (char in ")]}")
        if depth < 0 or depth == 0 and (char in ",;?" or shown[high - 1:high + 2] == " : "):
            break
        high += 1
    while shown[low].isspace():
        low += 1
    while shown[high - 1].isspace():
        high -= 1
    return low, high


def span(fault, text, shown):
    """The first and last line that the written fault touches."""
    if fault.form != "logic":
        return fault.line, fault.line
    low, high = chain(shown, fault.at)
    return text.count("\n", 0, low) + 1, text.count("\n", 0, high) + 1


def edits(fault, text, shown):
    """How the fault is written; nothing where this tool cannot."""
    at, number, length = fault.at, fault.number, len(fault.text)
    if fault.form == "binary":
        return [Edit(at, f"{fault.text}planted::{WORDS[fault.text]}{{{number}}}{fault.text}", length)]
    if fault.form == "not":
        return [Edit(at, f"planted::Not{{{number}}}->*", length)]
    if fault.form == "extreme":
        return [Edit(at, f"planted::{fault.text[5:-1]}({number}, ", length)]
    if fault.form == "one":
        return [Edit(at, f"{fault.text[:3]}planted::one({number})", length)]
    if fault.form == "constant":
        return [Edit(at, f"({fault.text} + planted::more({number}))", length)]
    if fault.form == "logic":
        return logic_edits(fault, text, shown)
    end = shown.rfind(";", at, at + length) + 1
    return [Edit(at, f"{{ if (!planted::on({number})) {{ ", order=0.5), Edit(end, " } }", order=3)]


def logic_edits(fault, text, shown):
    low, high = chain(shown, fault.at)
    if not low < fault.at < high or "//" in text[low:high]:
        return []
    other = text[low:fault.at] + LOGIC[fault.text] + text[fault.at + 4:high]
    begin = f"(planted::on({fault.number}) ? bool({' '.join(other.split(chr(10)))}) : bool("
    width = (high - low) / len(text)
    return [Edit(low, begin, order=1 - width / 2), Edit(high, "))", order=width / 2)]


def plant(path, text, first, without):
    """The text with its faults, numbered from `first`, and the faults. `without`: line → FRAGILE or WHOLE."""
    shown = blank(text)
    written, planted, taken = [], [], set()
    for fault in faults_of(path, text):
        low, high = span(fault, text, shown)
        level = max((without.get(line, 0) for line in range(low, high + 1)), default=0)
        fragile = fault.form in ("drop", "constant") or fault.text in (" + ", " - ")
        fault.number = first + len(planted)
        if level >= WHOLE or level == FRAGILE and fragile:
            continue
        parts = edits(fault, text, shown)
        places = {place for edit in parts for place in range(edit.at, edit.at + edit.length)}
        if not parts or places & taken:
            continue
        taken |= places
        written += parts
        planted.append(fault)
        begin = shown.rfind("\n", 0, fault.at) + 1
        constant = COMPILED.match(shown, begin)  # not any more: its fault is asked for when the program begins
        if constant and begin not in taken:
            taken.add(begin)
            written.append(Edit(begin, "const ", constant.end() - begin))
    if len(planted) > PER_FILE:
        raise ValueError(f"{path}: {len(planted)} faults, PER_FILE is {PER_FILE}")
    out, last = [], 0
    for edit in sorted(written, key=lambda edit: edit.sort):
        out += [text[last:edit.at], edit.text]
        last = edit.at + edit.length
    return "".join([*out, text[last:]]), planted
