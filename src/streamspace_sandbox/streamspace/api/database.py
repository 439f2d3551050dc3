"""PostgreSQL: the pool, the schema, and waiting for the server at the start."""

import asyncio
import logging
from typing import Any, TypeAlias

import asyncpg

from streamspace_sandbox.streamspace.api.settings import ApiSettings

log = logging.getLogger("streamspace.api")

Pool: TypeAlias = Any
"""An asyncpg pool; asyncpg carries no types."""
Connection: TypeAlias = Any
Row: TypeAlias = Any

CONNECT_DEADLINE = 5.0
QUERY_DEADLINE = 10.0
RETRY_SECONDS = 0.2
# Advisory locks: sections that only one process of the API may run at a time.
SCHEMA_LOCK, PLACEMENT_LOCK = 7001, 7002

SCHEMA = """
create table if not exists users (
    username text primary key,
    password_hash text not null,
    role text not null,
    created_at timestamptz not null default now()
);
create table if not exists templates (
    name text primary key,
    display_name text not null,
    description text not null,
    image text not null,
    category text not null,
    cpu text not null,
    memory text not null,
    vnc_port integer not null,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists template_versions (
    template text not null references templates on delete cascade,
    version integer not null,
    image text not null,
    cpu text not null,
    memory text not null,
    created_at timestamptz not null,
    primary key (template, version)
);
create table if not exists agents (
    agent_id text primary key,
    node_name text not null,
    status text not null check (status in ('online', 'offline')),
    connection_id text not null,
    connected_at timestamptz not null,
    last_heartbeat timestamptz not null,
    departed boolean not null default false,
    nodes jsonb not null
);
create table if not exists sessions (
    id text primary key,
    sequence bigserial,
    username text not null,
    template text not null references templates,
    template_version integer not null,
    image text not null,
    cpu text not null,
    memory text not null,
    vnc_port integer not null,
    desired text not null check (desired in ('running', 'hibernated', 'deleted')),
    status text not null,
    agent_id text,
    pod_name text,
    pod_ip text,
    message text not null default '',
    request_id text,
    created_at timestamptz not null default now(),
    started_at timestamptz
);
create index if not exists sessions_by_agent on sessions (agent_id);
create table if not exists commands (
    id text primary key,
    sequence bigserial,
    session_id text not null references sessions on delete cascade,
    agent_id text,
    kind text not null check (kind in ('create', 'hibernate', 'wake', 'delete')),
    status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
    message text not null default '',
    created_at timestamptz not null default now(),
    finished_at timestamptz
);
create index if not exists commands_by_session on commands (session_id, sequence);
create index if not exists commands_waiting on commands (agent_id, sequence) where status in ('queued', 'running');
"""


async def connect(settings: ApiSettings) -> Pool:
    """A pool on a server with the schema. Waits for the server without a deadline."""
    waiting = False
    while True:
        try:
            pool = await _open(settings)
            break
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError) as error:
            if not waiting:
                log.info("waiting for PostgreSQL: %s", error or type(error).__name__)
            waiting = True
            await asyncio.sleep(RETRY_SECONDS)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", SCHEMA_LOCK)
        await connection.execute(SCHEMA)
    return pool


async def _open(settings: ApiSettings) -> Pool:
    return await asyncpg.create_pool(
        host=settings.postgres_host,
        port=settings.postgres_port,
        user=settings.postgres_user,
        password=settings.postgres_password,
        database=settings.postgres_database,
        min_size=2,
        max_size=12,
        timeout=CONNECT_DEADLINE,
        command_timeout=QUERY_DEADLINE,
    )
