"""What integration tests share: running tidegate in its home, waiting for events, asking the API.

A test file has functions `test_…(tidegate)`, whose docstring is the promise, and ends with `harness.main()`.
Runs inside tools/in-netns.sh, so ports and addresses are its own. Only Python's standard library.
"""

import datetime
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys
import time
import traceback
import urllib.parse
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 60  # ten times what the slowest event needs on a busy machine


class Failed(Exception):
    """A promise that was not held; the text says which."""


def check(condition, sentence):
    if not condition:
        raise Failed(sentence)


def wait_for(what, probe, deadline_s=DEADLINE_S):
    """The first true value of probe(); fails with the last exception or value at the deadline."""
    end = time.monotonic() + deadline_s
    last = None
    while time.monotonic() < end:
        try:
            last = probe()
            if last:
                return last
        except (OSError, http.client.HTTPException, Failed, KeyError, IndexError) as error:
            last = error
        time.sleep(0.05)
    raise Failed(f"{what}: not within {deadline_s} s (last: {last!r})")


def get(url, timeout_s=10, headers=None):
    """(status, headers, body text) of one GET on a connection of its own."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_s)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")
    finally:
        connection.close()


class Tidegate:
    """The programs under test in the home that TIDEGATE_HOME names."""

    def __init__(self, programs):
        self.program = str(Path(programs).resolve() / "tidegate")
        self.home = os.environ["TIDEGATE_HOME"]

    def run(self, *arguments, timeout_s=120, expect=None):
        """The finished process; with `expect` any other exit code fails."""
        done = subprocess.run([self.program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout_s, stdin=subprocess.DEVNULL)
        if expect is not None and done.returncode != expect:
            raise Failed(f"tidegate {' '.join(arguments)} ended {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
        return done

    def up(self, template, *more, expect=0, timeout_s=120):
        return self.run("up", str(template), *more, expect=expect, timeout_s=timeout_s)

    def status(self):
        """`status --json`, whatever the verdict."""
        done = self.run("status", "--json")
        check(done.returncode in (0, 1), f"status ended {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def status_text(self):
        return self.run("status").stdout

    def group(self, name="cnt-backend-asg"):
        for stack in self.status()["Stacks"]:
            for group in stack["AutoScalingGroups"]:
                if group["AutoScalingGroupName"] == name:
                    return group
        raise Failed(f"no group {name} in status")

    def url(self):
        return self.status()["Stacks"][0]["Url"]

    def in_service(self, name="cnt-backend-asg"):
        return [i for i in self.group(name).get("Instances", []) if i["LifecycleState"] == "InService"]

    def environment(self):
        values = {}
        for line in self.run("env", expect=0).stdout.split("\n"):
            if line.startswith("export "):
                name, _, value = line[len("export "):].partition("=")
                values[name] = value.strip("'\"")
        return values

    def api(self, service, action, **parameters):
        """Calls an operation of a query service, signed; the root element without namespaces."""
        env = self.environment()
        version = {"autoscaling": "2011-01-01", "elasticloadbalancing": "2015-12-01", "cloudformation": "2010-05-15",
                   "monitoring": "2010-08-01", "elasticache": "2015-02-02", "ec2": "2016-11-15", "sts": "2011-06-15"}[service]
        body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
        host = urllib.parse.urlsplit(env["AWS_ENDPOINT_URL"]).netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("POST", "/", body, signed(env, service, host, body))
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        check(answer.status == 200, f"{action} answered {answer.status}: {text}")
        root = ET.fromstring(text)
        for element in root.iter():
            element.tag = element.tag.partition("}")[2] or element.tag
        return root

    def activities(self, name="cnt-backend-asg"):
        """Newest first: dictionaries of DescribeScalingActivities."""
        answer = self.api("autoscaling", "DescribeScalingActivities", AutoScalingGroupName=name)
        return [{field.tag: field.text or "" for field in member} for member in answer.iter("member")]

    def stop(self):
        if not Path(self.home).exists():
            return  # nothing was ever started
        subprocess.run([self.program, "stop", "--all"], timeout=120, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def signed(env, service, host, body):
    """The headers of a Signature Version 4 POST to `/`."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    region, day = env["AWS_REGION"], now[:8]
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    canonical = f"POST\n/\n\ncontent-type:{kind}\nhost:{host}\nx-amz-date:{now}\n\ncontent-type;host;x-amz-date\n" \
        + hashlib.sha256(body.encode()).hexdigest()
    scope = f"{day}/{region}/{service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + env["AWS_SECRET_ACCESS_KEY"]).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": kind, "X-Amz-Date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
                             f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}"}


def main():
    """Runs every test_… function of the calling script, each after the other in the same home."""
    functions = [f for name, f in sys.modules["__main__"].__dict__.items() if name.startswith("test_")]
    tidegate = Tidegate(sys.argv[1])
    wanted = sys.argv[2:]
    passed = failed = 0
    for function in functions:
        if wanted and function.__name__ not in wanted:
            continue
        begin = time.monotonic()
        try:
            function(tidegate)
            passed += 1
            verdict = "ok"
        except Exception as error:  # noqa: BLE001  (a test may fail in any way; the run goes on)
            failed += 1
            verdict = "FAILED"
            if not isinstance(error, Failed):
                traceback.print_exc()
            print(f"    {error}")
            show_logs(tidegate.home)
        print(f"{verdict}: {function.__doc__ or function.__name__} ({time.monotonic() - begin:.1f} s)", flush=True)
    tidegate.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def show_logs(home):
    """The ends of the logs in the home: the evidence is gone when the test is."""
    for path in sorted(Path(home).rglob("*.log"))[:8] if Path(home).exists() else []:
        tail = path.read_text(errors="replace").split("\n")[-15:]
        print(f"    --- {path.relative_to(home)}\n" + "\n".join("    " + line[:300] for line in tail))
