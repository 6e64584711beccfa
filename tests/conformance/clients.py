"""AWS's clients behind one door: the same call by each of them, as a person would make it.

`all_clients(environment, tools)` gives those that this machine has, `boto_alone` boto3; each has
  call(service, operation, **input)   → the answer as a dictionary, or raises Refused(code, message)
  forged(service, operation, **input) → the same with another secret than the account's: raises Refused
  wait(service, waiter, **input)      → returns when the waiter is content, raises Refused when it gives up
  name, number                        → "aws cli v1", and a number of its own for names
Names are those of the service model: service "elbv2", operation "CreateLoadBalancer", waiter "StackCreateComplete".
A client serves one thread at a time; different ones may be used at once. What each was asked and answered is written down
for every_operation_test.py (Record).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE_S = 180
CALLS = "calls"  # the folder of the records, in that of the clients


class Refused(Exception):
    """The service said no; code is AWS's."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def kebab(name):
    """DescribeLoadBalancers → describe-load-balancers, as aws cli has its commands."""
    import botocore
    return botocore.xform_name(name, "-")


class Record:
    """One line of JSON for each answer of the service: client, service, operation, code (null: it was carried out)."""

    def __init__(self, file):
        self.file, self.lock = file, threading.Lock()
        file.parent.mkdir(exist_ok=True)
        file.write_text("")

    def add(self, client, service, operation, code):
        line = json.dumps({"client": client, "service": service, "operation": operation, "code": code})
        with self.lock, self.file.open("a") as out:
            out.write(line + "\n")


class Client:
    """What all have in common; send(secret, service, operation, given) is each one's own."""

    name, number, record, environment = None, None, None, None

    def call(self, service, operation, **given):
        return self.written_down(self.environment["AWS_SECRET_ACCESS_KEY"], service, operation, given)

    def forged(self, service, operation, **given):
        return self.written_down("another", service, operation, given)

    def written_down(self, secret, service, operation, given):
        try:
            answer = self.send(secret, service, operation, given)
        except Refused as refused:
            if refused.code != "Client":  # the client itself said no: nothing was asked
                self.record.add(self.name, service, operation, refused.code)
            raise
        self.record.add(self.name, service, operation, None)
        return answer


class Boto(Client):
    """boto3."""

    name = "boto3"

    def __init__(self, environment):
        self.environment = environment
        import boto3
        from botocore.config import Config
        config = Config(retries={"max_attempts": 1}, proxies={})
        self.open = {}
        self.make = lambda service, secret: boto3.Session().client(
            service, endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"], config=config,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret)

    def client(self, service, secret=None):
        secret = secret or self.environment["AWS_SECRET_ACCESS_KEY"]
        if (service, secret) not in self.open:
            self.open[service, secret] = self.make(service, secret)
        return self.open[service, secret]

    def send(self, secret, service, operation, given):
        import botocore
        from botocore.exceptions import ClientError
        try:
            answer = getattr(self.client(service, secret), botocore.xform_name(operation))(**given)
        except ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["Error"]["Message"]) from None
        answer.pop("ResponseMetadata", None)
        return answer

    def wait(self, service, waiter, **given):
        import botocore
        from botocore.exceptions import WaiterError
        try:
            self.client(service).get_waiter(botocore.xform_name(waiter)).wait(
                WaiterConfig={"Delay": 1, "MaxAttempts": DEADLINE_S}, **given)
        except WaiterError as error:
            raise Refused("Waiter", str(error)) from None


