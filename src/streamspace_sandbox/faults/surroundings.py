"""Healthy variants: what ordinary clusters, meshes and operators do to the pods of a product that has no defect."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.pod_volumes import SESSION_LABEL
from streamspace_sandbox.faults.support.session_pods import is_session, with_session_pods
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS, PODS
from streamspace_sandbox.kubernetes.registry import managed_fields

STORE = "streamspace_sandbox.kubernetes.registry.store:Store"
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
API, AGENT = "streamspace-api", "streamspace-k8s-agent"
TURN_SECONDS = 1.5
"""Four pods a minute of the plan, at the default time scale; the fifth of a burst starts after 6 s."""
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}

Obj = dict[str, Any]
ChangePod = Callable[[Obj], None]


def _is_of(*apps: str) -> Callable[[Obj], bool]:
    return lambda pod: (pod["metadata"].get("labels") or {}).get("app") in apps


def _admit(concerns: Callable[[Obj], bool], change: ChangePod) -> Patch:
    """Each new pod that this concerns is changed before it is stored, as an admission webhook does."""

    def create(original: Any, store: Any, resource: Any, obj: Obj, **options: Any) -> Any:
        if resource == PODS and concerns(obj):
            obj = clone(obj)
            change(obj)
        return original(store, resource, obj, **options)

    return wrap(f"{STORE}.create", create)


def _sidecar(name: str = "mesh-proxy", **more: Any) -> Obj:
    resources = {"requests": {"cpu": "10m", "memory": "40Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    command = ["sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"]
    return {"name": name, "image": "nicolaka/netshoot:latest", "command": command, "resources": resources, **more}


def _inject_first(pod: Obj) -> None:
    annotations = pod["metadata"].setdefault("annotations", {})
    annotations.setdefault(DEFAULT_CONTAINER, pod["spec"]["containers"][0]["name"])
    pod["spec"]["containers"].insert(0, _sidecar())


def _inject_second(pod: Obj) -> None:
    pod["spec"]["containers"].append(_sidecar())


def _inject_native(pod: Obj) -> None:
    pod["spec"].setdefault("initContainers", []).append(_sidecar(restartPolicy="Always"))


def _inject_beside_another_name(pod: Obj) -> None:
    pod["spec"]["containers"][0]["name"] = "kasm"
    pod["spec"]["containers"].insert(0, _sidecar())


def _start_in_turn(turns: asyncio.Lock) -> Callable[..., Any]:
    async def prepare(original: Any, worker: Any) -> Any:
        if is_session(worker.pod):
            async with turns:
                await asyncio.sleep(TURN_SECONDS)
        return await original(worker)

    return prepare


def _round_cpu_up(pod: Obj) -> None:
    for amounts in pod["spec"]["containers"][0]["resources"].values():
        if amounts.get("cpu") == "500m":
            amounts["cpu"] = "750m"


def _round_memory_up(pod: Obj) -> None:
    for amounts in pod["spec"]["containers"][0]["resources"].values():
        if amounts.get("memory") == "1Gi":
            amounts["memory"] = "1536Mi"


def _limit_ephemeral_storage(pod: Obj) -> None:
    for amounts in pod["spec"]["containers"][0]["resources"].values():
        amounts["ephemeral-storage"] = "2Gi"


def _share_agent_id(pod: Obj) -> None:
    environment = pod["spec"]["containers"][0]["env"]
    environment[:] = [{"name": "AGENT_ID", "value": "primary"} if v["name"] == "AGENT_ID" else v for v in environment]


def _room_for_one(agents: list[str]) -> ChangePod:
    """The first pod is as it was; each later one asks for more than any node has."""

    def admit(pod: Obj) -> None:
        agents.append(str(pod["metadata"].get("name")))
        if len(agents) > 1:
            pod["spec"]["containers"][0].setdefault("resources", {}).setdefault("requests", {})["cpu"] = "1000"

    return admit


def _leave(status: Obj, concerns: Callable[[Obj], bool] = is_session) -> Callable[..., Obj]:
    """Beside each pod that this concerns lies one that has ended, with that status, first by name."""

    def create(original: Any, store: Any, resource: Any, obj: Obj, **options: Any) -> Obj:
        made: Obj = original(store, resource, obj, **options)
        if resource == PODS and concerns(made):
            ended = clone(made)
            labels = made["metadata"]["labels"]
            ended["metadata"] = {
                "name": f"{labels.get(SESSION_LABEL) or labels['app']}-0000-{made['metadata']['uid'][:5]}",
                "namespace": namespace_of(made),
                "labels": labels,
                "ownerReferences": made["metadata"]["ownerReferences"],
            }
            ended["spec"]["nodeName"] = "node-that-was-full"
            place = original(store, resource, ended, **options)
            store.mutate(
                PODS,
                namespace_of(place),
                name_of(place),
                lambda pod: pod.update(status=clone(status)),
                subresource="status",
            )
        return made

    return create


def _run_two(app: str, original: Any, store: Any, resource: Any, obj: Obj, **options: Any) -> Obj:
    if resource == DEPLOYMENTS and obj["metadata"].get("name") == app:
        obj = clone(obj)
        obj["spec"]["replicas"] = 2
    made: Obj = original(store, resource, obj, **options)
    return made


def _reset_replicas(update: Any, store: Any, resource: Any, obj: Obj, **options: Any) -> Any:
    """After each change, the agents' Deployment has the number of pods again that a repository names."""
    made = update(store, resource, obj, **options)
    if resource == DEPLOYMENTS and name_of(made) == AGENT and made["spec"]["replicas"] != 1:
        asyncio.get_running_loop().call_soon(_set_replicas_back, store, made)
    return made


