"""Healthy variants: an operator replaces pods of the product, which has no defect, while the suite judges it."""

import asyncio
from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.session_pods import Act, with_session_pods
from streamspace_sandbox.kubernetes.machinery.objects import name_of
from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS, PODS
from streamspace_sandbox.kubernetes.registry.store import Store

NAMESPACE, API, AGENT = "streamspace", "streamspace-api", "streamspace-k8s-agent"
CUT_SECONDS = 4.0
"""From the cut on, at the default time scale: the agent sends nothing, and is not offline yet."""
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

Obj = dict[str, Any]


def _delete_agent(store: Store, _: Obj) -> None:
    """`kubectl delete pod`, of one of the agents."""
    agents = store.list(PODS, NAMESPACE, f"app={AGENT}")[0]
    store.delete(PODS, NAMESPACE, name_of(agents[0]))


def _roll_out_api(store: Store, _: Obj) -> None:
    """`kubectl rollout restart`."""

    def change(deployment: Obj) -> None:
        annotations = deployment["spec"]["template"]["metadata"].setdefault("annotations", {})
        annotations[RESTARTED_AT] = "2026-01-01T00:00:00Z"

    store.mutate(DEPLOYMENTS, NAMESPACE, API, change)


def _while_cut_off(act: Act) -> Patch:
    """`act`, some seconds after a rule of iptables was added in a pod."""

    def checked(original: Any, connection: Any, target: Any, store: Any) -> Any:
        pod, container, command = original(connection, target, store)
        if command[0] == "iptables" and "-A" in command:
            asyncio.get_running_loop().call_later(CUT_SECONDS, act, store, pod)
        return pod, container, command

    return wrap("streamspace_sandbox.kubernetes.apiserver.exec:_checked", checked)


register_variant(
    "agent-deleted-while-it-is-cut-off",
    description="Somebody deletes an agent's pod while the agent is cut off",
    kubernetes=_while_cut_off(_delete_agent),
)
register_variant(
    "api-rolled-out-while-an-agent-is-cut-off",
    description="Somebody restarts the API, one pod after the other, while an agent is cut off",
    kubernetes=_while_cut_off(_roll_out_api),
)
register_variant(
    "agent-deleted-when-it-serves-sessions",
    description="Somebody deletes an agent's pod when there are fifteen sessions",
    kubernetes=with_session_pods(_delete_agent, number=15),
)
