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
class _Known:
    """What has been set up for a Service, by (address, port of the Service)."""

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
        self._known: dict[tuple[str, str], _Known] = {}
        self._queue: WorkQueue[tuple[str, str]] = WorkQueue(self._reconcile)
        store.watch(SERVICES, callback=self._service_changed)
        store.watch(PODS, callback=self._pod_changed)

    def close(self) -> None:
        for known in self._known.values():
            known.close()

    def _service_changed(self, event: Event) -> None:
        key = namespace_of(event.object), name_of(event.object)
        if event.type == "DELETED":
            self._withdraw(key)
        elif event.object["spec"].get("selector"):
            self._queue.add(key)

    def _pod_changed(self, event: Event) -> None:
        if event.type == "MODIFIED" and event.previous is not None and _served(event.object) == _served(event.previous):
            return
        labels = event.object["metadata"].get("labels") or {}
        for service in self._store.list(SERVICES, namespace_of(event.object))[0]:
            selector = service["spec"].get("selector")
            if selector and matches_selector({"matchLabels": selector}, labels):
                self._queue.add((namespace_of(service), name_of(service)))

    def _reconcile(self, key: tuple[str, str]) -> None:
        service = self._store.get(SERVICES, *key)
        known = self._known.get(key) or self._admit(key, service)
        if known is None:
            return
        wanted = service["spec"].get("ports") or []
        self._listen(known, known.cluster_ip, service)
        pods = self._pods(service)
        for (_, port), forwarder in known.forwarders.items():
            entry = next(each for each in wanted if each["port"] == port)
            forwarder.forward_to(list(_backends(entry, pods)))
        self._write_endpoints(service, pods)
        self._write_status(service, known)

    def _admit(self, key: tuple[str, str], service: Obj) -> _Known | None:
        """Give the Service its address; None when there is none left, which an event tells."""
        if not self._free:
            message = f"all {len(SERVICE_HOSTS)} Service addresses are in use"
            self._recorder.warning(service, "ClusterIPNotAllocated", message, component="service-controller")
            return None
        cluster_ip = self._free.pop(0)
        known = self._known[key] = _Known(cluster_ip)

        def allocate(obj: Obj) -> None:
            obj["spec"] |= {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip]}
            obj["spec"] |= {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}

        self._store.mutate(SERVICES, *key, allocate)
        return known

    def _withdraw(self, key: tuple[str, str]) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            known.close()
            self._free.append(known.cluster_ip)
            with ignore_api_errors(404):
                self._store.delete(ENDPOINTS, *key)

    def _listen(self, known: _Known, cluster_ip: str, service: Obj) -> None:
        """Have a forwarder for each port at the cluster's address, and on loopback for a load balancer."""
        ports = {entry["port"] for entry in service["spec"].get("ports") or []}
        addresses = [cluster_ip] + ([LOOPBACK] if service["spec"].get("type") == "LoadBalancer" else [])
        wanted = {(each, port) for each in addresses for port in ports}
        for gone in known.forwarders.keys() - wanted:
            known.forwarders.pop(gone).close()
        for place in sorted(wanted - known.forwarders.keys()):
            # On loopback other programs may have the port.
            known.forwarders[place] = Forwarder(*place) if place[0] != LOOPBACK else next_free(*place, Forwarder)

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
        """One subset: pods of a Service have the same ports here, unless a port is named differently in them."""
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

    def _write_status(self, service: Obj, known: _Known) -> None:
        ports = [
            {"port": forwarder.port, "protocol": "TCP"}
            for (host, _), forwarder in sorted(known.forwarders.items())
            if host == LOOPBACK
        ]
        balancer = {"ingress": [{"ip": LOOPBACK, "ports": ports}]} if ports else {}

        def change(obj: Obj) -> None:
            obj["status"] = {"loadBalancer": balancer}

        self._store.mutate(SERVICES, namespace_of(service), name_of(service), change, subresource="status")


def _served(pod: Obj) -> tuple[object, ...]:
    """What of a pod matters to its Services."""
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
