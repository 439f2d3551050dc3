"""The connection to Redis (or Valkey, which speaks the same protocol)."""

from typing import Any, TypeAlias

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streamspace_sandbox.streamspace.api.settings import ApiSettings

TIMEOUT_SECONDS = 5.0

Redis: TypeAlias = Any
"""A redis.asyncio client that decodes answers; its own types leave open whether an answer is awaited."""


def connect(settings: ApiSettings) -> Redis:
    """A client that connects at its first command; one retry covers a connection that broke while idle."""
    return redis.asyncio.Redis(
        host=settings.redis_host,
        port=settings.redis_port,
        password=settings.redis_password,
        decode_responses=True,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
