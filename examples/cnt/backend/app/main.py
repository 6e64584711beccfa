"""The backend of the CNT media platform, as small as the platform's behaviour allows.

HTTP for health and work, Socket.IO for rooms that span all instances (shared.py), a plain WebSocket that
echoes. One process, one event loop; `application` is the ASGI application that uvicorn runs.
"""

import asyncio
import contextlib
import signal
import time

import anyio.to_thread
import socketio
from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from . import shared
from .config import config


class State:
    """What this instance counts; touched by the event loop only."""

    def __init__(self):
        self.started_at = time.monotonic()
        self.draining = False
        self.requests = 0
        self.in_flight = 0
        self.last_request_at = self.started_at
        self.work_ms = 0.0
        self.loop_lag_s = 0.0
        self.sockets = set()  # the ASGI `send` of every open WebSocket, those of Socket.IO too
        self.clients = {}  # Socket.IO session id -> room names
        self.counters = shared.Counters()


state = State()
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", client_manager=shared.manager())


# --- Socket.IO: rooms whose messages are numbered, so that a client sees what it missed ---


@sio.event
async def connect(sid, environ, auth=None):
    state.clients[sid] = set()
    await sio.emit("hello", {"instance": config.instance_id}, to=sid)


@sio.event
async def disconnect(sid, reason=None):
    state.clients.pop(sid, None)


def _room_of(data):
    room = data.get("room") if isinstance(data, dict) else None
    return room if isinstance(room, str) and 0 < len(room) <= 200 else None


@sio.event
async def join(sid, data):
    room = _room_of(data)
    if room is None:
        return {"error": "join needs {room: 1 to 200 characters}"}
    await sio.enter_room(sid, room)
    state.clients.setdefault(sid, set()).add(room)
    return {"room": room, "seq": await state.counters.newest(room), "instance": config.instance_id}


@sio.event
async def leave(sid, data):
    room = _room_of(data)
    if room is None:
        return {"error": "leave needs {room: 1 to 200 characters}"}
    await sio.leave_room(sid, room)
    state.clients.get(sid, set()).discard(room)
    return {"room": room}


@sio.event
async def say(sid, data):
    room = _room_of(data)
    if room is None or room not in state.clients.get(sid, ()):
        return {"error": "say needs {room: one that you joined, text}"}
    seq = await state.counters.next(room)
    message = {"room": room, "seq": seq, "from": sid, "text": data.get("text", ""),
               "instance": config.instance_id}
    await sio.emit("message", message, room=room)
    return {"room": room, "seq": seq}


# --- SIGTERM: no longer ready, serve on, send the last clients away one by one, end ---


def _idle():
    quiet = time.monotonic() - state.last_request_at >= config.drain_idle_s
    return quiet and not (state.in_flight or state.sockets or state.clients)


async def _send_away(seconds):
    """Closes the WebSockets that are still open, evenly over `seconds`. The transport is closed, not
    the Socket.IO session: a session that the server ends makes its client stay away for good."""
    left = list(state.sockets)
    for send in left:
        with contextlib.suppress(RuntimeError):  # closed by the client in the meantime
            await send({"type": "websocket.close", "code": 1012})  # come back, elsewhere
        await asyncio.sleep(seconds / len(left))


async def _drain(server):
    begin = time.monotonic()
    pacing_s = config.drain_deadline_s * config.drain_pacing_share
    # A second is kept for the end itself: who is still here at the deadline is killed.
    pace_from = begin + max(0.0, config.drain_deadline_s - pacing_s - 1.0)
    while time.monotonic() < pace_from and not _idle():
        await asyncio.sleep(0.05)
    if not _idle():
        await _send_away(pacing_s)
    server.should_exit = True


async def _watch_loop():
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.1)
        state.loop_lag_s = max(0.0, time.monotonic() - before - 0.1)


@contextlib.asynccontextmanager
async def lifespan(_app):
    loop = asyncio.get_running_loop()
    # uvicorn would close its listener as soon as SIGTERM arrives; the drain decides when that is.
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    tasks = {loop.create_task(_watch_loop()), loop.create_task(state.counters.watch())}

    def on_sigterm():
        if not state.draining:
            state.draining = True
            tasks.add(loop.create_task(_drain(server)))

    if server is not None:  # under a test client there is no server to stop
        loop.add_signal_handler(signal.SIGTERM, on_sigterm)
    anyio.to_thread.current_default_thread_limiter().total_tokens = config.work_threads
    print(f"serving on port {config.port} as {config.instance_id}", flush=True)
    yield
    for task in tasks:
        task.cancel()


# --- HTTP ---

api = FastAPI(title="CNT media platform", lifespan=lifespan, docs_url=None, redoc_url=None)


@api.get("/")
async def root(request: Request):
    return {"instance": config.instance_id, "platform": "CNT media platform",
            "client": request.headers.get("x-forwarded-for")}


@api.get("/health")
@api.get("/health/ready")
async def ready():
    status = "draining" if state.draining else "ok"
    body = {"status": status, "instance": config.instance_id}
    return JSONResponse(body, status_code=503 if state.draining else 200)


@api.get("/health/live")
async def live():
    return {"status": "ok", "instance": config.instance_id}


def _burn(cpu_ms):
    end = time.thread_time() + cpu_ms / 1000
    while time.thread_time() < end:
        sum(range(2000))


@api.get("/work")
async def work(ms: float = Query(default=5, ge=0, le=config.work_limit_ms)):
    """Uses `ms` milliseconds of CPU, then answers: what a request of a real backend costs."""
    await anyio.to_thread.run_sync(_burn, ms)
    state.work_ms += ms
    return {"instance": config.instance_id, "ms": ms}


@api.get("/metrics")
async def metrics():
    lines = {
        "app_connected_clients": len(state.clients),
        "app_websockets": len(state.sockets),
        "app_rooms": len(set().union(*state.clients.values())),
        "app_redis_connected": int(state.counters.connected),
        "app_requests_total": state.requests,
        "app_requests_in_flight": state.in_flight,
        "app_work_milliseconds_total": state.work_ms,
        "app_event_loop_lag_seconds": state.loop_lag_s,
        "app_draining": int(state.draining),
        "process_cpu_seconds_total": time.process_time(),
    }
    return PlainTextResponse("".join(f"{name} {value}\n" for name, value in lines.items()))


@api.websocket("/ws")
async def echo(socket: WebSocket):
    await socket.accept()
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the client left, or the drain
        while True:
            await socket.send_text(await socket.receive_text())


_routes = socketio.ASGIApp(sio, api)


async def _websocket(scope, receive, send):
    state.sockets.add(send)
    try:
        await _routes(scope, receive, send)
    finally:
        state.sockets.discard(send)


async def application(scope, receive, send):
    """Counts what comes in around everything else: the drain ends early when nothing is left."""
    if scope["type"] == "websocket":
        return await _websocket(scope, receive, send)
    if scope["type"] != "http" or scope["path"].startswith("/health"):
        return await _routes(scope, receive, send)  # the balancer's probes keep nobody here
    state.requests += 1
    state.in_flight += 1
    try:
        await _routes(scope, receive, send)
    finally:
        state.in_flight -= 1
        state.last_request_at = time.monotonic()
