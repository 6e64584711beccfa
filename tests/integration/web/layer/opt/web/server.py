#!/usr/bin/python3
"""The application of the integration tests: one asyncio process, keep-alive HTTP/1.1 and WebSocket echo.

GET /health · GET / (the instance's id) · GET /work?ms=N (burns N ms of CPU) · GET /ws (WebSocket).
SIGTERM: goes on serving until no WebSocket is open; the platform's StopTimeout ends what stays longer.
"""

import asyncio
import base64
import hashlib
import os
import signal
import sys
import time
import urllib.parse

ID = os.environ.get("INSTANCE_ID", "?").encode()
sockets = set()
draining = False


def burn(ms):
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        pass


def frame(payload, opcode):
    length = len(payload)
    head = bytes([0x80 | opcode]) + (bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big"))
    return head + payload


class Http(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer, self.upgraded = transport, b"", False

    def connection_lost(self, _error):
        sockets.discard(self)
        leave_when_idle()

    def data_received(self, data):
        self.buffer += data
        while self.read_frame() if self.upgraded else self.read_request():
            pass

    def read_request(self):
        head, end, rest = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        self.buffer = rest
        lines = head.split(b"\r\n")
        path, _, query = lines[0].split(b" ")[1].partition(b"?")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if path == b"/ws" and b"sec-websocket-key" in fields:
            self.upgrade(fields[b"sec-websocket-key"])
            return True
        if path == b"/work":
            burn(float(urllib.parse.parse_qs(query.decode()).get("ms", ["1"])[0]))
        body = b"ok\n" if path == b"/health" else ID + b"\n"
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
                             % (len(body), body))
        return True

    def upgrade(self, key):
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Accept: " + accept + b"\r\nX-Instance: " + ID + b"\r\n\r\n")
        self.upgraded = True
        sockets.add(self)

    def read_frame(self):
        if len(self.buffer) < 6:
            return False
        opcode, length, at = self.buffer[0] & 15, self.buffer[1] & 127, 2
        if length == 126:
            length, at = int.from_bytes(self.buffer[2:4], "big"), 4
        if len(self.buffer) < at + 4 + length:
            return False
        mask, payload = self.buffer[at:at + 4], self.buffer[at + 4:at + 4 + length]
        self.buffer = self.buffer[at + 4 + length:]
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.transport.write(frame(payload, 8 if opcode == 8 else opcode))
        if opcode == 8:
            self.transport.close()
            return False
        return True


def leave_when_idle():
    if draining and not sockets:
        asyncio.get_running_loop().call_later(0.2, sys.exit, 0)


def on_sigterm():
    global draining
    draining = True
    leave_when_idle()


async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, on_sigterm)
    server = await loop.create_server(Http, "0.0.0.0", int(os.environ["PORT"]), backlog=1024)
    print(f"web: {ID.decode()} serves on port {os.environ['PORT']}", flush=True)
    await server.serve_forever()


asyncio.run(main())
