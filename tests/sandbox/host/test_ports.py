"""Who has a port of this machine."""

import os
import socket
from pathlib import Path

from streamspace_sandbox.host.ports import holder


def test_holder_of_a_port_is_a_program_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = holder(server.getsockname()[1])
    assert told.endswith(f"(process {os.getpid()})")


def test_holder_that_cannot_be_seen_is_somebody_else(tmp_path: Path) -> None:
    assert holder(1, tmp_path) == "a program of another user or container"
