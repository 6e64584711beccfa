"""Traffic for integration tests: keep-alive HTTP at a constant rate, and WebSockets that echo.

One thread with one asyncio loop; every request counts, and nothing is retried: what a client would
notice is noticed here.
"""

import asyncio
import base64
import os
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    answered: int = 0
    failures: list = field(default_factory=list)  # (seconds since start, what)
    slowest_s: float = 0.0


@dataclass
class Socket:
    opened: float = 0.0
    closed: float | None = None  # monotonic; None while it is open
    instance: str = ""
    echoes: int = 0
    why: str = ""


async def read_answer(reader):
    """(status, body) of one answer with a Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(head.split(b" ")[1]), await reader.readexactly(length)


class Traffic:
    """Use as a context: `with Traffic(url, rate=500, sockets=50) as traffic: …`."""

    def __init__(self, url, rate=0, connections=20, sockets=0, path="/", tolerate_cut=False):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.rate, self.connections, self.path = rate, connections, path
        self.tolerate_cut = tolerate_cut  # a connection cut before its answer began is opened anew
        self.counters = Counters()
        self.sockets = [Socket() for _ in range(sockets)]
        self.cut = 0
        self.by_instance = {}

    def __enter__(self):
        self.begin = time.monotonic()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self.thread.start()
        if not self.ready.wait(30):
            raise TimeoutError("traffic did not start")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(30)

    async def _main(self):
        # Of this thread alone: on a busy machine the load is what must not starve.
        os.setpriority(os.PRIO_PROCESS, 0, -10)
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        tasks = [asyncio.create_task(self._socket(socket)) for socket in self.sockets]
        if self.rate:
            tasks += [asyncio.create_task(self._client(i)) for i in range(self.connections)]
        self.ready.set()
        await self.stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fail(self, what):
        self.counters.failures.append((round(time.monotonic() - self.begin, 3), what))

    async def _client(self, number):
        interval = self.connections / self.rate
        due = time.monotonic() + interval * number / self.connections
        streams = None
        while not self.stopping.is_set():  # a cancellation can drown in wait_for's own time limit
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic() - 1)
            try:
                if streams is None:
                    streams = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), 10)
                begin = time.monotonic()
                streams[1].write(f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
                status, body = await asyncio.wait_for(read_answer(streams[0]), 10)
                self.counters.slowest_s = max(self.counters.slowest_s, time.monotonic() - begin)
                if status == 200:
                    self.counters.answered += 1
                    instance = body.decode().strip()
                    self.by_instance[instance] = self.by_instance.get(instance, 0) + 1
                else:
                    self._fail(f"status {status}")
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                if streams is not None:
                    streams[1].close()
                streams = None
                if self.tolerate_cut and not isinstance(error, (ConnectionRefusedError, asyncio.TimeoutError)):
                    self.cut += 1
                else:
                    self._fail(repr(error))

    async def _socket(self, socket):
        key = base64.b64encode(os.urandom(16)).decode()
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            writer.write(f"GET /ws HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise OSError(head.split(b"\r\n")[0].decode())
            socket.instance = next((line.partition(b":")[2].strip().decode() for line in head.split(b"\r\n")
                                    if line.lower().startswith(b"x-instance:")), "")
            socket.opened = time.monotonic()
            while True:
                payload = os.urandom(16)
                writer.write(bytes([0x82, 0x80 | 16]) + b"\0\0\0\0" + payload)
                frame = await reader.readexactly(18)
                if frame != bytes([0x82, 16]) + payload:
                    raise OSError("the echo is another one")
                socket.echoes += 1
                await asyncio.sleep(0.5)
        except (OSError, asyncio.IncompleteReadError) as error:
            socket.closed, socket.why = time.monotonic(), repr(error)

    def open_sockets(self):
        return sum(1 for socket in self.sockets if socket.opened and socket.closed is None)

    def sockets_by_instance(self):
        """Instance → how many of its sockets are open."""
        return Counter(s.instance for s in self.sockets if s.opened and s.closed is None)
