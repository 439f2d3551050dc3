"""The layers of the images: a Debian with the desktop's programs, the Python packages, and this project."""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import streamspace_sandbox
from streamspace_sandbox.host.novnc import find_novnc
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.real_kubernetes.cache import folder, locked

Report = Callable[[str], None]

PROJECT = "opt/streamspace"
"""Where the images hold the packages and this project."""
NOVNC = f"{PROJECT}/novnc"
DEBIAN_PACKAGES = (
    "python3",
    "ca-certificates",
    "tigervnc-standalone-server",
    "openbox",
    "xterm",
    "x11-utils",
    "x11-xserver-utils",
    "fonts-dejavu-core",
    "fontconfig",
    "xkb-data",
    "x11-xkb-utils",
    "iproute2",
    "iptables",
    "procps",
)
# Debian keeps these out of containers' images as well.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache", "var/lib/apt/lists", "dev")


def make_layers(report: Report) -> list[Path]:
    """The tar files of the layers, lowest first. Layers in the cache are not made again. Raises StartError."""
    with locked(folder() / "layers"):
        debian = _debian_path()
        if not debian.exists():
            report(f"making a Debian {_codename()} for the images (about a minute)")
            _make_debian(debian)
        _, python, project = paths()
        if not python.exists():
            report("installing the Python packages for the images")
            version = python_version(debian)
            _make_python(python, packages(version), version)
        _make_project(project)
    return [debian, python, project]


def make_pause(programs: Path) -> None:
    """The layer at `pause_path`."""
    with locked(folder() / "layers"):
        _write_layer(pause_path(), {"pause": programs / "pause"})


def paths() -> list[Path]:
    """Where the layers lie in the cache, lowest first. The lowest exists: the second depends on its Python."""
    home, debian = folder() / "layers", _debian_path()
    version = python_version(debian)
    return [debian, home / f"python-{_fingerprint(version, *packages(version))}.tar", home / "project.tar"]


def _debian_path() -> Path:
    return folder() / "layers" / f"debian-{_fingerprint(_codename(), *DEBIAN_PACKAGES)}.tar"


def python_version(debian: Path) -> str:
    """The version of the Python in a layer, for example "3.11.2", from Debian's list of its packages."""
    with tarfile.open(debian) as archive:
        status = archive.extractfile("./var/lib/dpkg/status")
        text = status.read().decode() if status is not None else ""
    found = re.search(r"^Package: python3\n(?:.+\n)*?Version: (\d+\.\d+\.\d+)", text, re.MULTILINE)
    if found is None:
        raise StartError(f"{debian} has no Python 3; delete it and try again.")
    return found[1]


def pause_path() -> Path:
    """The only layer of the image of a pod's first container."""
    return folder() / "layers" / "pause.tar"


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _codename() -> str:
    """The Debian or Ubuntu release of this machine, for example "bookworm". The images hold the same one."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r'^VERSION_CODENAME="?([a-z]+)"?$', release, re.MULTILINE)
    if found is None:
        raise StartError("The images are made from this machine's Debian or Ubuntu release; it is neither.")
    return found[1]


def _sources() -> str:
    """The package sources of this machine, in the one-line form."""
    asked = ["apt-get", "indextargets", "--format", "deb $(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(f"apt-get does not tell its package sources: {done.stderr.strip()}")
    return "".join(f"{line}\n" for line in dict.fromkeys(done.stdout.splitlines()))


def _make_debian(target: Path) -> None:
    """A minimal Debian with the desktop's programs."""
    draft = target.with_suffix(".new.tar")
    excluded = [f"--dpkgopt=path-exclude=/{place}/*" for place in LEFT_OUT[:3]]
    command = ["mmdebstrap", "--variant=minbase", "--quiet", *excluded, f"--include={','.join(DEBIAN_PACKAGES)}"]
    command += [_codename(), str(draft), "-"]
    done = subprocess.run(command, input=_sources(), capture_output=True, text=True, check=False)
    if done.returncode:
        draft.unlink(missing_ok=True)
        errors = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise StartError(f"mmdebstrap could not make a Debian for the images: {errors}")
    draft.rename(target)


def packages(python: str) -> list[str]:
    """The Python packages that the embedded StreamSpace needs on that version of Python, for pip.

    They have the versions of this environment; one that only the other Python needs has the newest that fits.
    """
    found: dict[str, str] = {}
    waiting = list(_required("streamspace-acceptance", "sandbox", python))
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            found[name] = f"{name}=={metadata.version(name)}"
            waiting += _required(name, "", python)
        except metadata.PackageNotFoundError:
            found[name] = f"{name}{requirement.specifier}"
    return sorted(found.values())


def _required(name: str, extra: str, python: str) -> Iterator[Requirement]:
    """The requirements of a distribution that is installed here, with `extra` only those that the extra adds."""
    major, minor, _ = python.split(".")
    there = {"python_full_version": python, "python_version": f"{major}.{minor}"}
    for line in metadata.requires(name) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        added = marker is not None and not marker.evaluate(there | {"extra": ""})
        wanted = marker is None or marker.evaluate(there | {"extra": extra})
        if wanted and (added or not extra):
            yield requirement


def _make_python(target: Path, wanted: list[str], version: str) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        site = Path(scratch) / "site"
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(site)]
        command += ["--only-binary=:all:", f"--python-version={version}"]
        done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
        if done.returncode:
            errors = " | ".join(done.stderr.strip().splitlines()[-3:])
            raise StartError(f"pip could not install the images' Python packages: {errors}")
        _write_layer(target, {f"{PROJECT}/site": site})


def _make_project(target: Path) -> None:
    package = Path(streamspace_sandbox.__file__).parent
    _write_layer(target, {f"{PROJECT}/site/streamspace_sandbox": package, NOVNC: find_novnc().resolve()})


def _write_layer(target: Path, content: dict[str, Path]) -> None:
    """A tar of directories, owned by root and with one date, so that equal content has an equal digest."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if "__pycache__" in info.name:
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = 0
        info.mode |= 0o444 if info.isfile() else 0o555
        return info

    draft = target.with_suffix(".new.tar")
    with tarfile.open(draft, "w") as archive:
        for place, directory in content.items():
            _add_parents(archive, place)
            archive.add(directory, place, filter=plain)
    draft.rename(target)


def _add_parents(archive: tarfile.TarFile, place: str) -> None:
    for parent in [*Path(place).parents][-2::-1]:
        info = tarfile.TarInfo(str(parent))
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(info, io.BytesIO())
