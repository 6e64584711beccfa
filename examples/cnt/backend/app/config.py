"""What the platform tells the application, read once at start."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    instance_id: str = os.environ.get("INSTANCE_ID", "local")
    port: int = int(os.environ.get("PORT", "8000"))
    # Where the stack has a Redis; without one a room has the members of this instance only.
    redis_url: str = os.environ.get("REDIS_URL", "")
    # After SIGTERM the platform waits this long before it kills the instance.
    drain_deadline_s: float = float(os.environ.get("DRAIN_DEADLINE_S", "30"))
    # Clients that are left near the deadline are sent away evenly over this part of it, never all at once.
    drain_pacing_share: float = 0.2
    # No request and no client for this long after SIGTERM: nothing is left to wait for.
    drain_idle_s: float = 1.0
    # /work runs on this many threads; more would only make each of them slower (one interpreter, one core).
    work_threads: int = 4
    work_limit_ms: float = 10_000


config = Config()
