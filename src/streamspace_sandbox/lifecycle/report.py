"""The text of `status`: a running instance's addresses and pods."""

import json
import ssl
import urllib.request
from typing import Any
from urllib.error import URLError

from streamspace_sandbox.lifecycle.instance import Instance, InstanceState

ANSWER_SECONDS = 5.0


def describe(instance: Instance, state: InstanceState) -> str:
    """The instance's state, addresses and pods, as lines of text."""
    lines = [
        f"{instance.name}: {'up' if state.ready else 'starting'} since {state.since}",
        f"time scale   {state.time_scale:g}",
        f"fault        {state.fault or 'none'}",
        f"StreamSpace  {state.api_url or '-'}",
        f"Kubernetes   https://127.0.0.1:{state.kubernetes_port}" if state.kubernetes_port else "Kubernetes   -",
        f"KUBECONFIG   {instance.kubeconfig}",
        f"process      {state.process.pid}",
        "",
    ]
    return "\n".join([*lines, *_pod_table(instance, state)]) + "\n"


def _pod_table(instance: Instance, state: InstanceState) -> list[str]:
    if not state.kubernetes_port:
        return ["no pods yet"]
    try:
        pods = _pods(instance, state)
    except (URLError, TimeoutError) as error:
        return [f"Kubernetes does not answer: {error}"]
    rows = [("NAMESPACE", "POD", "READY", "STATUS", "RESTARTS", "IP", "NODE"), *map(_row, pods)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(pod: dict[str, Any]) -> tuple[str, ...]:
    status = pod["status"]
    containers = status.get("containerStatuses") or []
    ready = f"{sum(container['ready'] for container in containers)}/{len(pod['spec']['containers'])}"
    phase = "Terminating" if "deletionTimestamp" in pod["metadata"] else status.get("phase", "Unknown")
    restarts = str(sum(container["restartCount"] for container in containers))
    place = status.get("podIP") or "-", pod["spec"].get("nodeName") or "-"
    return pod["metadata"]["namespace"], pod["metadata"]["name"], ready, phase, restarts, *place


def _pods(instance: Instance, state: InstanceState) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"https://127.0.0.1:{state.kubernetes_port}/api/v1/pods", headers={"Authorization": f"Bearer {state.token}"}
    )
    trust = ssl.create_default_context(cafile=str(instance.tls / "ca.crt"))
    # Not `urlopen`, which would ask a proxy of the environment for an address of this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    with opener.open(request, timeout=ANSWER_SECONDS) as answer:
        items: list[dict[str, Any]] = json.load(answer)["items"]
        return items