class AwsCli(Client):
    """aws cli; version 2.9, as Debian has it, wants the endpoint on its command line."""

    def __init__(self, name, interpreter, program, environment):
        self.name, self.command, self.environment = name, [interpreter, program], environment
        self.endpoint = ["--endpoint-url", environment["AWS_ENDPOINT_URL"]]
        self.door = subprocess.Popen([interpreter, str(HERE / "cli_door.py"), program], env=environment, text=True,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, *arguments):
        """(exit status, standard output, standard error) of `aws arguments…`, a process from the start."""
        done = subprocess.run([*self.command, *self.endpoint, *arguments], env=self.environment, capture_output=True,
                              text=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def checked(self, arguments, secret):
        """Its standard output, by the door: the same program, its imports done."""
        request = {"arguments": [*self.endpoint, *arguments], "environment": {"AWS_SECRET_ACCESS_KEY": secret}}
        self.door.stdin.write(json.dumps(request) + "\n")
        self.door.stdin.flush()
        done = json.loads(self.door.stdout.readline())
        if done["status"] == 0:
            return done["out"]
        said = re.search(r"An error occurred \((\w[\w.]*)\)[^:]*: (.*)", done["err"], re.S)
        if said:
            raise Refused(said.group(1), said.group(2).strip())
        raise Refused("Client", done["err"].strip())

    def send(self, secret, service, operation, given):
        arguments = [service, kebab(operation), "--cli-input-json", json.dumps(given), "--output", "json"]
        out = self.checked(arguments, secret)
        return json.loads(out) if out.strip() else {}

    def wait(self, service, waiter, **given):
        plain = []
        for name, value in given.items():
            values = value if isinstance(value, list) else [value]
            plain += [f"--{kebab(name)}", *[v if isinstance(v, str) else json.dumps(v) for v in values]]
        self.checked([service, "wait", kebab(waiter), *plain], self.environment["AWS_SECRET_ACCESS_KEY"])


class Js(Client):
    """AWS SDK for JavaScript v3, in one node process."""

    name = "JS SDK v3"

    def __init__(self, node, folder, environment):
        self.environment = environment
        folder = pathlib.Path(folder).resolve()
        program = folder / "call.mjs"
        self.process = subprocess.Popen([node, str(program)], env=environment, cwd=folder, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        if "error" in said:
            asked = said["error"]["status"] != 0 or "wait" in request
            raise Refused(said["error"]["code"] if asked else "Client", said["error"]["message"])
        return said["output"]

    def send(self, secret, service, operation, given):
        answer = self.ask({"service": service, "operation": operation, "input": given, "secret": secret})
        answer.pop("$metadata", None)
        return answer

    def wait(self, service, waiter, **given):
        self.ask({"service": service, "wait": waiter, "input": given, "seconds": DEADLINE_S})

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def clean_environment(values):
    """Nothing of the caller's AWS configuration reaches the clients; only what `tidegate env` prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and "PROXY" not in k.upper()}
    return kept | values | {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
                            "PYTHONWARNINGS": "ignore"}


def all_clients(values, tools):
    """The clients of this machine. values: what `tidegate env` exports; tools: the folder that make_clients.py made."""
    environment = clean_environment(values)
    v1 = str(pathlib.Path(sys.executable).with_name("aws"))
    found = [Boto(environment), AwsCli("aws cli v1", sys.executable, v1, environment)]
    debian = pathlib.Path("/usr/bin/aws")
    if debian.exists():
        found.append(AwsCli("aws cli v2", "/usr/bin/python3", str(debian), environment))
    else:
        print("MISSING: aws cli v2 (Debian's awscli): apt-get install awscli; its half of these tests does not run")
    node = shutil.which("node")
    if node and (pathlib.Path(tools) / "js" / "node_modules").exists():
        found.append(Js(node, str(pathlib.Path(tools) / "js"), environment))
    else:
        print("MISSING: the JavaScript SDK (node ≥ 20 and npm); its part of these tests does not run")
    only = os.environ.get("CONFORMANCE_CLIENT")  # by hand: one client's name
    return [client for client in recorded(found, tools) if only in (None, client.name)]


def boto_alone(values, tools):
    """boto3, for what no two clients do differently."""
    return recorded([Boto(clean_environment(values))], tools)


def recorded(clients, tools):
    """The same clients, numbered, and with the record of this program."""
    record = Record(pathlib.Path(tools) / CALLS / (pathlib.Path(sys.argv[0]).stem + ".jsonl"))
    for number, client in enumerate(clients):
        client.number, client.record = number, record
    return clients
