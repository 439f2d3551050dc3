"""Motion, stores and nodes: what is read of them, and what is not taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.exec import ExecResult
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.performance import motion, node_capacity, stores
from streamspace_acceptance.domain.performance.motion import Spot
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.product.rfb_client import Box, Rectangle, RfbClient
from tests.support.clock import FakeClock
from tests.support.node_samples import FakeNodes, node, requesting
from tests.support.samples import pod, pod_json

WIDTH, HEIGHT = 320, 200
GIB = 1024**3


def part(block: tuple[int, int, int, int] | None = None, pixel: bytes = b"\xff\0\0\0") -> Rectangle:
    """A black part of a desktop, at 100, 50, with a block in it: left, top, right, bottom."""
    pixels = bytearray(4 * WIDTH * HEIGHT)
    if block is not None:
        left, top, right, bottom = block
        for row in range(top, bottom):
            start = 4 * (row * WIDTH + left)
            pixels[start : start + 4 * (right - left)] = pixel * (right - left)
    return Rectangle((100, 50, WIDTH, HEIGHT), bytes(pixels))


def test_a_block_that_changed_is_found_with_its_middle() -> None:
    spot = motion.changed(part((100, 60, 228, 140)), part((100, 60, 228, 140), b"\0\xff\0\0"))
    assert spot == Spot(100 + 164, 50 + 100)
    assert spot.box == (232, 118, 64, 64)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (part(), part()),
        (part(), part((10, 10, 20, 20))),  # a letter or a cursor
        (part((0, 0, 4, 4)), part((310, 190, 320, 200))),  # two letters, far from each other
    ],
)
def test_other_changes_are_no_moving_block(before: Rectangle, after: Rectangle) -> None:
    assert motion.changed(before, after) is None


def test_colours_of_the_source_tell_their_numbers() -> None:
    assert motion.number((0, 0, 0)) == 0
    assert motion.number((255, 255, 255)) == 215
    assert motion.number((95, 0, 135)) == 38
    assert motion.number((95, 0, 155)) is None


@pytest.mark.parametrize("number", range(motion.LAST - motion.FIRST + 1))
def test_colours_of_a_desktop_of_16_bits_tell_their_numbers(number: int) -> None:
    red, green, blue = (motion.LEVELS[number // factor % 6] for factor in (36, 6, 1))
    assert motion.number((red & 0xF8, green & 0xFC, blue & 0xF8)) == number


def test_the_program_keeps_the_rate() -> None:
    assert "d+=33333," in motion.program(30)
    assert "d+=1000000," in motion.program(1)


class Desktop:
    """A viewer of a desktop in which a block changes its colour at every look, or does not."""

    middle = (640, 360)
    framebuffer = Framebuffer(1280, 720, "desk", 0.0)

    def __init__(self, *, moves: bool) -> None:
        self.moves = moves
        self.looks = 0
        self.typed: list[str] = []

    def click(self, x: int, y: int) -> None:
        assert (x, y) == self.middle

    def type(self, text: str) -> None:
        self.typed.append(text)

    def picture(self, box: Box) -> Rectangle:
        assert box == (480, 260, WIDTH, HEIGHT)
        self.looks += self.moves
        return Rectangle(box, part((100, 60, 228, 140), bytes([self.looks * 20, 0, 0, 0])).pixels)


@pytest.mark.parametrize(("moves", "spot"), [(True, Spot(480 + 164, 260 + 100)), (False, None)])
def test_motion_is_started_and_found(*, moves: bool, spot: Spot | None) -> None:
    desktop, clock = Desktop(moves=moves), FakeClock()
    found = motion.start(cast("RfbClient", desktop), 2.0, 6.0, clock)
    assert found == spot
    assert desktop.typed == [motion.program(2.0)]
    assert clock.seconds <= 1006.5
    motion.stop(cast("RfbClient", desktop))
    assert desktop.typed[-1] == motion.STOP


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=1 wbytes=2\n", (11, 22)),
        ("8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\nTotal 30\n", (10, 20)),
        ("Total 0\n", None),
    ],
)
def test_disk_bytes_of_both_kinds_of_cgroup(said: str, wanted: tuple[float, float] | None) -> None:
    assert stores.disk_bytes(said) == wanted


def test_store_figures_and_the_reasons_for_missing_ones() -> None:
    said = {
        "psql": ExecResult("12\n", "", 0),
        "dbsize": ExecResult("", "sh: no such program", 127),
        "io.stat": ExecResult("8:0 rbytes=0 wbytes=10240\n", "", 0),
    }
    cluster = cast("Cluster", FakeNodes(said))
    found = stores.read(cluster, [pod()], [pod()])
    later = stores.StoreFigures({**found.numbers, stores.WRITTEN: 30720.0}, found.missing).since(found, 10.0)
    assert later.numbers == {"connections": 12.0, "disk read": 0.0, "disk written": 2.0}
    assert later.missing == {"keys": "sh: no such program"}
    assert stores.read(cluster, [], []).missing["connections"] == "there is no such pod"


@pytest.mark.parametrize(
    ("given", "pods", "exceeded"),
    [
        (node(), [requesting("2"), requesting("2")], ""),
        (node(), [requesting("2"), requesting("2.1")], "pods request 4.1 of 4 cpu"),
        (node(), [requesting("5", phase="Succeeded"), requesting("5", node="node-2")], ""),
        (node(pods="1"), [requesting("1"), requesting("1")], "2 pods of 1"),
        (node(pressure="True"), [], "node-1 reports MemoryPressure"),
    ],
)
def test_a_node_that_holds_too_much(given: Any, pods: Sequence[Any], exceeded: str) -> None:
    found = node_capacity.read(cast("Cluster", FakeNodes({}, [given], pods)))
    assert exceeded in "; ".join(found.nodes[0].exceeded.values())
    assert bool(exceeded) == bool(found.nodes[0].exceeded)
    assert "the pods of all namespaces" in found.table()


def test_nodes_that_are_not_shown_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "missing", lambda *_: list(rights.MEASURING[:1]))
    found = node_capacity.read(cast("Cluster", FakeNodes({}))).unknown
    assert found.startswith("the nodes cannot be read: ")
    assert "list nodes of the whole cluster. Apply deploy/rbac/streamspace-acceptance-phase4.yaml" in found


def test_pods_without_a_place_and_lost_pods_are_found() -> None:
    waiting, evicted, killed = pod_json(), pod_json(phase="Failed"), pod_json()
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    waiting["status"]["conditions"] = [condition]
    evicted["status"]["reason"] = "Evicted"
    killed["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"reason": "OOMKilled"}}
    assert node_capacity.unschedulable([waiting, evicted, killed]) == [f"{waiting['metadata']['name']}: 0/3 nodes"]
    assert len(node_capacity.lost([waiting, evicted, killed])) == 2


def test_sizes_are_read_as_a_template_has_them() -> None:
    assert node_capacity.size_of({"cpu": "250m", "memory": "512Mi", "gpu": 1}) == {"cpu": "250m", "memory": "512Mi"}
    assert node_capacity.size_of(None) == {}
