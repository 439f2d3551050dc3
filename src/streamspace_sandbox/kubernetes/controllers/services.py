"""Services: an address for each, its endpoints, and forwarders to its pods."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from streamspace_sandbox.host.network_bridge import SERVICE_HOSTS, address
from streamspace_sandbox.host.ports import next_free
from streamspace_sandbox.kubernetes.controllers.forwarding import Backend, Forwarder
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.controllers.replicasets import is_active, is_ready
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import ENDPOINTS, PODS, SERVICES, Obj
from streamspace_sandbox.kubernetes.machinery.selectors import matches_selector
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Event, Store

LOOPBACK = "127.0.0.1"


@dataclass
class _Allocation:
    """The address of a Service, and its forwarders by (address, port of the Service)."""

    cluster_ip: str
    forwarders: dict[tuple[str, int], Forwarder] = field(default_factory=dict)

    def close(self) -> None:
        for forwarder in self.forwarders.values():
            forwarder.close()


class ServiceController:
    """Serves the Services with a selector; `number` is that of the instance's bridge, which has their addresses."""

    def __init__(self, store: Store, recorder: Recorder, number: int) -> None:
        self._store = store
        self._recorder = recorder
        self._free = [address(number, host) for host in SERVICE_HOSTS]
        self._allocations: dict[tuple[str, str], _Allocation] = {}
        self._queue: WorkQueue[tuple[str, str]] = WorkQueue(self._reconcile)
        store.watch(SERVICES, callback=self._service_changed)
        store.watch(PODS, callback=self._pod_changed)

    def close(self) -> None:
        for allocation in self._allocations.values():
            allocation.close()

    def _service_changed(self, event: Event) -> None:
        key = namespace_of(event.object), name_of(event.object)
        if event.type == "DELETED":
            self._withdraw(key)
        elif event.object["spec"].get("selector"):
            self._queue.add(key)

    def _pod_changed(self, event: Event) -> None:
        if (
            event.type == "MODIFIED"
            and event.previous is not None
            and _relevant_state(event.object) == _relevant_state(event.previous)
        ):
            return
        labels = event.object["metadata"].get("labels") or {}
        for service in self._store.list(SERVICES, namespace_of(event.object))[0]:
            selector = service["spec"].get("selector")
            if selector and matches_selector({"matchLabels": selector}, labels):
                self._queue.add((namespace_of(service), name_of(service)))

    def _reconcile(self, key: tuple[str, str]) -> None:
        service = self._store.get(SERVICES, *key)
        allocation = self._allocations.get(key) or self._allocate(key, service)
        if allocation is None:
            return
        wanted = service["spec"].get("ports") or []
        self._listen(allocation, allocation.cluster_ip, service)
        pods = self._pods(service)
        for (_, port), forwarder in allocation.forwarders.items():
            entry = next(entry for entry in wanted if entry["port"] == port)
            forwarder.forward_to(list(_backends(entry, pods)))
        self._write_endpoints(service, pods)
        self._write_status(service, allocation)

    def _allocate(self, key: tuple[str, str], service: Obj) -> _Allocation | None:
        """Give the Service its address; None, and an event, when none is left."""
        if not self._free:
            message = f"all {len(SERVICE_HOSTS)} Service addresses are in use"
            self._recorder.warning(service, "ClusterIPNotAllocated", message, component="service-controller")
            return None
        cluster_ip = self._free.pop(0)
        allocation = self._allocations[key] = _Allocation(cluster_ip)

        def allocate(obj: Obj) -> None:
            obj["spec"] |= {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip]}
            obj["spec"] |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}

        self._store.mutate(SERVICES, *key, allocate)
        return allocation

    def _withdraw(self, key: tuple[str, str]) -> None:
        allocation = self._allocations.pop(key, None)
        if allocation is not None:
            allocation.close()
            self._free.append(allocation.cluster_ip)
            with ignore_api_errors(404):
                self._store.delete(ENDPOINTS, *key)

    def _listen(self, allocation: _Allocation, cluster_ip: str, service: Obj) -> None:
        """Forward each port at the cluster's address, and on loopback for a load balancer."""
        ports = {entry["port"] for entry in service["spec"].get("ports") or []}
        addresses = [cluster_ip] + ([LOOPBACK] if service["spec"].get("type") == "LoadBalancer" else [])
        wanted = {(host, port) for host in addresses for port in ports}
        for place in allocation.forwarders.keys() - wanted:
            allocation.forwarders.pop(place).close()
        for place in sorted(wanted - allocation.forwarders.keys()):
            # On loopback other programs may have the port.
            allocation.forwarders[place] = Forwarder(*place) if place[0] != LOOPBACK else next_free(*place, Forwarder)

    def _pods(self, service: Obj) -> list[Obj]:
        selector = {"matchLabels": service["spec"]["selector"]}
        candidates = self._store.list(PODS, namespace_of(service))[0]
        return [
            pod
            for pod in candidates
            if is_active(pod)
            and pod["status"].get("podIP")
            and matches_selector(selector, pod["metadata"].get("labels") or {})
        ]

    def _write_endpoints(self, service: Obj, pods: list[Obj]) -> None:
        """One subset: pods of a Service have the same ports here, unless they give a port different names."""
        ports = []
        for entry in service["spec"].get("ports") or []:
            numbers = [port for _, port in _backends(entry, pods, only_ready=False)]
            if numbers:
                name = {"name": entry["name"]} if entry.get("name") else {}
                ports.append({**name, "port": numbers[0], "protocol": entry.get("protocol", "TCP")})
        subset: Obj = {"ports": ports}
        for field_name, ready in (("addresses", True), ("notReadyAddresses", False)):
            if chosen := [_endpoint(pod) for pod in pods if is_ready(pod) is ready]:
                subset[field_name] = chosen
        subsets = [subset] if pods and ports else []
        metadata: Obj = {"name": name_of(service), "namespace": namespace_of(service)}
        metadata["labels"] = service["metadata"].get("labels") or {}
        try:
            self._store.mutate(
                ENDPOINTS, metadata["namespace"], metadata["name"], lambda obj: obj.update(subsets=subsets)
            )
        except ApiError as error:
            if error.code != 404:
                raise
            with ignore_api_errors(403):
                self._store.create(ENDPOINTS, {"metadata": metadata, "subsets": subsets})

    def _write_status(self, service: Obj, allocation: _Allocation) -> None:
        ports = [
            {"port": forwarder.port, "protocol": "TCP"}
            for (host, _), forwarder in sorted(allocation.forwarders.items())
            if host == LOOPBACK
        ]
        balancer = {"ingress": [{"ip": LOOPBACK, "ports": ports}]} if ports else {}

        def change(obj: Obj) -> None:
            obj["status"] = {"loadBalancer": balancer}

        self._store.mutate(SERVICES, namespace_of(service), name_of(service), change, subresource="status")


def _relevant_state(pod: Obj) -> tuple[object, ...]:
    """The part of a pod that its Services depend on."""
    return pod["metadata"].get("labels"), pod["status"].get("podIP"), is_ready(pod), is_active(pod)


def _backends(entry: Obj, pods: list[Obj], *, only_ready: bool = True) -> Iterator[Backend]:
    target: int | str = entry["targetPort"] if "targetPort" in entry else entry["port"]
    for pod in pods:
        port = target if isinstance(target, int) else _named_port(pod, target)
        if port is not None and (is_ready(pod) or not only_ready):
            yield pod["status"]["podIP"], port


def _named_port(pod: Obj, name: str) -> int | None:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or []:
            if port.get("name") == name:
                number: int = port["containerPort"]
                return number
    return None


def _endpoint(pod: Obj) -> Obj:
    target = {"kind": "Pod", "name": name_of(pod), "namespace": namespace_of(pod), "uid": pod["metadata"]["uid"]}
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"].get("nodeName"), "targetRef": target}
