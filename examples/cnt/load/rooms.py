#!/usr/bin/python3
"""Rooms under load: members of Socket.IO rooms that count what they miss.

    rooms.py URL [--rooms 1] [--clients 30] [--rate 5] [--seconds 20] [--transport websocket|polling] [--json]

Each room has one member that speaks: numbered messages at a constant rate. Every member, the speaker too,
should get each of them; what a member did not get is lost, also while it was away. A member whose connection
ends comes back as Socket.IO's own clients do: after 1 s (0.5 to 1.5), then twice as long, at most 5 s. Only
Python's standard library, so that it runs wherever the backend does.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
import statistics
import sys
import threading
import time
import urllib.parse

FIRST_DELAY_S, LONGEST_DELAY_S, SPREAD = 1.0, 5.0, 0.5
ANSWER_S = 10.0
SEPARATOR = "\x1e"  # between the packets of one polling answer


class Gone(Exception):
    """The connection ended, or was never made; the text says how."""


class Http:
    """One keep-alive connection, with the cookies that the balancer gives."""

    def __init__(self, host, port, cookies):
        self.host, self.port, self.cookies = host, port, cookies
        self.streams = None

    async def request(self, method, path, body=None, headers=""):
        if self.streams is None:
            self.streams = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), ANSWER_S)
        reader, writer = self.streams
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{headers}"
        head += f"Cookie: {cookie}\r\n" if cookie else ""
        head += "" if body is None else f"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + (body or b""))
        return await self._answer(reader)

    async def _answer(self, reader):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length, chunked = 0, False
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            if name == "content-length":
                length = int(value)
            elif name == "transfer-encoding":
                chunked = "chunked" in value.lower()
            elif name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        status = int(lines[0].split(" ")[1])
        if status == 101:
            return status, b""
        return status, await self._chunks(reader) if chunked else await reader.readexactly(length)

    @staticmethod
    async def _chunks(reader):
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body

    def close(self):
        if self.streams is not None:
            self.streams[1].close()
        self.streams = None


class WebSocket:
    """Engine.IO over a WebSocket."""

    def __init__(self, host, port, cookies):
        self.http = Http(host, port, cookies)

    async def open(self):
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   f"Sec-WebSocket-Key: {key}\r\n")
        status, _ = await self.http.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=upgrade)
        if status != 101:
            raise Gone(f"status {status}")

    async def send(self, packet):
        data, mask = packet.encode(), os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.http.streams[1].write(b"\x81" + size + mask + masked)

    async def receive(self):
        """The packets that came together."""
        reader = self.http.streams[0]
        while True:
            first, size = await reader.readexactly(2)
            if size in (126, 127):
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
            payload = await reader.readexactly(size)
            if first & 15 == 1:
                return [payload.decode()]
            if first & 15 == 8:
                raise Gone(f"closed with {int.from_bytes(payload[:2], 'big')}")

    def close(self):
        self.http.close()


class Polling:
    """Engine.IO over requests: each must reach the instance that has the session, by its cookie."""

    def __init__(self, host, port, cookies):
        self.get, self.post = Http(host, port, cookies), Http(host, port, cookies)
        self.path = "/socket.io/?EIO=4&transport=polling"
        self.first = None

    async def _ask(self, http, method, body=None):
        status, answer = await http.request(method, self.path, body)
        if status != 200:
            raise Gone(f"status {status}")
        return answer.decode()

    async def open(self):
        self.first = await self._ask(self.get, "GET")
        self.path += "&sid=" + json.loads(self.first[1:])["sid"]

    async def send(self, packet):
        await self._ask(self.post, "POST", packet.encode())

    async def receive(self):
        if self.first is not None:
            first, self.first = self.first, None
            return [first]
        return (await self._ask(self.get, "GET")).split(SEPARATOR)

    def close(self):
        self.get.close()
        self.post.close()


TRANSPORTS = {"websocket": WebSocket, "polling": Polling}
ENDS = (Gone, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError)


class Member:
    """One client in one room."""

    def __init__(self, load, room, speaks):
        self.load, self.room, self.speaks = load, room, speaks
        self.joined = asyncio.Event()
        self.numbers = set()  # of the messages that came
        self.duplicates = 0
        self.instances = []  # it was connected to, in order
        self.away = []  # seconds from the end of a connection to the next join
        self.ends = []  # why connections ended
        self.wire = None
        self.cookies = {}

    async def live(self):
        delay, left_at = FIRST_DELAY_S, None
        while True:
            try:
                await self._connect()
                if left_at is not None:
                    self.away.append(time.monotonic() - left_at)
                delay, left_at = FIRST_DELAY_S, None
                while True:
                    await self._take(await self.wire.receive())
            except ENDS as error:
                self.ends.append(str(error) or repr(error))
            finally:
                self.joined.clear()
                self.wire.close()
            left_at = left_at or time.monotonic()
            await asyncio.sleep(delay * random.uniform(1 - SPREAD, 1 + SPREAD))
            delay = min(delay * 2, LONGEST_DELAY_S)

    async def _connect(self):
        self.wire = TRANSPORTS[self.load.transport](self.load.host, self.load.port, self.cookies)
        await asyncio.wait_for(self.wire.open(), ANSWER_S)
        await self.wire.send("40")
        end = time.monotonic() + ANSWER_S
        while not self.joined.is_set():
            await self._take(await asyncio.wait_for(self.wire.receive(), max(0.01, end - time.monotonic())))

    async def _take(self, packets):
        for packet in packets:
            if packet == "2":
                await self.wire.send("3")
            elif packet == "1":
                raise Gone("closed by the server")
            elif packet.startswith("40"):
                await self.wire.send('420["join",%s]' % json.dumps({"room": self.room}))
            elif packet.startswith("430"):
                self.instances.append(json.loads(packet[3:])[0]["instance"])
                self.joined.set()
            elif packet.startswith("42["):
                self._hear(json.loads(packet[2:]))

    def _hear(self, event):
        if event[0] != "message":
            return
        number = int(event[1]["text"])
        self.duplicates += number in self.numbers
        self.numbers.add(number)


class Load:
    """Use as a context: `with Load(url, clients=30) as load: …` and then `load.result()`."""

    def __init__(self, url, rooms=1, clients=30, rate=5.0, transport="websocket"):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.rate, self.transport = rate, transport
        self.names = [f"room-{os.getpid()}-{random.randrange(10 ** 6)}-{number}" for number in range(rooms)]
        self.clients = clients
        self.said = {name: set() for name in self.names}
        self.members = []

    def __enter__(self):
        self.everybody = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self.thread.start()
        if not self.everybody.wait(60):
            raise TimeoutError("not every member could join within 60 s: " + str(self._ends()))
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.quiet.set)
        self.thread.join(60)

    def _ends(self):
        return [member.ends[-1] for member in self.members if member.ends][:3]

    async def _main(self):
        self.loop, self.quiet = asyncio.get_running_loop(), asyncio.Event()
        self.members = [Member(self, self.names[i % len(self.names)], i < len(self.names))
                        for i in range(self.clients)]
        tasks = [asyncio.create_task(member.live()) for member in self.members]
        for member in self.members:
            await member.joined.wait()
        self.everybody.set()
        speakers = [asyncio.create_task(self._speak(member)) for member in self.members if member.speaks]
        await self.quiet.wait()
        for task in speakers:
            task.cancel()
        await asyncio.sleep(1.0)  # what is on its way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *speakers, return_exceptions=True)

    async def _speak(self, member):
        number, due = 0, time.monotonic()
        while True:
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not member.joined.is_set():
                continue  # nothing can be said, so nothing is lost
            number += 1
            self.said[member.room].add(number)
            with contextlib.suppress(*ENDS):  # its own loop sees that too
                await member.wire.send("42" + json.dumps(["say", {"room": member.room, "text": str(number)}]))

    def heard(self):
        """Messages that came, over all members; grows while it runs."""
        return sum(len(member.numbers) for member in self.members)

    def spread(self):
        """Members by the instance that they are connected to now."""
        counts = {}
        for member in self.members:
            if member.joined.is_set() and member.instances:
                counts[member.instances[-1]] = counts.get(member.instances[-1], 0) + 1
        return counts

    def result(self):
        expected = sum(len(self.said[member.room]) for member in self.members)
        received = sum(len(member.numbers & self.said[member.room]) for member in self.members)
        away = [seconds for member in self.members for seconds in member.away]
        return {
            "Members": len(self.members),
            "Rooms": len(self.names),
            "Said": sum(map(len, self.said.values())),
            "Expected": expected,
            "Received": received,
            "Lost": expected - received,
            "LostPercent": round(100 * (expected - received) / expected, 2) if expected else 0.0,
            "Duplicates": sum(member.duplicates for member in self.members),
            "Reconnects": len(away),
            "AwaySecondsMedian": round(statistics.median(away), 2) if away else None,
            "AwaySecondsMax": round(max(away), 2) if away else None,
            "Instances": sorted({name for member in self.members for name in member.instances}),
        }


def main():
    parser = argparse.ArgumentParser(description="Members of Socket.IO rooms that count what they miss.")
    parser.add_argument("url")
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--clients", type=int, default=30, help="over all rooms")
    parser.add_argument("--rate", type=float, default=5.0, help="messages a second and room")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--transport", choices=sorted(TRANSPORTS), default="websocket")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.rooms < 1 or given.clients < given.rooms or given.rate <= 0:
        parser.error("at least one room, one client a room, and a rate above 0")
    with Load(given.url, given.rooms, given.clients, given.rate, given.transport) as load:
        end = time.monotonic() + given.seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(1.0, left))
            print(f"{load.heard()} messages heard, members at {load.spread()}", file=sys.stderr)
    result = load.result()
    if given.json:
        print(json.dumps(result))
        return
    print(f"{result['Members']} members of {result['Rooms']} rooms on {len(result['Instances'])} instances")
    print(f"{result['Said']} messages said, {result['Expected']} to be heard, {result['Lost']} lost "
          f"({result['LostPercent']} %), {result['Duplicates']} twice")
    print(f"{result['Reconnects']} reconnects"
          + (f", away {result['AwaySecondsMedian']} s in the median, {result['AwaySecondsMax']} s at most"
             if result["Reconnects"] else ""))


if __name__ == "__main__":
    main()
