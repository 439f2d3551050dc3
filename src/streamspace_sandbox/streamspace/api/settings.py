"""The API's settings, read from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.host.novnc import find_novnc

HEARTBEAT_SECONDS = 30.0
MISSED_HEARTBEATS = 2
# A clean disconnect is final: a new pod has a new name. An agent without heartbeats may reconnect after a long network
# failure, and until then users should find it offline and not missing.
DEPARTED_RETENTION = 4.0
LOST_RETENTION = 20.0


@dataclass(frozen=True)
class Clock:
    """The product's intervals in real seconds: a `scale` of 0.1 makes them ten times as fast."""

    scale: float = 1.0

    @property
    def heartbeat(self) -> float:
        return HEARTBEAT_SECONDS * self.scale

    @property
    def offline_after(self) -> float:
        """Seconds since the last heartbeat after which an agent counts as offline."""
        return self.heartbeat * MISSED_HEARTBEATS

    @property
    def departed_retention(self) -> float:
        """Seconds for which an agent stays in the list after a clean disconnect."""
        return self.offline_after * DEPARTED_RETENTION

    @property
    def lost_retention(self) -> float:
        """Seconds for which an agent stays in the list after its last heartbeat."""
        return self.offline_after * LOST_RETENTION


@dataclass(frozen=True)
class ApiSettings:
    postgres_host: str
    postgres_port: int
    postgres_user: str
    postgres_password: str
    postgres_database: str
    redis_host: str
    redis_port: int
    redis_password: str
    signing_key: bytes
    agent_token: str
    admin_password: str | None
    default_templates: str
    version: str
    clock: Clock
    novnc: Path
    listen_host: str
    listen_port: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ApiSettings":
        """Raises KeyError for a missing variable, FileNotFoundError for a missing noVNC client."""
        return cls(
            postgres_host=environment["POSTGRES_HOST"],
            postgres_port=int(environment.get("POSTGRES_PORT", "5432")),
            postgres_user=environment["POSTGRES_USER"],
            postgres_password=environment["POSTGRES_PASSWORD"],
            postgres_database=environment["POSTGRES_DB"],
            redis_host=environment["REDIS_HOST"],
            redis_port=int(environment.get("REDIS_PORT", "6379")),
            redis_password=environment["REDIS_PASSWORD"],
            signing_key=environment["SIGNING_KEY"].encode(),
            agent_token=environment["AGENT_TOKEN"],
            admin_password=environment.get("ADMIN_PASSWORD") or None,
            default_templates=environment.get("DEFAULT_TEMPLATES", "[]"),
            version=environment.get("STREAMSPACE_VERSION", "v2.0-beta.1"),
            clock=Clock(float(environment.get("STREAMSPACE_TIME_SCALE", "1"))),
            novnc=find_novnc(environment),
            # Not STREAMSPACE_API_PORT: Kubernetes sets that for the Service streamspace-api, to a URL.
            listen_host=environment.get("LISTEN_HOST", "0.0.0.0"),
            listen_port=int(environment.get("LISTEN_PORT", "8080")),
        )
