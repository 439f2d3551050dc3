"""Stand-ins for the tools of the plan: executables on a PATH that holds nothing else."""

from __future__ import annotations

from pathlib import Path

KUBECTL = """echo '{"clientVersion": {"gitVersion": "v1.32.4"}}'"""
HELM = "echo v3.18.0+gcc36c9d"
DOCKER = "echo 27.3.1"
FAILS_BUT_FOR_VERSION = '[ "$1" = version ] || { echo "%s" >&2; exit 1; }'
HANGING = "exec /bin/sleep 600"
# What the stand-ins say, and which criterion must turn red for it.
CASES: dict[str, tuple[dict[str, str | None], set[str]]] = {
    "all good": ({}, set()),
    "plain helm version": ({"helm": """echo 'version.BuildInfo{Version:"v3.16.4", GitCommit:"7877b4"}'"""}, set()),
    "a helm that was built without its patch release": ({"helm": "echo v3.18"}, set()),
    "another helm 3": ({"helm": "echo v3.12.0+gabc"}, set()),
    "old helm": ({"helm": "echo 'Client: v2.17.0+ga690bad'"}, {"0-3"}),
    "helm 4.0.1": ({"helm": "echo v4.0.1+g12500dd"}, {"0-3"}),
    "helm 4.1": ({"helm": "echo v4.1.0"}, {"0-3"}),
    "no helm": ({"helm": None}, {"0-3"}),
    "a helm that fails after its version": ({"helm": "echo v3.18.0; exit 1"}, {"0-3"}),
    "a version within other words": ({"helm": "echo helm v3.18.0 is out, get it"}, {"0-3"}),
    "no docker": ({"docker": None}, {"0-4"}),
    "docker without an engine": ({"docker": "echo Cannot connect to the Docker daemon >&2; exit 1"}, {"0-4"}),
    "docker that says nothing": ({"docker": "true"}, {"0-4"}),
    "hanging docker": ({"docker": HANGING}, {"0-4"}),
    "no kubectl": ({"kubectl": None}, {"0-2"}),
    "hanging kubectl": ({"kubectl": HANGING}, {"0-2"}),
    "a kubectl with a child that hangs": ({"kubectl": "/bin/sleep 600 & wait"}, {"0-2"}),
    "kubectl printing garbage": ({"kubectl": "echo '<html>'"}, {"0-2"}),
    "kubectl of no version": ({"kubectl": """echo '{"clientVersion": {"gitVersion": ""}}'"""}, {"0-2"}),
    "kubectl of a user of few rights": (
        {"kubectl": f"{FAILS_BUT_FOR_VERSION % 'Error from server (Forbidden): services is forbidden'}; {KUBECTL}"},
        set(),
    ),
    "kubectl that is not logged in": (
        {"kubectl": f"{FAILS_BUT_FOR_VERSION % 'error: You must be logged in to the server'}; {KUBECTL}"},
        {"0-1"},
    ),
    "kubectl that reaches nothing": (
        {"kubectl": f"{FAILS_BUT_FOR_VERSION % 'no route to host'}; {KUBECTL}"},
        {"0-1"},
    ),
}


def put(folder: Path, changes: dict[str, str | None]) -> Path:
    """A folder for PATH with the three tools, sound but for `changes` (name -> script; None: it is not there)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in ({"kubectl": KUBECTL, "helm": HELM, "docker": DOCKER} | changes).items():
        if script is not None:
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
    return folder
