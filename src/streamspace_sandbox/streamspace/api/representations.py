"""Rows of the database as the objects of the HTTP API."""

from datetime import UTC, datetime
from typing import Any

from streamspace_sandbox.streamspace.api.database import Row


def timestamp(value: datetime | float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, from a datetime or seconds since the epoch."""
    if value is None:
        return None
    when = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session(row: Row) -> dict[str, Any]:
    return {
        "sessionId": row["id"],
        "name": row["id"],
        "user": row["username"],
        "template": row["template"],
        "templateVersion": row["template_version"],
        "image": row["image"],
        "status": row["status"],
        "resources": {"cpu": row["cpu"], "memory": row["memory"]},
        "agentId": row["agent_id"],
        "podName": row["pod_name"],
        "createdAt": timestamp(row["created_at"]),
        "startedAt": timestamp(row["started_at"]),
        "message": row["message"],
        "requestId": row["request_id"],
    }


def template(row: Row) -> dict[str, Any]:
    return {
        "id": row["name"],
        "name": row["name"],
        "displayName": row["display_name"],
        "description": row["description"],
        "image": row["image"],
        "category": row["category"],
        "resources": {"cpu": row["cpu"], "memory": row["memory"]},
        "vnc": {"port": row["vnc_port"]},
        "version": row["version"],
        "createdAt": timestamp(row["created_at"]),
        "updatedAt": timestamp(row["updated_at"]),
    }


def template_version(row: Row) -> dict[str, Any]:
    return {
        "version": row["version"],
        "image": row["image"],
        "resources": {"cpu": row["cpu"], "memory": row["memory"]},
        "createdAt": timestamp(row["created_at"]),
    }


def user(row: Row) -> dict[str, Any]:
    return {"id": row["username"], "username": row["username"], "role": row["role"]}


def agent(row: Row, heartbeat: float | None, sessions: int) -> dict[str, Any]:
    """`heartbeat` is in seconds since the epoch."""
    return {
        "agentId": row["agent_id"],
        "status": row["status"],
        "lastHeartbeat": timestamp(heartbeat if heartbeat is not None else row["last_heartbeat"]),
        "connectedAt": timestamp(row["connected_at"]),
        "nodeName": row["node_name"],
        "sessions": sessions,
    }
