"""A network bridge whose maker has ended without removing it, as a killed control plane does."""

import subprocess
import sys
from pathlib import Path

from streamspace_sandbox.host import network_bridge

OWNER = "a dead sandbox"
CODE = "import sys; from streamspace_sandbox.host import network_bridge as n; n.make(int(sys.argv[1]), sys.argv[2])"


def make_orphan_bridge(number: int) -> Path:
    """Its folder in /sys."""
    subprocess.run([sys.executable, "-c", CODE, str(number), OWNER], check=True)
    return network_bridge.DEVICES / network_bridge.bridge_name(number)
