"""The API under test as a process, the clients' environment, and the counting of tests."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
REGION = "eu-west-2"


class ApiServer:
    """tg_api_server, running; ends with the `with` block."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = json.loads(self.process.stdout.readline())
        self.port, self.key, self.secret = said["Port"], said["AccessKeyId"], said["SecretAccessKey"]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def clients_python(venv):
    """The interpreter of a venv that holds requirements.txt, made when it is not there yet."""
    venv = pathlib.Path(venv)
    requirements = HERE / "requirements.txt"
    stamp = venv / "requirements.sha256"
    want = hashlib.sha256(requirements.read_bytes()).hexdigest()
    python = venv / "bin" / "python"
    if not (stamp.exists() and stamp.read_text() == want):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "--require-hashes", "-r", str(requirements)], check=True)
        stamp.write_text(want)
    return python


def clean_environment(server):
    """Nothing of the caller's AWS configuration reaches the clients; only what `tidegate env` prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and "PROXY" not in k.upper()}
    return kept | {"AWS_ENDPOINT_URL": server.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
                   "AWS_ACCESS_KEY_ID": server.key, "AWS_SECRET_ACCESS_KEY": server.secret,
                   "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                   "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}


def run_tests(namespace, *arguments):
    """Runs every test_… of a module; prints the failures and the count; the exit status."""
    passed = failed = 0
    for name, test in list(namespace.items()):
        if not name.startswith("test_"):
            continue
        try:
            test(*arguments)
            passed += 1
        except Exception:
            failed += 1
            print(f"FAILED {name}: {test.__doc__}")
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
