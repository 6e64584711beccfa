"""The AWS service models: fetched once (pip, pinned and hashed), kept in a cache, read from the wheel."""

import gzip
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")


def pinned():
    """(version, sha256) of requirements.txt."""
    found = re.search(r"^botocore==(\S+) --hash=sha256:([0-9a-f]{64})$", REQUIREMENTS.read_text(), re.M)
    if not found:
        sys.exit(f"{REQUIREMENTS}: no line botocore==VERSION --hash=sha256:HASH")
    return found.groups()


def pip_command(scratch):
    """A pip: the interpreter's own, or that of a throwaway venv (Debian's python3 has none)."""
    probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True)
    if probe.returncode == 0:
        return [sys.executable, "-m", "pip"]
    venv = pathlib.Path(scratch) / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    return [str(venv / "bin" / "python"), "-m", "pip"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheel(cache):
    """The path of the verified wheel; fetches it when the cache has none."""
    version, want = pinned()
    path = cache / f"botocore-{version}-py3-none-any.whl"
    if path.exists() and sha256(path) == want:
        return path
    print(f"fetching the AWS service models (botocore {version}, 15 MB)", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = pip_command(scratch) + ["download", "--quiet", "--no-deps", "--require-hashes",
                                          "--only-binary=:all:", "-r", str(REQUIREMENTS), "-d", scratch]
        subprocess.run(command, check=True, stdout=sys.stderr)
        fetched = pathlib.Path(scratch) / path.name
        if sha256(fetched) != want:
            sys.exit(f"{path.name}: not the pinned file (sha256 {sha256(fetched)})")
        partial = path.with_suffix(".partial")
        shutil.move(fetched, partial)
        partial.replace(path)
    return path


def load(wheel_path, name):
    """The model 'autoscaling/2011-01-01' as a dictionary."""
    with zipfile.ZipFile(wheel_path) as archive:
        base = f"botocore/data/{name}/service-2.json"
        if base in archive.namelist():
            return json.loads(archive.read(base))
        return json.loads(gzip.decompress(archive.read(base + ".gz")))
