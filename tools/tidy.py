#!/usr/bin/env python3
"""The house rules that a compiler does not know. A ctest named `tidy`; must stay under 2 s.

usage: tools/tidy.py            check; one line per finding, then `N passed, N failed` (rules)
       tools/tidy.py --ratchet  write tools/tidy-ratchet.txt anew: today's offenders against the limits

Each function `rule_…` is one rule and yields (path, line, sentence). Offenders in the ratchet file may
only shrink.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RATCHET = ROOT / "tools" / "tidy-ratchet.txt"
SKIP_FOLDERS = {".git", "build", "node_modules", "__pycache__", ".venv", "image", "image.new",
                "image.previous", ".cache"}
LIMITS = {"file": 500, "header": 200, "line": 100, "folder": 15, "function": 60, "parameters": 5}
TEST_FUNCTION_LIMIT = 120  # a table of cases is data, not logic


class Source:
    """One C++ file: raw text, and the same text with comments and literals blanked (same lines)."""

    def __init__(self, path):
        self.path = path
        self.raw = (ROOT / path).read_text(encoding="utf-8")
        self.lines = self.raw.split("\n")
        self.code = blank(self.raw)
        self.is_test = path.endswith(("_test.cc", "_fixture.h")) or path.startswith("tests/")
        self.includes = [(self.raw.count("\n", 0, m.start()) + 1, m.group(1), m.group(2))
                         for m in re.finditer(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', self.raw, re.M)]

    def find(self, pattern):
        for match in re.finditer(pattern, self.code, re.M):
            yield self.code.count("\n", 0, match.start()) + 1, match


BLANK = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.S)


def blank(text):
    """Comments and literals become spaces; a string keeps its quotes."""
    def spaces(match):
        piece = match.group(0)
        if piece.startswith(("//", "/*")) or "\n" in piece:
            return re.sub(r"[^\n]", " ", piece)
        return piece[0] + " " * (len(piece) - 2) + piece[-1]
    return BLANK.sub(spaces, text)


class Tree:
    def __init__(self):
        self.files = sorted(walk(ROOT))
        self.cpp = [Source(p) for p in self.files
                    if p.endswith((".cc", ".h")) and p.startswith(("src/", "tests/", "bench/"))]
        self.layers = tomllib.loads((ROOT / "src" / "layers.toml").read_text())
        self.modules = sorted(str(Path(p).parent)[len("src/"):] for p in self.files
                              if re.match(r"src/.+/CMakeLists.txt$", p))

    def module_of(self, path):
        """The module of a path below src/: the longest one that holds it, or None."""
        holders = [m for m in self.modules if path.startswith(m + "/")]
        return max(holders, key=len, default=None)


def walk(folder):
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name == ".git" or entry.suffix == ".profraw":  # .git: a worktree
            continue
        if entry.is_dir():
            if entry.name not in SKIP_FOLDERS:
                yield from walk(entry)
        else:
            yield str(entry.relative_to(ROOT))


# --- arrows ---


def permitted(entry, module, header):
    if entry.endswith(".h"):
        return header == entry
    if entry.endswith("*"):
        return module.startswith(entry[:-1])
    return module == entry


def rule_layers(tree):
    """An include against an arrow of src/layers.toml."""
    entries, private = tree.layers["modules"], tree.layers["private"]
    for module in tree.modules:
        if not any(permitted(key, module, "") for key in entries):
            yield "src/layers.toml", 1, f"module {module} has no entry"
    for source in tree.cpp:
        own = tree.module_of(source.path[4:]) if source.path.startswith("src/") else None
        if own is None:
            continue
        keys = [key for key in entries if permitted(key, own, "")]
        entry = entries[max(keys, key=len)] if keys else {"may": []}
        may = entry["may"] + (entry.get("test", []) + ["sim", "ports"] if source.is_test else [])
        for line, quote, header in source.includes:
            module = tree.module_of(header)
            if quote == "<" or module is None or module == own:
                continue
            if header.endswith("_fixture.h") and not source.is_test:
                yield source.path, line, f"{header} is for tests"
            if not any(permitted(one, module, header) for one in may):
                yield source.path, line, f"{own} may not include {header} (src/layers.toml)"
            if header[len(module) + 1:] in private.get(module, ()):
                yield source.path, line, f"{header} is {module}'s own business (src/layers.toml, private)"


def rule_third_party(tree):
    """Third-party and system headers only where src/layers.toml has them."""
    allowed = tree.layers["third_party"]
    no_system = tuple(tree.layers["operating_system"]["forbidden_in"])
    for source in tree.cpp:
        for line, quote, header in source.includes:
            if quote == '"' or re.fullmatch(r"[a-z_0-9]+", header):
                continue
            key = next((key for key in allowed if header.startswith(key)), None)
            if key is None:
                if source.path.startswith(no_system) and not source.is_test:
                    yield source.path, line, f"<{header}>: the operating system stays out of here"
                elif "/" in header and not header.startswith(SYSTEM) or header.endswith(".hpp"):
                    yield source.path, line, f"<{header}> is a library src/layers.toml does not know"
            elif not any(place in source.path for place in allowed[key]):
                yield source.path, line, f"<{header}> belongs in {', '.join(allowed[key])} only"


SYSTEM = ("sys/", "linux/", "net/", "netinet/", "arpa/", "asm/", "bits/", "sanitizer/")


def rule_own_header_first(tree):
    """x.cc includes x.h first, which proves that x.h stands alone; headers say #pragma once."""
    paths = {source.path for source in tree.cpp}
    for source in tree.cpp:
        if source.path.endswith(".h"):
            if not re.search(r"^#pragma once$", source.raw, re.M):
                yield source.path, 1, "no #pragma once"
            continue
        own = source.path[:-3] + ".h"
        if source.path.startswith("src/") and own in paths:
            first = source.includes[0][2] if source.includes else None
            if first != own[len("src/"):]:
                yield source.path, 1, f'the first include is not its own header "{own[4:]}"'


