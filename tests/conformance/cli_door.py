"""aws cli behind a door: its imports are done once, each call is a fork that runs the program as it stands.

usage: cli_door.py PROGRAM      (run by PROGRAM's interpreter)
One request a line in, {"arguments": […], "environment": {…}}; one answer a line out, {"status", "out", "err"}.
"""

import json
import os
import runpy
import sys
import tempfile
import traceback

import awscli.clidriver


def be_the_program(program, request, out, err):
    """In the child: its exit status."""
    with open(os.devnull, encoding="utf-8") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    os.environ.update(request["environment"])
    sys.argv = [program, *request["arguments"]]
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


def answer(program, request):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            status = 255
            try:
                status = be_the_program(program, request, out, err)
            except BaseException:  # whatever it is: the parent reads it
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return {"status": status, "out": texts[0], "err": texts[1]}


def main():
    awscli.clidriver.create_clidriver()  # loads what the program loads late
    for line in sys.stdin:
        print(json.dumps(answer(sys.argv[1], json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