def _set_replicas_back(store: Any, beside: Obj) -> None:
    managed_fields.MANAGER.set("argocd-controller")
    store.mutate(DEPLOYMENTS, namespace_of(beside), AGENT, lambda deployment: deployment["spec"].update(replicas=1))


def _refuse(message: str) -> ChangePod:
    def admit(pod: Obj) -> None:
        name = pod["metadata"].get("name") or pod["metadata"].get("generateName")
        raise ApiError(403, "Forbidden", message.replace("{name}", name))

    return admit


register_variant(
    "sidecar-first",
    description="A mesh adds its sidecar as the first container of each session's pod and names the default container",
    kubernetes=_admit(is_session, _inject_first),
)
register_variant(
    "sidecar-second",
    description="A mesh adds its sidecar as the second container of each session's pod",
    kubernetes=_admit(is_session, _inject_second),
)
register_variant(
    "sidecar-native",
    description="A mesh adds its sidecar as an init container that is restarted always",
    kubernetes=_admit(is_session, _inject_native),
)
register_variant(
    "sidecar-unannounced",
    description="A first container is added to each session's pod, and the desktop's has another name",
    kubernetes=_admit(is_session, _inject_beside_another_name),
)
register_variant(
    "pods-start-in-turn",
    description=f"The node starts the pods of sessions one after the other, each in {TURN_SECONDS:g} s",
    kubernetes=wrap("streamspace_sandbox.kubernetes.kubelet.pod:PodWorker._prepare", _start_in_turn(asyncio.Lock())),
)
register_variant(
    "sidecars-of-components",
    description="The pods of the API and of the agents have a second container, which comes first",
    kubernetes=_admit(_is_of(API, AGENT), lambda pod: pod["spec"]["containers"].insert(0, _sidecar("log-shipper"))),
)
register_variant(
    "evicted-components-beside",
    description="An evicted pod with the same labels lies beside the API's pod and beside the agent's",
    kubernetes=wrap(f"{STORE}.create", _leave(EVICTED, _is_of(API, AGENT))),
)
register_variant(
    "evicted-pod-beside",
    description="An evicted pod with the session's labels lies beside each session's pod",
    kubernetes=wrap(f"{STORE}.create", _leave(EVICTED)),
)
register_variant(
    "completed-pod-beside",
    description="A pod that has come to its end, with the session's labels, lies beside each session's pod",
    kubernetes=wrap(f"{STORE}.create", _leave({"phase": "Succeeded"})),
)
register_variant(
    "cpu-rounded-up",
    description="The cluster makes 750m of CPU out of 500m when it admits a session's pod",
    kubernetes=_admit(is_session, _round_cpu_up),
)
register_variant(
    "memory-rounded-up",
    description="The cluster makes 1536Mi of memory out of 1Gi when it admits a session's pod",
    kubernetes=_admit(is_session, _round_memory_up),
)
register_variant(
    "ephemeral-storage-limited",
    description="The cluster adds a request and a limit of ephemeral storage to each session's pod",
    kubernetes=_admit(is_session, _limit_ephemeral_storage),
)
register_variant(
    "two-api-pods",
    description="The API has two pods, of which one logs the password, and each answers every second connection",
    kubernetes=wrap(f"{STORE}.create", partial(_run_two, API)),
)
register_variant(
    "two-agents",
    description="The agents' Deployment has two pods from the beginning",
    kubernetes=wrap(f"{STORE}.create", partial(_run_two, AGENT)),
)
register_variant(
    "quota-used-up",
    description="The namespace's quota refuses each session's pod",
    kubernetes=_admit(
        is_session,
        _refuse(
            'pods "{name}" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=9, limited: pods=9'
        ),
    ),
)
register_variant(
    "replicas-set-back",
    description="Somebody's controller sets the agents' replicas back to 1 at once, before new agents can connect",
    kubernetes=wrap(f"{STORE}.update", _reset_replicas),
)
register_variant(
    "replicas-set-back-later",
    description="Somebody's controller sets the agents' replicas back to 1 when the first session starts",
    kubernetes=with_session_pods(_set_replicas_back),
)
register_variant(
    "one-agent-id",
    description="All agents have the same configured id, which differs from their pods' names",
    kubernetes=_admit(_is_of(AGENT), _share_agent_id),
)
register_variant(
    "room-for-one-agent",
    description="No node has room for a second pod of the agents",
    kubernetes=_admit(_is_of(AGENT), _room_for_one([])),
)
register_variant(
    "pod-security",
    description="The namespace's Pod Security refuses each session's pod",
    kubernetes=_admit(
        is_session,
        _refuse(
            'pods "{name}" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or '
            'container "desktop" must set securityContext.runAsNonRoot=true)'
        ),
    ),
)
register_variant(
    "policy-webhook",
    description="A webhook of a policy refuses each session's pod",
    kubernetes=_admit(
        is_session,
        _refuse(
            'admission webhook "validate.kyverno.svc-fail" denied the request: resource Pod/streamspace/{name} was '
            "blocked due to the policy require-team-label"
        ),
    ),
)
