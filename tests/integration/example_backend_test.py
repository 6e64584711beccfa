#!/usr/bin/python3
"""The example's backend by itself: what examples/cnt promises to the platform and to its clients."""

import base64
import json
import os
import signal
import socket
import subprocess
import time

import harness
from harness import ROOT, check, get, wait_for

IMAGE = ROOT / "examples/cnt/image/opt/app"
PORT = 8000  # the namespace is ours
URL = f"http://127.0.0.1:{PORT}"


class Backend:
    def __init__(self, **environment):
        subprocess.run([ROOT / "tools/image.sh", ROOT / "examples/cnt"], check=True)
        path = f"{IMAGE}:{IMAGE}/site-packages"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-m", "uvicorn", "app.main:application", "--host", "127.0.0.1", "--port", str(PORT),
             "--no-access-log", "--log-level", "warning"],
            cwd=IMAGE, env={**os.environ, "PYTHONPATH": path, "PORT": str(PORT), "INSTANCE_ID": "i-1", **environment})
        wait_for("the backend answers", lambda: get(URL + "/health")[0] == 200)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class WebSocket:
    """As much of a WebSocket client as the test needs: short text frames."""

    def __init__(self, path):
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=harness.DEADLINE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        check(b" 101 " in self.file.readline(), "the upgrade is answered with 101")
        while self.file.readline() != b"\r\n":
            pass

    def send(self, text):
        data = text.encode()
        check(len(data) < 126, "short frames only")
        mask = os.urandom(4)
        self.socket.sendall(bytes([0x81, 0x80 | len(data)]) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self):
        """(opcode, payload) of one frame."""
        first, length = self.file.read(1)[0], self.file.read(1)[0]
        if length == 126:
            length = int.from_bytes(self.file.read(2), "big")
        return first & 15, self.file.read(length)

    def receive_text(self):
        return self.receive()[1].decode()


def join_room(room):
    client = WebSocket("/socket.io/?EIO=4&transport=websocket")
    check(client.receive_text().startswith("0{"), "Engine.IO opens the session")
    client.send("40")
    while not client.receive_text().startswith("40"):
        pass
    client.send('421["join",{"room":"%s"}]' % room)
    return client, wait_for("join is acknowledged", lambda: event(client, "431"))


def event(client, prefix):
    text = client.receive_text()
    return json.loads(text[len(prefix):]) if text.startswith(prefix) else None


def test_answers(_):
    """backend: health, liveness, readiness, metrics and work answer, each naming the instance"""
    with Backend():
        for path in ("/", "/health", "/health/live", "/health/ready", "/work?ms=5"):
            status, _, body = get(URL + path)
            check(status == 200 and json.loads(body)["instance"] == "i-1", f"{path}: {status} {body}")
        check("app_work_milliseconds_total 5.0" in get(URL + "/metrics")[2], "metrics count the work")
        check(get(URL + "/work?ms=-1")[0] == 422, "negative work is refused")


def test_work_is_cpu(_):
    """backend: /work?ms=200 uses 200 ms of CPU"""
    with Backend() as backend:
        used = lambda: sum(map(int, open(f"/proc/{backend.process.pid}/stat").read().split()[13:15]))
        before = used()
        get(URL + "/work?ms=200")
        ticks = used() - before
        check(18 <= ticks <= 40, f"used {ticks} ticks of 10 ms")


def test_rooms(_):
    """backend: a room's messages reach its members, numbered without gaps"""
    with Backend():
        (one, _), (two, _) = join_room("a"), join_room("a")
        for number in (1, 2, 3):
            one.send('422["say",{"room":"a","text":"hello"}]')
            name, message = wait_for("the message arrives", lambda: event(two, "42"))
            check(name == "message" and message["seq"] == number, f"{name} {message}")


def test_drain(_):
    """backend: after SIGTERM it is not ready, serves on, sends clients away one by one before the deadline, exits 0"""
    deadline_s = 6
    with Backend(DRAIN_DEADLINE_S=str(deadline_s)) as backend:
        clients = [WebSocket("/ws") for _ in range(3)]
        begin = time.monotonic()
        backend.process.send_signal(signal.SIGTERM)
        wait_for("readiness turns", lambda: get(URL + "/health/ready")[0] == 503)
        check(get(URL + "/health/live")[0] == 200, "it is still alive")
        check(get(URL + "/work?ms=1")[0] == 200, "it still works")
        clients[0].send("still here")
        check(clients[0].receive_text() == "still here", "an open WebSocket goes on")
        for client in clients:
            opcode, payload = client.receive()
            check(opcode == 8 and int.from_bytes(payload[:2], "big") == 1012, f"closed with {opcode} {payload!r}")
        check(backend.process.wait(harness.DEADLINE_S) == 0, "exit 0")
        took = time.monotonic() - begin
        check(took > deadline_s / 2, f"the clients were sent away after {took:.1f} s already")


def test_drain_idle(_):
    """backend: after SIGTERM with nobody connected it ends at once, not at the deadline"""
    with Backend(DRAIN_DEADLINE_S="600") as backend:
        backend.process.send_signal(signal.SIGTERM)
        check(backend.process.wait(harness.DEADLINE_S) == 0, "exit 0")


harness.main()
