"""What a control plane may leave behind on a machine, as sets that can be compared."""

import os
import subprocess
from pathlib import Path


def lines_of(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return {line.strip() for line in done.stdout.split("\n") if line.strip()}


def processes():
    """Command lines of all processes, by pid; kernel threads and zombies have none."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if line:
                found.add(f"{folder.name} {line}")
        except OSError:
            pass
    return found


def namespaces():
    found = set()
    for kind in ("net", "mnt", "pid", "ipc", "uts"):
        for link in Path("/proc").glob(f"[0-9]*/ns/{kind}"):
            try:
                found.add(os.readlink(link))
            except OSError:
                pass
    return found


def cgroups():
    """Those of this home: cgroups are the machine's, and other homes may come and go on it."""
    try:
        home_id = Path(os.environ["TIDEGATE_HOME"], "home-id").read_text().strip()
    except FileNotFoundError:
        return set()
    return {str(path) for path in Path("/sys/fs/cgroup").rglob(f"tidegate-{home_id}*") if path.is_dir()}


def sysctls():
    found = set()
    for name in ("net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding", "net/ipv4/conf/all/rp_filter",
                 "net/ipv4/conf/lo/route_localnet", "net/ipv4/ip_nonlocal_bind", "net/ipv4/ip_unprivileged_port_start"):
        try:
            found.add(f"{name}={Path('/proc/sys', name).read_text().strip()}")
        except OSError:
            pass
    return found


def snapshot():
    own = {str(os.getpid())}
    return {
        "processes": {line for line in processes() if line.split(" ", 1)[0] not in own},
        "namespaces": namespaces(),
        "mounts": lines_of("cat", "/proc/self/mounts"),
        "cgroups": cgroups(),
        "links": {line.split(":")[1].strip().split("@")[0] for line in lines_of("ip", "-o", "link")},
        "addresses": lines_of("ip", "-o", "addr", "show", "scope", "global"),
        "routes": lines_of("ip", "route", "show", "table", "all"),
        "rules": lines_of("ip", "rule"),
        "nft tables": lines_of("nft", "list", "tables"),
        "sysctls": sysctls(),
        "forwarding": {str(path) for path in Path("/run/tidegate").glob("forward-*/*")},
    }


def left_over(before, after):
    """One line per thing that is there now and was not, or the other way round."""
    differences = []
    for kind, was in before.items():
        differences += [f"{kind}: left behind: {item}" for item in sorted(after[kind] - was)]
        differences += [f"{kind}: gone: {item}" for item in sorted(was - after[kind]) if kind != "processes"]
    return differences
