#!/usr/bin/env python3
"""boto's own metadata fetchers, unmodified, inside an instance's network.

usage: metadata_fetchers_test.py PROGRAMS VENV      (inside tools/in-netns.sh; VENV is made by make_clients.py)
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
import harness  # noqa: E402  (found through the line above)

STACK = harness.ROOT / "tests" / "integration" / "web" / "stack.yaml"
GROUP = "web-asg"

ASK = """
import json
from botocore.credentials import InstanceMetadataProvider
from botocore.utils import IMDSFetcher, InstanceMetadataFetcher, InstanceMetadataRegionFetcher

class Document(IMDSFetcher):
    def get(self, path):
        return self._get_request(path, None, token=self._fetch_metadata_token()).text

credentials = InstanceMetadataProvider(InstanceMetadataFetcher(timeout=20, num_attempts=2)).load()
print(json.dumps({
    "region": InstanceMetadataRegionFetcher(timeout=20, num_attempts=2).retrieve_region(),
    "credentials": credentials if credentials is None else "some",
    "id": Document(timeout=20, num_attempts=2).get("latest/meta-data/instance-id"),
    "identity": json.loads(Document(timeout=20, num_attempts=2).get("latest/dynamic/instance-identity/document")),
}))
"""


def test_botocore(tidegate):
    """botocore finds region, instance and identity document, and no credentials where there is no role"""
    tidegate.up(STACK)
    one = tidegate.in_service(GROUP)[0]
    state = (pathlib.Path(tidegate.home) / "instances" / one["InstanceId"] / "state").read_text().split()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and "PROXY" not in k.upper()}
    done = subprocess.run(["nsenter", f"--net=/proc/{state[2]}/ns/net", sys.executable, "-c", ASK],
                          env=kept | {"AWS_CONFIG_FILE": "/nonexistent"}, capture_output=True, text=True, timeout=120)
    harness.check(done.returncode == 0, done.stderr)
    told = json.loads(done.stdout)
    harness.check(told["region"] == "eu-west-2", f"{told}")
    harness.check(told["credentials"] is None, f"{told}")
    harness.check(told["id"] == one["InstanceId"], f"{told}")
    harness.check(told["identity"]["availabilityZone"] == one["AvailabilityZone"], f"{told}")


if __name__ == "__main__":
    if os.environ.get("TG_CONFORMANCE_VENV") != "1":
        python = pathlib.Path(sys.argv[2]) / "bin" / "python"
        os.execve(python, [str(python), __file__, sys.argv[1]], os.environ | {"TG_CONFORMANCE_VENV": "1"})
    harness.main()
