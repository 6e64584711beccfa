#!/usr/bin/python3
"""Without root: an ordinary user of this machine runs the whole loop in the reduced form."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import harness
import machine
from harness import ROOT, check, get, wait_for

GROUP = "web-asg"
UID = 54321  # nobody's


class AsUser(harness.Tidegate):
    """tidegate as a user without a name, a group or a right of its own, in folders that are the user's."""

    def __init__(self, programs, below="/tmp"):
        super().__init__(programs)
        self.place = Path(tempfile.mkdtemp(prefix="tgu.", dir=below))
        atexit.register(shutil.rmtree, self.place, True)
        for name in ("tidegate", "tidegate-shim"):
            shutil.copy(Path(programs) / name, self.place / name)
        shutil.copytree(ROOT / "tests/integration/web", self.place / "web")
        self.program = str(self.place / "tidegate")
        subprocess.run(["chown", "-R", f"{UID}:{UID}", str(self.place)], check=True)
        self.home = str(self.place / "data/tidegate")
        self.env = {"PATH": os.environ["PATH"], "XDG_DATA_HOME": str(self.place / "data"), "HOME": str(self.place)}

    def command(self, *words):
        return ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "--inh-caps=-all", *words]

    def run(self, *arguments, timeout_s=120, expect=None):
        done = subprocess.run(self.command(self.program, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout_s, stdin=subprocess.DEVNULL, env=self.env, cwd="/", check=False)
        if expect is not None and done.returncode != expect:
            raise harness.Failed(f"tidegate {' '.join(arguments)} ended {done.returncode}, not {expect}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def stack(self):
        return self.place / "web/stack.yaml"


class Confined(AsUser):
    """The same where the kernel gives no user namespace."""

    def __init__(self, programs):
        super().__init__(programs)
        self.env["TIDEGATE_API"] = "127.0.0.1:4582"
        self.holder = subprocess.Popen(["unshare", "--user", "sleep", "600"])
        atexit.register(self.end)
        wait_for("its namespace", lambda: os.readlink(f"/proc/{self.holder.pid}/ns/user") != os.readlink("/proc/self/ns/user"))
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{self.holder.pid}/{name}").write_text("0 0 65536\n")
        subprocess.run([*self.inside(), "sh", "-c", "echo 0 >/proc/sys/user/max_user_namespaces"], check=True)

    def inside(self, *options):
        return ["nsenter", f"--user=/proc/{self.holder.pid}/ns/user", *options, "--"]

    def command(self, *words):
        return [*self.inside(f"--setuid={UID}", f"--setgid={UID}"), *words]

    def end(self):
        self.holder.kill()
        self.holder.wait()

    def host_only(self):
        """The stack without a layer: its user data runs the program where it lies."""
        text = self.stack().read_text().replace("[host, layer]", "[host]")
        file = self.place / "web/host.yaml"
        file.write_text(text.replace("/opt/web/server.py", str(self.place / "web/layer/opt/web/server.py")))
        return file


def as_user(tidegate):
    """The same one in every test of this file."""
    if not hasattr(tidegate, "user"):
        tidegate.user = AsUser(Path(tidegate.program).parent)
    return tidegate.user


def owner(pid):
    return os.stat(f"/proc/{pid}").st_uid


def reap():
    """Orphans of shims that a test killed are ours: the test is pid 1 of its namespace."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def ids(tidegate):
    return {i["InstanceId"]: i for i in tidegate.in_service(GROUP)}


def test_doctor(tidegate):
    """doctor lists what is missing without root, and calls the machine fit"""
    user = as_user(tidegate)
    done = user.run("doctor", "--json", expect=0)
    found = {one["Name"]: one for one in json.loads(done.stdout)["Capabilities"]}
    for name in ("root", "network namespace", "port 80"):
        check(found[name]["Present"] is False and found[name]["Detail"], f"{name}: {found[name]}")
    for name in ("process namespace", "files of its own", "cgroup limits", "/proc of its own"):
        print(f"    {name}: {found[name]['Present']}: {found[name]['Detail']}")
    check(not Path(user.home).exists(), "doctor makes no home")


def test_up(tidegate):
    """up serves, as root does: at a loopback address, on port 8080, which it says"""
    user = as_user(tidegate)
    tidegate.before = machine.snapshot()
    done = user.up(user.stack())
    url = user.url()
    check(url.startswith("http://127.") and url.rstrip("/").endswith(":8080"), f"{url}\n{done.stderr}")
    status, _, body = get(url)
    check(status == 200 and body.startswith("i-"), f"the Url answers {status} {body!r}")
    one = user.in_service(GROUP)[0]
    check(one["PrivateIpAddress"] == "127.0.0.1" and 20000 <= one["Port"] < 32000, f"{one}")
    text = user.run("status", expect=0).stdout
    check("8080" in text and "1024" in text, f"status says why:\n{text}")
    check(f"127.0.0.1:{one['Port']}" in text, f"status says where:\n{text}")
    check(oct(os.stat(user.home).st_mode & 0o777) == "0o700", "the home is private")
    for shim in (Path(user.home) / "instances").glob("*/state"):
        check(owner(int(shim.read_text().split()[2])) == UID, "the shim is the user's")


def test_user_data_is_the_caller(tidegate):
    """the instance runs as the caller, sees neither the home nor the caller's files, and cannot become more"""
    user = as_user(tidegate)
    state = next((Path(user.home) / "instances").glob("*/state")).read_text().split()
    pid = int(state[4])
    fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().strip().split("\n"))
    check(fields["Uid"].split() == [str(UID)] * 4 and int(fields["CapEff"], 16) == 0, f"{fields}")
    check(fields["NoNewPrivs"].strip() == "1", "no new privileges")
    root = Path(f"/proc/{pid}/root")
    seen = json.loads(user.run("doctor", "--json").stdout)["Capabilities"]
    if not {one["Name"]: one for one in seen}["files of its own"]["Present"]:
        return
    check((root / "opt/web/server.py").exists(), "the image's layer")
    check(not any((root / "home").iterdir()), "an empty /home")
    check(not (root / user.home.lstrip("/")).exists(), "the home is not there")


def test_two_instances(tidegate):
    """a second instance has a port of its own, and takes its share"""
    user = as_user(tidegate)
    user.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity="2")
    wait_for("two serve", lambda: len(ids(user)) == 2, 60)
    ports = {i["Port"] for i in ids(user).values()}
    check(len(ports) == 2, f"{ports}")
    wait_for("both answer", lambda: len({get(user.url())[2].split()[0] for _ in range(12)}) == 2, 30)


