"""The home of a session's user, seen from inside its pod, and the volume on which it stands."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Claim, Mount, Pod
from streamspace_acceptance.domain.sessions.session import Session

ODD_FILES = """
odd="$1/.odd files"; [ -e "$odd" ] && exit 0
mkdir -p "$odd/closed" && cd "$odd" || exit 0
echo secret > unreadable; echo x > "closed/a file"; ln -s /nowhere link; echo x > another; chown 12345:12345 another
chmod 000 unreadable; chmod 500 closed
"""


@dataclass(frozen=True)
class SavedFile:
    """A file as it was saved. `mark` stands in a file beside it and in no other home, no other run and no cache."""

    path: str
    text: str
    mark_path: str
    mark: str
    done: ExecResult


@dataclass(frozen=True)
class FileState:
    """A file and the mark beside it as a pod has them now."""

    pod: str
    file: ExecResult
    mark: ExecResult


@dataclass(frozen=True)
class MountPoint:
    """A line of /proc/self/mountinfo: where a file system is really mounted, its type and its options."""

    path: str
    kind: str
    options: frozenset[str]


@dataclass(frozen=True)
class HomeVolume:
    """The home of one pod: what its specification says, what the kernel says, and the volume claim."""

    pod: str
    path: str
    mounts: tuple[Mount, ...]
    mount_points: tuple[MountPoint, ...]
    claim: Claim | None
    is_own: bool
    shared_with: tuple[str, ...]


def save(session: Session, pod: Pod, name: str, text: str) -> SavedFile:
    """Saves `text` as a line in the home, by the plan's own command, and a mark of this run beside it.

    A home may hold anything: files that nobody may read or write, links to nowhere, and files of another owner where
    the home allows those lie beside it, too.
    """
    home = session.api.profile.home
    path, mark_path, mark = f"{home}/{name}", f"{home}/.{name}.mark", secrets.token_hex(8)
    script = f"echo {shlex.quote(text)} > {shlex.quote(path)} && echo {mark} > {shlex.quote(mark_path)}"
    done = session.cluster.execute(pod, ["bash", "-c", script])
    session.cluster.execute(pod, ["sh", "-c", ODD_FILES, "sh", home])
    return SavedFile(path, text, mark_path, mark, done)


def find(session: Session, pod: Pod, saved: SavedFile) -> FileState:
    """Reads the file and its mark in `pod`."""
    file = session.cluster.execute(pod, ["cat", saved.path])
    return FileState(pod.meta.name, file, session.cluster.execute(pod, ["cat", saved.mark_path]))


def is_kept(session: Session, pod: Pod, saved: SavedFile) -> bool:
    """Whether the file and its mark read in `pod` as they were saved."""
    found = find(session, pod, saved)
    return (found.file.stdout, found.mark.stdout) == (f"{saved.text}\n", f"{saved.mark}\n")


def name_of(saved: SavedFile) -> str:
    """The name of a saved file in the home."""
    return saved.path.rpartition("/")[2]


def volume(session: Session, pod: Pod) -> HomeVolume:
    """On what the home stands in `pod`."""
    home = session.api.profile.home
    session.api.profile.meet("pods.home")
    container = session.cluster.main_container(pod.object).name
    mounts = tuple(mount for mount in pod.mounts if (mount.container, mount.path.rstrip("/")) == (container, home))
    claims = {claim.meta.name: claim for claim in session.cluster.claims()}
    claim = claims.get(mounts[0].claim or "") if mounts else None
    return HomeVolume(
        pod=pod.meta.name,
        path=home,
        mounts=mounts,
        mount_points=mount_points_at(session.cluster.execute(pod, ["cat", "/proc/self/mountinfo"]).stdout, home),
        claim=claim,
        is_own=claim is not None and _is_own(session, claim),
        shared_with=() if claim is None else _users(session, claim, session.cluster.pods()),
    )


def _is_own(session: Session, claim: Claim) -> bool:
    obj = session.cluster.session_object(session.id)
    return claim.belongs_to(session.id, obj.meta.uid if obj else None, session.api.profile.session_label)


def _users(session: Session, claim: Claim, pods: Sequence[Pod]) -> tuple[str, ...]:
    """The pods of others that have the claim mounted."""
    label = session.api.profile.session_label
    return tuple(
        pod.meta.name
        for pod in pods
        if pod.meta.labels.get(label) != session.id and any(mount.claim == claim.meta.name for mount in pod.mounts)
    )


def mount_points_at(mountinfo: str, path: str) -> tuple[MountPoint, ...]:
    """The mounts at exactly `path`: fields 5 and 6 of a line, and the type after the separator (proc(5))."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 5 and fields[4] == path and right:
            found.append(MountPoint(path, right.split()[0], frozenset(fields[5].split(","))))
    return tuple(found)
