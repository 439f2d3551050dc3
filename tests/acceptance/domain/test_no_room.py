"""The scheduler's words for a pod that no node takes: full and closed nodes, and pods that suit none."""

from __future__ import annotations

import pytest

from streamspace_acceptance.domain.sessions import no_room

AVAILABLE = "0/3 nodes are available: "
PREEMPTION = ". preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
CONTROL_PLANE = "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"


@pytest.mark.parametrize(
    "words",
    [
        f"{AVAILABLE}3 Insufficient cpu.",
        f"{AVAILABLE}{CONTROL_PLANE}, 2 Insufficient memory{PREEMPTION}",
        f"{AVAILABLE}3 node(s) were unschedulable{PREEMPTION}",
        f"{AVAILABLE}3 node(s) were unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available.",
        f"{AVAILABLE}{CONTROL_PLANE}, 2 node(s) were unschedulable{PREEMPTION}",
        f"{AVAILABLE}3 node(s) had untolerated taint {{node.kubernetes.io/disk-pressure: }}.",
        f"{AVAILABLE}3 node(s) had taints that the pod didn't tolerate.",
        f"{AVAILABLE}1 node(s) were unschedulable, 2 node(s) had volume node affinity conflict{PREEMPTION}",
        f"{AVAILABLE}1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity.",
    ],
)
def test_full_and_closed_nodes_take_no_pod(words: str) -> None:
    assert no_room.says_no_room(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        f"{AVAILABLE}3 node(s) didn't match Pod's node affinity/selector.",
        f"{AVAILABLE}{CONTROL_PLANE}, 2 node(s) didn't match Pod's node affinity/selector{PREEMPTION}",
        f"{AVAILABLE}3 node(s) had volume node affinity conflict.",
        f"{AVAILABLE}pod has unbound immediate PersistentVolumeClaims.",
        f'{AVAILABLE}persistentvolumeclaim "s-1-home" not found.',
    ],
)
def test_pods_that_suit_no_open_node_are_not_excused(words: str) -> None:
    assert not no_room.says_no_room(words)