def test_metadata(tidegate):
    """each instance's metadata service is at the address in its environment, and tells its own document"""
    user = as_user(tidegate)
    for instance in ids(user):
        state = (Path(user.home) / "instances" / instance / "state").read_text().split()
        children = Path(f"/proc/{state[4]}/task/{state[4]}/children").read_text().split()
        variables = Path(f"/proc/{(children or [state[4]])[0]}/environ").read_text().split("\0")
        base = dict(v.split("=", 1) for v in variables if "=" in v)["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        check(base.startswith("http://127.77.") and base.endswith(":8169"), base)
        token = subprocess.run(["curl", "-s", "-X", "PUT", f"{base}/latest/api/token", "-H",
                                "X-aws-ec2-metadata-token-ttl-seconds: 60"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        told = subprocess.run(["curl", "-s", f"{base}/latest/meta-data/instance-id", "-H",
                               f"X-aws-ec2-metadata-token: {token}"], stdout=subprocess.PIPE, text=True, check=True)
        check(told.stdout == instance, f"{base} says {told.stdout}")


def test_heal(tidegate):
    """an instance whose shim is killed is replaced; a control plane that is killed finds all again"""
    user = as_user(tidegate)
    first = sorted(ids(user))[0]
    os.kill(int((Path(user.home) / "instances" / first / "state").read_text().split()[2]), signal.SIGKILL)
    wait_for("it is replaced", lambda: len(ids(user)) == 2 and first not in ids(user), 90)
    before = set(ids(user))
    serve = int((Path(user.home) / "serve.pid").read_text())
    check(owner(serve) == UID, "serve is the user's")
    os.kill(serve, signal.SIGKILL)
    wait_for("the next one answers", lambda: user.run("status", "--json").returncode in (0, 1) and
             set(ids(user)) == before, 60)


def test_rehearse(tidegate):
    """rehearse scale-out passes as it does for root"""
    user = as_user(tidegate)
    user.api("autoscaling", "SetDesiredCapacity", AutoScalingGroupName=GROUP, DesiredCapacity="1")
    wait_for("one serves", lambda: len(user.group(GROUP)["Instances"]) == 1, 90)
    done = user.run("rehearse", "scale-out", "--json", timeout_s=180)
    steps = json.loads(done.stdout)["Steps"]
    check(done.returncode == 0 and all(step["Passed"] for step in steps), f"{steps}\n{done.stderr}")
    print("    " + "; ".join(f"{step['Seconds']:.1f} s {step['Name']}" for step in steps))


def test_down_leaves_nothing(tidegate):
    """down and stop --all leave no process, namespace, mount, cgroup or folder of an instance behind"""
    user = as_user(tidegate)
    user.run("down", "web", expect=0)
    user.run("stop", "--all", expect=0)
    reap()
    wait_for("nothing is left", lambda: not machine.left_over(tidegate.before, machine.snapshot()) or
             check(False, "\n".join(machine.left_over(tidegate.before, machine.snapshot()))), 10)
    check(not list((Path(user.home) / "instances").iterdir()), "no folder of an instance")


def test_home_below_a_folder_of_the_machine(tidegate):
    """a home in /srv, which instances see, is not seen by them"""
    user = AsUser(Path(tidegate.program).parent, below="/srv")
    user.env["TIDEGATE_API"] = "127.0.0.1:4583"
    try:
        user.up(user.stack())
        state = next((Path(user.home) / "instances").glob("*/state")).read_text().split()
        root = Path(f"/proc/{state[4]}/root")
        check((root / "srv").exists() and (root / str(user.place / "tidegate").lstrip("/")).exists(), "/srv is there")
        check(not list((root / user.home.lstrip("/")).glob("*")), "the home looks empty")
        user.run("down", "web", expect=0)
    finally:
        user.run("stop", "--all")


def test_without_user_namespaces(tidegate):
    """where the kernel gives no user namespace either, doctor says why, and an image can only be the machine"""
    user = tidegate.confined = Confined(Path(tidegate.program).parent)
    tidegate.before = machine.snapshot()
    found = {one["Name"]: one for one in json.loads(user.run("doctor", "--json", expect=0).stdout)["Capabilities"]}
    for name in ("process namespace", "files of its own", "/proc of its own"):
        check(found[name]["Present"] is False, f"{name}: {found[name]}")
    check("start" in found["files of its own"]["Detail"], f"why: {found['files of its own']}")
    done = user.run("up", str(user.stack()), expect=1)
    check("an image can only be [host]" in done.stdout + done.stderr, f"{done.stdout}{done.stderr}")


def test_the_machines_own_files(tidegate):
    """there an image of [host] alone serves, is restarted in place, and goes without a trace"""
    user = tidegate.confined
    user.up(user.host_only(), "--stack-name", "web")
    one = user.in_service(GROUP)[0]
    check(get(user.url())[2].strip() == one["InstanceId"], "it answers")
    state = (Path(user.home) / "instances" / one["InstanceId"] / "state").read_text().split()
    os.kill(int(state[4]), signal.SIGKILL)
    wait_for("it is back", lambda: get(user.url())[2].strip() == one["InstanceId"], 60)
    user.run("down", "web", expect=0)
    user.run("stop", "--all", expect=0)
    reap()
    wait_for("nothing is left", lambda: not machine.left_over(tidegate.before, machine.snapshot()) or
             check(False, "\n".join(machine.left_over(tidegate.before, machine.snapshot()))), 10)


harness.main()
