"""Each pod's /etc/hosts: itself, and every Service of its namespace, since there is no DNS server."""

from pathlib import Path

from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import SERVICES, Obj
from streamspace_sandbox.kubernetes.registry.store import Event, Store

DOMAIN = "cluster.local"


def write_resolver(path: Path, namespace: str, host_ip: str) -> None:
    """A pod's /etc/resolv.conf. Nobody answers there: names that no file has are unknown at once, and no pod asks
    this machine's own name servers.
    """
    search = f"search {namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}"
    path.write_text(f"{search}\nnameserver {host_ip}\noptions ndots:5 timeout:1 attempts:1\n")


class HostsFiles:
    """The files of all pods; they follow the Services."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pods: dict[Path, tuple[Obj, str]] = {}
        self._subscription = store.watch(SERVICES, callback=self._service_changed)

    def add(self, path: Path, pod: Obj, ip: str) -> None:
        """Write the file of a pod and keep it up to date until `discard`."""
        self._pods[path] = pod, ip
        self._write(path)

    def discard(self, path: Path) -> None:
        self._pods.pop(path, None)

    def close(self) -> None:
        self._subscription.close()

    def _service_changed(self, event: Event) -> None:
        for path, (pod, _) in self._pods.items():
            if namespace_of(pod) == namespace_of(event.object):
                self._write(path)

    def _write(self, path: Path) -> None:
        pod, ip = self._pods[path]
        namespace = namespace_of(pod)
        lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", f"{ip} {name_of(pod)}"]
        for service in self._store.list(SERVICES, namespace)[0]:
            address = service["spec"].get("clusterIP")
            if address and address != "None":
                name = name_of(service)
                names = [name, *(f"{name}.{namespace}{end}" for end in ("", ".svc", f".svc.{DOMAIN}"))]
                lines.append(f"{address} {' '.join(names)}")
        # Written in place: the containers have this very file mounted.
        path.write_text("\n".join(lines) + "\n")
