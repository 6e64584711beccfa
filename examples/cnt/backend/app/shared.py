"""What the instances share through Redis: Socket.IO's rooms, and a counter per room.

Redis may be away at any time: nothing here raises for that, nothing waits long, and readiness does not
ask. Members of a room that are on the same instance go on talking to each other meanwhile.
"""

import asyncio

import socketio
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import RedisError

from .config import config

CHANNEL = "cnt"  # an application of its own on the Redis: channels know no database numbers
ROOM_MEMORY_S = 24 * 3600  # a room nobody talks in is forgotten
COUNTER_PATIENCE_S = 0.5
WATCH_S = 1.0
AWAY = (RedisError, OSError, asyncio.TimeoutError)


def manager():
    """Joins this instance's rooms with the others'; None without a Redis. Its connections are tried again ten
    times a second for a while: the library's own back-off (1, 2, 4, ... s) would lose messages that long."""
    if not config.redis_url:
        return None
    options = {"retry": Retry(ConstantBackoff(0.1), 300), "socket_connect_timeout": 1, "socket_keepalive": True}
    return socketio.AsyncRedisManager(config.redis_url, channel=CHANNEL, redis_options=options)


class Counters:
    """The number of each room's newest message, the same for every instance."""

    def __init__(self):
        self.local = {}  # room -> number, as long as there is no Redis at all
        self.connected = False
        self.redis = None
        if config.redis_url:
            self.redis = Redis.from_url(config.redis_url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=1,
                                        socket_keepalive=True)

    async def _ask(self, coroutine):
        try:
            return await asyncio.wait_for(coroutine, COUNTER_PATIENCE_S)
        except AWAY:
            self.connected = False
            return None

    async def next(self, room):
        """The new message's number; None while Redis is away."""
        if self.redis is None:
            self.local[room] = self.local.get(room, 0) + 1
            return self.local[room]
        pipe = self.redis.pipeline(transaction=False)
        pipe.incr(f"{CHANNEL}:seq:{room}").expire(f"{CHANNEL}:seq:{room}", ROOM_MEMORY_S)
        answers = await self._ask(pipe.execute())
        return answers[0] if answers else None

    async def newest(self, room):
        if self.redis is None:
            return self.local.get(room, 0)
        number = await self._ask(self.redis.get(f"{CHANNEL}:seq:{room}"))
        return int(number or 0)

    async def watch(self):
        """Keeps a connection, so that the platform sees who is connected, and `connected` true to the fact."""
        while self.redis is not None:
            answer = await self._ask(self.redis.ping())
            if bool(answer) != self.connected:
                self.connected = bool(answer)
                print("redis is " + ("there" if self.connected else "away"), flush=True)
            await asyncio.sleep(WATCH_S)
