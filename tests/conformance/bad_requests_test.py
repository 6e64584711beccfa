#!/usr/bin/env python3
"""Requests as attackers and accidents make them: each gets a clear answer, and the next is served.

usage: bad_requests_test.py SERVER VENV      (VENV is not used: only Python's standard library is)
"""

import datetime
import hashlib
import hmac
import http.client
import resource
import socket
import sys
import time

from api_server import REGION, ApiServer, run_tests

DEADLINE_S = 120  # ten times what the slowest takes
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


def signed_head(server, body, when=None, service="sts"):
    """The head of a POST, signed for `body` at `when`."""
    when = when or datetime.datetime.now(datetime.timezone.utc)
    stamp = when.strftime("%Y%m%dT%H%M%SZ")
    host = f"127.0.0.1:{server.port}"
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{digest}"
    scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
    key = ("AWS4" + server.secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {"Host": host, "X-Amz-Date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={server.key}/{scope}, "
                             f"SignedHeaders=host;x-amz-date, Signature={signature}"}


def post(server, body, headers):
    """(status, body) of one POST on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_S)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def serves(server):
    """A good request is answered."""
    status, body = post(server, IDENTITY, signed_head(server, IDENTITY))
    assert status == 200 and "<Account>000000000000</Account>" in body, (status, body)


def raw(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S)


def test_unsigned(server):
    """Unsigned is 403 MissingAuthenticationToken."""
    status, body = post(server, IDENTITY, {})
    assert status == 403 and "MissingAuthenticationToken" in body, (status, body)


def test_wrongly_signed(server):
    """A body other than the signed one is 403 SignatureDoesNotMatch."""
    status, body = post(server, IDENTITY + b"&x=1", signed_head(server, IDENTITY))
    assert status == 403 and "SignatureDoesNotMatch" in body, (status, body)


def test_old(server):
    """A request of 15 min ago is refused, in ec2's own word too."""
    old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=15, seconds=5)
    status, body = post(server, IDENTITY, signed_head(server, IDENTITY, old))
    assert status == 403 and "SignatureDoesNotMatch" in body and "Signature expired" in body, (status, body)
    status, body = post(server, b"Action=DescribeInstances", signed_head(server, b"Action=DescribeInstances", old, "ec2"))
    assert status == 400 and "RequestExpired" in body, (status, body)


def test_large(server):
    """10 MB are refused with 413 without being read; 1 MiB is read."""
    with raw(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000)
        assert b" 413 " in connection.makefile("rb").readline()
    body = b"Action=GetCallerIdentity&x=".ljust(1024 * 1024, b"y")
    status, text = post(server, body, signed_head(server, body))
    assert status == 200, (status, text[:200])
    with raw(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
        assert b" 413 " in connection.makefile("rb").readline()
    serves(server)


def test_long_head(server):
    """A head over 16 KiB is refused with 431."""
    with raw(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 17000 + b"\r\n\r\n")
        assert b" 431 " in connection.makefile("rb").readline()
    serves(server)


def test_cut(server):
    """A request that ends in the middle of its head or body harms nobody."""
    for part in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction="):
        with raw(server) as connection:
            connection.sendall(part)
    with raw(server) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction=")
        connection.shutdown(socket.SHUT_WR)
        connection.makefile("rb").read()  # an answer or none, but an end
    serves(server)


def test_no_http(server):
    """What is no HTTP is refused with 400."""
    with raw(server) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        assert b" 400 " in connection.makefile("rb").readline()
    serves(server)


def test_many_connections(server):
    """2000 idle connections: 1024 are held, the others refused, and a good request is served as soon as one is free."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [raw(server) for _ in range(2000)]
    try:
        deadline = time.monotonic() + DEADLINE_S
        while True:  # the refused ones are answered 503 and closed
            refused = 0
            for connection in held:
                connection.setblocking(False)
                try:
                    refused += connection.recv(12, socket.MSG_PEEK) != b""
                except BlockingIOError:
                    pass
            if refused >= 2000 - 1024 or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        assert refused == 2000 - 1024, refused
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            serves(server)
            return
        except (AssertionError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main():
    with ApiServer(sys.argv[1]) as server:
        return run_tests(globals(), server)


if __name__ == "__main__":
    sys.exit(main())
