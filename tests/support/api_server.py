"""An API server on loopback with TLS and a store of its own; its containers are processes of this machine."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import httpx
import uvicorn
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kubernetes import config

from streamspace_sandbox.host.ports import listen
from streamspace_sandbox.kubernetes.apiserver import create_app
from streamspace_sandbox.kubernetes.apiserver.server import server_config
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.objects import name_of
from streamspace_sandbox.kubernetes.machinery.resources import PODS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import ContainerStats, LogOptions, NetworkStats, NodeStats, Stats
from streamspace_sandbox.kubernetes.registry.store import Store

TOKEN = "token-of-the-tests"
T = TypeVar("T")


class ProcessExec:
    """A command as a process of this machine."""

    def __init__(self, process: asyncio.subprocess.Process, resized: threading.Event) -> None:
        self._process = process
        self._resized = resized

    async def write(self, data: bytes) -> None:
        assert self._process.stdin
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()

    async def stdout(self) -> AsyncIterator[bytes]:
        assert self._process.stdout
        while chunk := await self._process.stdout.read(65536):
            yield chunk

    async def stderr(self) -> AsyncIterator[bytes]:
        assert self._process.stderr
        while chunk := await self._process.stderr.read(65536):
            yield chunk

    async def resize(self, columns: int, rows: int) -> None:
        self._resized.set()

    async def wait(self) -> int:
        return await self._process.wait()

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@dataclass
class FakeRuntime:
    """Logs from lists, commands on this machine, usage as set."""

    log_lines: dict[str, list[str]] = field(default_factory=dict)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    sessions: list[ProcessExec] = field(default_factory=list)
    resized: threading.Event = field(default_factory=threading.Event)
    left_logs: int = 0
    containers: list[ContainerStats] = field(default_factory=list)
    nodes: list[NodeStats] = field(default_factory=list)
    networks: list[NetworkStats] = field(default_factory=list)

    async def logs(self, pod: Obj, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        name = name_of(pod)
        if name not in self.log_lines:
            raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
        lines = self.log_lines[name]
        if options.tail_lines is not None:
            lines = lines[len(lines) - options.tail_lines :]
        return self._log(lines, follow=options.follow)

    async def _log(self, lines: list[str], *, follow: bool) -> AsyncIterator[bytes]:
        try:
            yield "".join(f"{line}\n" for line in lines).encode()
            if follow:
                await self.stopped.wait()
                yield b"the last line\n"
        finally:
            self.left_logs += 1

    async def exec(self, pod: Obj, container: str, command: Sequence[str], *, tty: bool, stdin: bool) -> ProcessExec:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
        if not stdin and process.stdin:
            process.stdin.close()
        self.sessions.append(ProcessExec(process, self.resized))
        return self.sessions[-1]

    async def stats(self) -> Stats:
        return Stats(datetime.datetime.now(datetime.UTC), 1.0, self.containers, self.nodes, self.networks)


@dataclass(frozen=True)
class Cluster:
    """A running API server, and its store, to be used on the server's own thread through `call`."""

    url: str
    kubeconfig: Path
    certificate: Path
    store: Store
    runtime: FakeRuntime
    loop: asyncio.AbstractEventLoop
    token: str = TOKEN
    is_real: ClassVar[bool] = False

    def purge_pods(self) -> None:
        """Deletes all pods at once."""
        self.call(lambda: self.store.purge(PODS))

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the server's event loop and return what it returns."""

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


def http_client(cluster: Cluster) -> httpx.Client:
    """A client that sends the right token."""
    verify = ssl.create_default_context(cafile=str(cluster.certificate))
    headers = {"Authorization": f"Bearer {cluster.token}"}
    return httpx.Client(base_url=cluster.url, verify=verify, headers=headers, timeout=10, trust_env=False)


def python_client(cluster: Cluster) -> Any:
    """The official Python client; it is closed as a context manager."""
    make: Any = config.new_client_from_config  # untyped
    return make(config_file=str(cluster.kubeconfig))


def _certificate(directory: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    certificate_path, key_path = directory / "ca.crt", directory / "ca.key"
    certificate_path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_path, key_path


def _kubeconfig(path: Path, url: str, certificate: Path) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": str(certificate)}}],
        "users": [{"name": "test", "user": {"token": TOKEN}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "default"}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


@contextlib.contextmanager
def running_cluster(directory: Path, *, history: int = 4096, port: int = 0) -> Iterator[Cluster]:
    """The API server on a thread of its own, until the block ends."""
    certificate, key = _certificate(directory)
    listener = listen("127.0.0.1", port)
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    store, runtime = Store(history=history), FakeRuntime()
    server = uvicorn.Server(server_config(create_app(store, runtime, TOKEN), certificate=certificate, key=key))
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        ready.set()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        kubeconfig = _kubeconfig(directory / "kubeconfig", url, certificate)
        yield Cluster(url, kubeconfig, certificate, store, runtime, loops[0])
    finally:
        loops[0].call_soon_threadsafe(runtime.stopped.set)
        server.should_exit = server.force_exit = True
        thread.join(10)