def rule_relative_includes(tree):
    """Quoted includes are paths from src/ (or tests/)."""
    paths = {source.path for source in tree.cpp}
    for source in tree.cpp:
        for line, quote, header in source.includes:
            known = any(f"{base}/{header}" in paths for base in ("src", "tests", "bench"))
            if quote == '"' and not known and not header.startswith("edge/api/models/"):
                yield source.path, line, f'"{header}" is no file below src/'


# --- words ---

# (pattern, where it is allowed, what to use instead); paths are regular expressions on the file's path.
BANNED = [
    (r"\b(system|steady|high_resolution)_clock\b", r"^src/(apps|sim)/|^src/net/.*clock|^bench/|^tests/(integration|conformance)/",
     "a Clock that you are given (ports/clock.h); base/time.h has the types"),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", r"^src/apps/|^bench/", "wait for an event, with a deadline"),
    (r"\b(std::rand|srand|random_device|std::\w+_distribution|mt19937\w*)\b", r"^src/apps/", "base/rng.h"),
    (r"\b(secure_)?getenv\b", r"^src/apps/|^tests/|^bench/", "configuration parsed by apps/"),
    (r"\bstd::(j?thread|async)\b", r"^src/(apps|net|balancer|adapters|edge)/|^tests/|^bench/|_test\.cc$",
     "nothing: what decides has one thread and is given it"),
    (r"\.detach\(\)", r"$^", "a thread that somebody joins"),
    (r"\bshared_ptr\b|\bmake_shared\b", r"_test\.cc$|^tests/sample/|^src/(edge|net|engine)/|^src/apps/", "a value, a reference or a unique_ptr"),
    (r"\b(?<!operator )(new|delete)\b(?!\s*;|\s*\))", r"$^", "a value or a unique_ptr"),
    (r"\bassert\s*\(", r"$^", "TG_CHECK (base/check.h)"),
    (r"\bstd::(cout|cerr|clog)\b|#include <iostream>", r"^src/apps/|^bench/|^tests/", "base/log.h"),
    (r"\bstd::regex\b|#include <regex>", r"$^", "base/text.h (a header that costs 0.3 s, and slow)"),
    (r"\bdynamic_cast\b", r"$^", "a variant or a virtual function"),
    (r"\b(localtime|gmtime|strftime|mktime)(_r)?\b", r"$^", "base/time.h"),
    (r"\b(atoi|atol|atof|strtol|strtoul|strtod|stoi|stol|stod|stoul|stoull)\b", r"^src/apps/shim/|_test\.cc$|^tests/", "base/text.h"),
    (r"\bcatch \(\.\.\.\)", r"$^", "catch what the library throws, by its type"),
]


def rule_banned(tree):
    """Tokens that have a better word here."""
    for source in tree.cpp:
        for pattern, allowed, instead in BANNED:
            if re.search(allowed, source.path):
                continue
            for line, match in source.find(pattern):
                word = match.group(0).strip()
                if word == "delete" and re.search(r"=\s*delete", source.lines[line - 1]):
                    continue
                if "tidy: allow" in source.lines[line - 1] or (line > 1 and "tidy: allow" in source.lines[line - 2]):
                    continue
                yield source.path, line, f"{word}: use {instead}"


def rule_headers_keep_names(tree):
    """No `using namespace` in a header."""
    for source in tree.cpp:
        if source.path.endswith(".h"):
            for line, _ in source.find(r"^\s*using namespace\b"):
                yield source.path, line, "using namespace in a header"


