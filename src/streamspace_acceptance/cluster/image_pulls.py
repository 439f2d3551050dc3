"""Pods whose node still pulls their image, by the kubelet's events."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.cluster.objects import Json


def pulls(pod: Json, events: Sequence[Json]) -> bool:
    """Whether the kubelet pulls an image for the pod, and has neither ended nor failed."""
    uid = pod["metadata"]["uid"]
    reasons = [event.get("reason") for event in events if (event.get("involvedObject") or {}).get("uid") == uid]
    return "Pulling" in reasons and not {"Pulled", "Failed", "BackOff"} & set(reasons)
