"""Network bridges of sandboxes: a number for one, and one whose maker has ended without removing it."""

import subprocess
import sys
from pathlib import Path

from streamspace_sandbox.host import network_bridge
from streamspace_sandbox.lifecycle.instance import claimed_numbers

OWNER = "a dead sandbox"
CODE = "import sys; from streamspace_sandbox.host import network_bridge as n; n.make(int(sys.argv[1]), sys.argv[2])"


def free_number() -> int:
    """The number that the next sandbox gets. The caller holds the root's lock, so that none starts meanwhile."""
    with network_bridge.reserved_number(claimed_numbers()) as number:
        return number


def make_orphan_bridge(number: int) -> Path:
    """As a killed control plane leaves it: its folder in /sys."""
    subprocess.run([sys.executable, "-c", CODE, str(number), OWNER], check=True)
    return network_bridge.DEVICES / network_bridge.bridge_name(number)
