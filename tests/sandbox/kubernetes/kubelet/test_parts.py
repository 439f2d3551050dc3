"""The parts of the node that need no container."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from streamspace_sandbox.control_plane import images
from streamspace_sandbox.kubernetes.kubelet import directories, probes
from streamspace_sandbox.kubernetes.kubelet.environment import Environment, expand
from streamspace_sandbox.kubernetes.kubelet.images import UnknownImage
from streamspace_sandbox.kubernetes.kubelet.inotify import Inotify
from streamspace_sandbox.kubernetes.kubelet.logs import read
from streamspace_sandbox.kubernetes.kubelet.podman import Mount
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord, pod_phase, pod_status, qos_class
from streamspace_sandbox.kubernetes.kubelet.stopping import Stop
from streamspace_sandbox.kubernetes.machinery.resources import CONFIGMAPS, EVENTS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store

LOG = b"""2026-01-01T10:00:00.100000000+00:00 stdout F one
2026-01-01T10:00:01.200000000+00:00 stderr P tw
2026-01-01T10:00:01.300000000+00:00 stderr F o
2026-01-01T10:00:02.400000000+00:00 stdout F
2026-01-01T10:00:03.500000000+00:00 stdout F four four
"""


def selected(path: Path, **options: Any) -> str:
    async def main() -> str:
        inotify = Inotify()
        parts = read(path, LogOptions(**options), inotify, lambda: True, set())
        text = b"".join([part async for part in parts])
        inotify.close()
        return text.decode()

    path.write_bytes(LOG)
    return asyncio.run(main())


def test_logs_are_lines_without_their_marks(tmp_path: Path) -> None:
    assert selected(tmp_path / "log") == "one\ntwo\n\nfour four\n"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, ""), (1, "four four\n"), (3, "two\n\nfour four\n"), (9, "one\ntwo\n\nfour four\n")]
)
def test_the_last_lines_are_whole_ones(tmp_path: Path, count: int, expected: str) -> None:
    assert selected(tmp_path / "log", tail_lines=count) == expected


def test_timestamps_stand_once_for_each_line(tmp_path: Path) -> None:
    said = selected(tmp_path / "log", timestamps=True, tail_lines=3).splitlines()
    assert said[0] == "2026-01-01T10:00:01.200000000+00:00 two"
    assert len(said) == 3


def test_a_log_is_followed_until_its_container_has_ended(tmp_path: Path) -> None:
    async def main() -> str:
        path = tmp_path / "log"
        path.write_bytes(LOG)
        running, followers = [True], set[asyncio.Event]()
        inotify = Inotify()
        parts: list[bytes] = []

        async def follow() -> None:
            options = LogOptions(follow=True, tail_lines=0)
            parts.extend([part async for part in read(path, options, inotify, lambda: not running, followers)])

        task = asyncio.create_task(follow())
        for text in ("five", "six"):
            await asyncio.sleep(0.02)
            with path.open("ab") as log:
                # In two writes, as a reader may find it.
                log.write(b"2026-01-01T10:00:04.5+00:00 std")
                log.flush()
                await asyncio.sleep(0.02)
                log.write(f"out F {text}\n".encode())
        assert not task.done()
        running.clear()
        for follower in followers:
            follower.set()
        await asyncio.wait_for(task, 5)
        inotify.close()
        return b"".join(parts).decode()

    assert asyncio.run(main()) == "five\nsix\n"


def test_variables_are_expanded_as_in_kubernetes() -> None:
    assert expand("$(A)-$(B)-$$(A)-$X", {"A": "1"}) == "1-$(B)-$(A)-$X"


def test_the_downward_api() -> None:
    pod = {
        "metadata": {"name": "p", "namespace": "n", "labels": {"a/b": "c"}},
        "spec": {"nodeName": "node"},
    }
    environment = Environment(Store(), pod, {"status.podIP": "10.0.0.1"})
    fields = {
        "metadata.name": "p",
        "metadata.labels['a/b']": "c",
        "metadata.annotations['x']": "",
        "spec.nodeName": "node",
        "status.podIP": "10.0.0.1",
    }
    assert {path: environment.field(path) for path in fields} == fields


def ended(code: int) -> ContainerRecord:
    record = ContainerRecord("c", "i", has_run=True, is_final=True)
    record.end(code, "Completed")
    return record


def running(*, ready: bool) -> ContainerRecord:
    record = ContainerRecord("c", "i", ready=ready)
    record.begin("id")
    return record


@pytest.mark.parametrize(
    ("records", "phase"),
    [
        ([ContainerRecord("c", "i")], "Pending"),
        ([running(ready=False)], "Running"),
        ([running(ready=True), ContainerRecord("d", "i")], "Pending"),
        ([ended(0), running(ready=True)], "Running"),
        ([ended(0), ended(0)], "Succeeded"),
        ([ended(0), ended(1)], "Failed"),
    ],
)
def test_the_phase_of_a_pod(records: list[ContainerRecord], phase: str) -> None:
    assert pod_phase(records) == phase


def test_conditions_keep_their_time_until_they_change() -> None:
    pod = {"spec": {"containers": [{"name": "c"}]}}

    def status(previous: Obj, record: ContainerRecord) -> Obj:
        return pod_status(
            previous,
            pod=pod,
            containers=[record],
            init_containers=[],
            ephemeral_containers=[],
            host_ip="h",
            pod_ip="p",
            started="s",
        )

    first = status({}, running(ready=False))
    for condition in first["conditions"]:
        condition["lastTransitionTime"] = "long ago"
    second = status(first, running(ready=True))
    times = {each["type"]: each["lastTransitionTime"] for each in second["conditions"]}
    assert times["Initialized"] == "long ago"
    assert times["Ready"] != "long ago"
    assert {each["type"]: each["status"] for each in second["conditions"]}["Ready"] == "True"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "512Mi"}}, "Burstable"),
    ],
)
def test_quality_of_service(resources: Obj, expected: str) -> None:
    assert qos_class({"spec": {"containers": [{"name": "c", "resources": resources}]}}) == expected


@pytest.mark.parametrize(
    "reference", ["streamspace/firefox:latest", "streamspace/firefox", "docker.io/streamspace/x:v2"]
)
def test_desktop_images_run_the_desktop_as_its_user(reference: str) -> None:
    image = images.find(reference)
    assert image.argv[-1].endswith("entrypoint.sh")
    assert image.user == "1000:1000"


@pytest.mark.parametrize(
    "reference", ["nginx:latest", "postgres:9", "streamspace-api:other", "streamspace/a/b:1", "other/firefox"]
)
def test_other_images_are_not_to_be_had(reference: str) -> None:
    with pytest.raises(UnknownImage, match="not found"):
        images.find(reference)


def test_places_behind_a_closed_directory_get_an_open_way(tmp_path: Path) -> None:
    # Not in pytest's own directory, which is closed to others.
    with TemporaryDirectory(dir="/var/tmp") as directory:
        Path(directory).chmod(0o755)
        _check_the_way(Path(directory), tmp_path)


def _check_the_way(open_directory: Path, tmp_path: Path) -> None:
    gate, place = open_directory / "closed", open_directory / "closed" / "a" / "project"
    place.mkdir(parents=True)
    gate.chmod(0o700)
    found = directories.find([place])
    assert found.gates == (gate,)
    mounts = found.mounts(tmp_path / "scratch", [])
    assert mounts[1] == Mount(place, str(place), read_only=True)
    assert mounts[0].target == str(gate)
    assert (mounts[0].source / "a" / "project").is_dir()
    assert mounts[0].source.stat().st_mode & 0o001
    gate.chmod(0o755)
    assert directories.find([place]).gates == ()


def test_a_place_that_a_volume_would_hide_is_mounted_over_it(tmp_path: Path) -> None:
    place = Path("/scratch/project")
    found = directories.SharedDirectories((place, Path("/usr/lib")), (), ())
    over = Mount(place, str(place), read_only=True)
    assert found.mounts(tmp_path, [Mount(tmp_path, "/scratch"), Mount(tmp_path, "/home")]) == [over]
    assert found.mounts(tmp_path, [Mount(tmp_path, "/scratch/project/reports"), Mount(tmp_path, "/scr")]) == []


def test_equal_events_are_counted() -> None:
    store = Store()
    obj = store.create(CONFIGMAPS, {"metadata": {"name": "x", "namespace": "default"}})
    recorder = Recorder(store)
    for message in ("a", "a", "b"):
        recorder.warning(obj, "Odd", message)
    counts = {event["message"]: event["count"] for event in store.list(EVENTS)[0]}
    assert counts == {"a": 2, "b": 1}


def test_a_stop_can_only_be_hastened() -> None:
    async def main() -> None:
        stop = Stop()
        stop.ask(100)
        stop.ask(0.01)
        stop.ask(100)
        assert stop.asked.is_set()
        await asyncio.wait_for(stop.forced.wait(), 2)

    asyncio.run(main())


def probe_against(answer: bytes | None, probe: Obj) -> str | None:
    """What a probe says of a server that answers this; None is success."""

    async def main() -> str | None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if answer is None:
                await reader.read()
            elif answer:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
            writer.close()

        async def nothing(_: list[str]) -> tuple[int, str]:
            return 0, ""

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            container = {"ports": [{"name": "web", "containerPort": port}]}
            try:
                await probes.attempt(probe, container, "127.0.0.1", nothing)
            except probes.ProbeFailed as failure:
                return str(failure)
            return None

    return asyncio.run(main())


HTTP = {"httpGet": {"path": "/x", "port": "web"}}


def test_probes_tell_what_is_wrong() -> None:
    assert probe_against(b"HTTP/1.1 204 No Content\r\n\r\n", HTTP) is None
    assert probe_against(b"HTTP/1.1 503 Away\r\n\r\n", HTTP) == "HTTP probe failed with statuscode: 503"
    assert probe_against(b"RFB 003.008\n", HTTP) == "the answer is not HTTP"
    assert probe_against(None, {**HTTP, "timeoutSeconds": 0.1}) == "timeout: no answer within 0.1 s"
    assert probe_against(b"", {"tcpSocket": {"port": "web"}}) is None
    assert probe_against(b"", {"tcpSocket": {"port": 1}}) == "Connection refused"
    assert probe_against(b"", {"tcpSocket": {"port": "other"}}) == "couldn't find port: other"