def rule_header_paragraph(tree):
    """A header of src/ begins with a paragraph that says what it is."""
    for source in tree.cpp:
        if source.path.startswith("src/") and source.path.endswith(".h"):
            if not re.match(r"(#pragma once\s+)?//", source.raw):
                yield source.path, 1, "the header does not begin with what it is"


def rule_todo(tree):
    """TODO(#123): … or nothing."""
    for path in tree.files:
        if not path.endswith((".cc", ".h", ".py", ".sh", ".yaml", ".cmake", ".ts")) or path == "tools/tidy.py":
            continue
        for number, line in enumerate(text_of(path).split("\n"), 1):
            if re.search(r"\b(TODO(?!\(#\d+\))|FIXME|XXX)\b", line):
                yield path, number, "a TODO names its issue: TODO(#123): …"


def rule_inside(tree):
    """Nothing refers to a folder outside the repository."""
    for path in tree.files:
        if path == "tools/tidy.py" or not is_text(path):
            continue
        for number, line in enumerate(text_of(path).split("\n"), 1):
            if re.search(r"(?<![\w.\"'])/work/|\.\./shared\b|\bshared/(design|semantics|reference)\b|/root/\.", line):
                yield path, number, "refers to a folder outside the repository"


def rule_whitespace(tree):
    """No tabs in C++ and Python, no trailing spaces, a newline at the end."""
    for path in tree.files:
        if not is_text(path):
            continue
        text = text_of(path)
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no newline at the end"
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and not path.endswith((".md", ".golden", ".txt")):
                yield path, number, "trailing white space"
            if "\t" in line and path.endswith((".cc", ".h", ".py")):
                yield path, number, "a tab"


# --- limits: (path, measure) above LIMITS, unless the ratchet has it ---


def measures(tree):
    folders = {}
    for source in tree.cpp:
        if not source.is_test and not source.path.endswith("_fuzz.cc"):
            folder = str(Path(source.path).parent)
            folders.setdefault(folder, set()).add(Path(source.path).stem)  # x.h beside x.cc is one
        size = len(source.lines) - 1
        kind = "header" if source.path.endswith(".h") else "file"
        yield kind, source.path, 1, size, f"{size} lines in a {kind}"
        for number, line in enumerate(source.lines, 1):
            if len(line) > LIMITS["line"] and "http" not in line and "R\"" not in line:
                yield "line", source.path, number, len(line), f"{len(line)} columns"
        for name, line, length, parameters in functions(source):
            limit = TEST_FUNCTION_LIMIT if source.is_test else LIMITS["function"]
            over = length if length > limit else 0
            yield "function", f"{source.path}:{name}", line, over, f"{name} has {length} lines"
            yield "parameters", f"{source.path}:{name}", line, parameters, f"{name} has {parameters} parameters"
    for folder, stems in folders.items():
        count = len(stems)
        yield "folder", folder, 1, count, f"{count} files in a folder"


SCOPE = re.compile(r"\b(namespace|class|struct|enum|union|extern)\b")


