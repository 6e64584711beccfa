#!/usr/bin/env python3
"""The ten slowest units of the last builds, from Ninja's log: what to look at when the build grows.

usage: tools/slowest.py [build/dev]
"""

import sys
from pathlib import Path

UNIT_LIMIT_S = 6  # the budget of a single unit


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/dev")
    seconds = {}
    for line in (folder / ".ninja_log").read_text().split("\n")[1:]:
        fields = line.split("\t")
        if len(fields) >= 4 and fields[3].endswith(".o"):
            seconds[fields[3]] = (int(fields[1]) - int(fields[0])) / 1000
    for name, took in sorted(seconds.items(), key=lambda item: -item[1])[:10]:
        over = "  over the budget" if took > UNIT_LIMIT_S else ""
        print(f"{took:6.1f} s  {name.split('.dir/')[-1]}{over}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
