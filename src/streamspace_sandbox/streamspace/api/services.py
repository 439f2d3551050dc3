"""The services of one process: the stores' clients, the parts built on them, and the background tasks."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.streamspace.api import database, redis_client
from streamspace_sandbox.streamspace.api.agent_channel import AgentConnections
from streamspace_sandbox.streamspace.api.agents import Agents
from streamspace_sandbox.streamspace.api.auth import Tokens
from streamspace_sandbox.streamspace.api.commands import Commands
from streamspace_sandbox.streamspace.api.database import Pool
from streamspace_sandbox.streamspace.api.notifications import EventBus
from streamspace_sandbox.streamspace.api.presence import Presence
from streamspace_sandbox.streamspace.api.redis_client import Redis
from streamspace_sandbox.streamspace.api.sessions import Sessions
from streamspace_sandbox.streamspace.api.settings import ApiSettings
from streamspace_sandbox.streamspace.api.templates import Templates
from streamspace_sandbox.streamspace.api.users import Users

log = logging.getLogger("streamspace.api")


@dataclass(frozen=True)
class Services:
    settings: ApiSettings
    pool: Pool
    redis: Redis
    bus: EventBus
    tokens: Tokens
    users: Users
    templates: Templates
    sessions: Sessions
    agents: Agents
    gate: AgentConnections


@asynccontextmanager
async def running(settings: ApiSettings) -> AsyncIterator[Services]:
    """The services, once both stores answer, with their background tasks under way."""
    pool = await database.connect(settings)
    redis = redis_client.connect(settings)
    services = build(settings, pool, redis)
    background = [
        _endless(services.bus.run(), "the event bus"),
        _endless(services.agents.watch_over(), "the watch of agents"),
    ]
    try:
        await services.bus.following.wait()
        await services.users.ensure_admin(settings.admin_password)
        await services.templates.seed(settings.default_templates)
        yield services
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await redis.aclose()
        pool.terminate()


def build(settings: ApiSettings, pool: Pool, redis: Redis) -> Services:
    bus = EventBus(redis)
    tokens = Tokens(settings.signing_key)
    commands = Commands(pool, redis)
    templates = Templates(pool)
    sessions = Sessions(pool, bus, commands)
    agents = Agents(pool, bus, Presence(redis), commands, settings.clock)
    gate = AgentConnections(settings.agent_token, agents, sessions, templates, commands, bus)
    return Services(settings, pool, redis, bus, tokens, Users(pool, tokens), templates, sessions, agents, gate)


def _endless(work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
    """Run `work`, which never ends, in the background. An exception is logged and stops the process."""

    def on_end(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is not None:
            log.critical("%s failed", name, exc_info=task.exception())
            signal.raise_signal(signal.SIGTERM)

    task = asyncio.create_task(work)
    task.add_done_callback(on_end)
    return task
