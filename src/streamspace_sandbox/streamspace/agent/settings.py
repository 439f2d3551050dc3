"""The agent's settings, read from its environment."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AgentSettings:
    agent_id: str
    """The name of the agent's own pod."""
    node_name: str
    namespace: str
    api_url: str
    """The agents' WebSocket."""
    agent_token: str
    time_scale: float
    readiness_port: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "AgentSettings":
        """Raises KeyError for a variable that is missing."""
        return cls(
            agent_id=environment.get("AGENT_ID") or socket.gethostname(),
            node_name=environment.get("NODE_NAME", ""),
            namespace=environment.get("NAMESPACE", "streamspace"),
            api_url=environment["STREAMSPACE_API_WEBSOCKET"],
            agent_token=environment["AGENT_TOKEN"],
            time_scale=float(environment.get("STREAMSPACE_TIME_SCALE", "1")),
            readiness_port=int(environment.get("READINESS_PORT", "8081")),
        )