def functions(source):
    """(name, first line, lines, parameters) of each function definition, found by braces.
    A brace opens a function when only namespaces and classes enclose it and a `)` precedes it."""
    code = re.sub(r"^\s*#.*(?:\\\n.*)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), source.code, flags=re.M)
    stack = []  # True for a scope (namespace, class), False for anything else
    begin = 0
    opened = None
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match.group(0) == "{":
            head = code[begin:at].strip()
            in_scope = all(stack)
            is_scope = in_scope and SCOPE.search(re.sub(r"<[^<>]*>", "", head)) and not head.endswith(")") \
                and "(" not in re.sub(r"alignas\([^)]*\)", "", head)
            is_scope = is_scope or (in_scope and re.match(r"(inline )?namespace\b|extern \"", head))
            if in_scope and not is_scope and "(" in head:
                opened = (head, begin + len(code[begin:at]) - len(code[begin:at].lstrip()))
            stack.append(bool(is_scope))
        elif match.group(0) == "}":
            if stack:
                stack.pop()
            if opened is not None and all(stack):
                head, start = opened
                first = code.count("\n", 0, start) + 1
                last = code.count("\n", 0, at) + 1
                yield name_of(head), first, last - first + 1, parameters_of(head)
                opened = None
        if all(stack):
            begin = at + 1


def name_of(head):
    match = re.search(r"([\w:~]+|operator\s*\S+)\s*\(", head)
    return match.group(1) if match else head[:30]


def parameters_of(head):
    if head.startswith("TEST_CASE"):
        return 0
    start = head.find("(")
    depth = angle = count = 0
    for index in range(start, len(head)):
        char = head[index]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return count + 1 if head[start + 1:index].strip() else 0
        elif char == "<":
            angle += 1
        elif char == ">":
            angle -= 1
        elif char == "," and depth == 1 and angle == 0:
            count += 1
    return 0


def ratchet_entries():
    if not RATCHET.exists():
        return {}
    entries = {}
    for line in RATCHET.read_text().split("\n"):
        if line and not line.startswith("#"):
            kind, rest = line.split(" ", 1)
            path, value = rest.rsplit(" ", 1)
            entries[(kind, path)] = int(value)
    return entries


def offenders(tree):
    worst = {}
    for kind, path, line, value, sentence in measures(tree):
        if value > LIMITS[kind] and value > worst.get((kind, path), (0,))[0]:
            worst[(kind, path)] = (value, line, sentence)
    return worst


def rule_limits(tree):
    """Sizes (STYLE 9); what tools/tidy-ratchet.txt lists may only shrink."""
    entries = ratchet_entries()
    found = offenders(tree)
    for (kind, path), (value, line, sentence) in sorted(found.items()):
        if value > entries.get((kind, path), 0):
            yield path.split(":")[0], line, f"{sentence} (limit {LIMITS[kind]})"
    for key, value in entries.items():
        if key not in found:
            print(f"note: tools/tidy-ratchet.txt: {key[0]} {key[1]} is no offender any more", file=sys.stderr)


# --- files ---


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def is_text(path):
    return not path.endswith((".png", ".bin", ".db", ".whl", ".gz", ".zip", ".pyc")) and "/corpus/" not in path


def rule_dead_headers(tree):
    """A header that nobody includes (generated code counts: tools/codegen)."""
    generators = "".join(text_of(p) for p in tree.files if p.startswith("tools/codegen/"))
    included = {header for source in tree.cpp for _, quote, header in source.includes if quote == '"'}
    users = {}
    for source in tree.cpp:
        for _, _, header in source.includes:
            users.setdefault(header, set()).add(source.path)
    for source in tree.cpp:
        if not source.path.endswith(".h"):
            continue
        header = source.path.split("/", 1)[1]
        own = {source.path[:-2] + ".cc", source.path[:-2] + "_test.cc"}
        if (header not in included or not (users[header] - own)) and header not in generators:
            yield source.path, 1, "nobody includes this header"


def rule_dead_scripts(tree):
    """A tool that neither the Makefile, CMake, CI, another tool nor a text names."""
    everything = {p: text_of(p) for p in tree.files
                  if p.endswith((".sh", ".py", ".txt", ".md", ".cmake", ".cc", "Makefile", "run"))}
    for path in tree.files:
        if path.startswith("tools/") and path.endswith((".sh", ".py")):
            name = Path(path).name
            if not any(name in text for other, text in everything.items() if other != path):
                yield path, 1, "nothing names this tool"


def rule_modules_listed(tree):
    """Every module has its line in src/README.md."""
    readme = text_of("src/README.md") if "src/README.md" in tree.files else ""
    for module in tree.modules:
        if module and f"`{module}`" not in readme:
            yield "src/README.md", 1, f"module `{module}` has no line"


def rule_folder_names(tree):
    """No file or folder named util, common, misc, helper, manager, context."""
    for path in tree.files:
        for part in Path(path).parts:
            if re.fullmatch(r"(utils?|common|misc|helpers?|manager|context)(_test)?(\.\w+)?", part):
                yield path, 1, f"'{part}' says nothing; name what is in it"
                break


def anchors_of(text):
    headings = re.findall(r"^#+\s+(.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def rule_markdown_links(tree):
    """Relative links of Markdown files lead somewhere."""
    for path in tree.files:
        if not path.endswith(".md"):
            continue
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), text_of(path), flags=re.S)
        for match in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", text):
            link = match.group(1)
            if re.match(r"[a-z]+:", link):
                continue
            line = text.count("\n", 0, match.start()) + 1
            file, _, anchor = link.partition("#")
            target = (ROOT / path).parent / file if file else ROOT / path
            if not target.exists():
                yield path, line, f"link to {link}: no such file"
            elif anchor and target.suffix == ".md" and anchor not in anchors_of(target.read_text()):
                yield path, line, f"link to {link}: no such heading"


def main():
    tree = Tree()
    if "--ratchet" in sys.argv:
        lines = [f"{kind} {path} {value}" for (kind, path), (value, *_) in sorted(offenders(tree).items())]
        RATCHET.write_text("# Offenders against the limits of tools/tidy.py; they may only shrink.\n"
                           + "".join(line + "\n" for line in lines))
        return 0
    passed = failed = 0
    for name, rule in sorted(globals().items()):
        if not name.startswith("rule_"):
            continue
        findings = sorted(set(rule(tree)))
        for path, line, sentence in findings:
            print(f"{path}:{line}: {name[5:]}: {sentence}")
        passed, failed = (passed, failed + 1) if findings else (passed + 1, failed)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
