"""The home of a session's user, seen from inside its pod, and the volume on which it stands."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Claim, Mount, Pod
from streamspace_acceptance.domain.sessions import home_contents
from streamspace_acceptance.domain.sessions.session import Session

ODD_FILES = """
odd="$1/.odd files"; [ -e "$odd" ] && exit 0
mkdir -p "$odd/closed" && cd "$odd" || exit 0
echo secret > unreadable; echo x > "closed/a file"; ln -s /nowhere link; echo x > another; chown 12345:12345 another
chmod 000 unreadable; chmod 500 closed
"""
MOUNTS = 'readlink -f "$1" || echo; readlink -f "$2" || echo; cat /proc/self/mountinfo'
"""A folder may stand behind a link: /home leads to /var/home on some systems."""
UNREADABLE = "?"
HOMES = r"""
for each in /proc/[0-9]*/environ; do
  told=$(tr '\0' '\n' < "$each") || { [ -d "${each%/environ}" ] && echo '?'; continue; }
  echo "$told" | grep -q '^STREAMSPACE_LOOK=' && continue
  echo "$told" | grep -q '^DISPLAY=.' || continue
  home=$(echo "$told" | sed -n 's/^HOME=//p')
  [ -z "$home" ] || readlink -f "$home" || echo "$home"
done | sort -u
"""
"""The homes of the programs that have a display, which are the desktop's, by their environments; `?` for a program
that does not tell. The look itself is left out.
"""
LARGE_BYTES = 8 * 1024 * 1024
"""More than what is sent in one piece at the most: 4 MiB by gRPC, 5 MiB by stores of objects."""
LARGE_SECONDS = 60.0
"""Real seconds to write or to read so much: a home may be at the other end of a network."""
CHECKSUM = 'cksum < "$1"'
LARGE_FILE = f"""
mkdir -p "$1" && yes "$2" | head -c {LARGE_BYTES} > "$1/large" && echo "$2" >> "$1/large" && cksum < "$1/large"
"""
NO_SUCH_PROGRAM = 127


@dataclass(frozen=True)
class SavedFile:
    """A file as it was saved. `mark` stands in a file beside it and in no other home, no other run and no cache.

    It also fills the file `large_path` in a folder, which is empty where that was not saved: `large` is its checksum
    and length, `large_trouble` says why the home does not take it. `more` tells of the files of other kinds in the
    folder `more_path` (home_contents).
    """

    path: str
    text: str
    mark_path: str
    mark: str
    done: ExecResult
    large_path: str = ""
    more: str = ""
    more_path: str = ""
    large: str = ""
    large_trouble: str = ""


@dataclass(frozen=True)
class FileState:
    """A file, the mark beside it, the large file's checksum, and those of other kinds, as a pod has them now."""

    pod: str
    file: ExecResult
    mark: ExecResult
    large: ExecResult | None = None
    more: str = ""


@dataclass(frozen=True)
class MountPoint:
    """A line of /proc/self/mountinfo: where a file system is really mounted, its type and its options."""

    path: str
    kind: str
    options: frozenset[str]


@dataclass(frozen=True)
class HomeVolume:
    """The home of one pod: what its specification says, what the kernel says, and the volume claim.

    `elsewhere` are the other paths at which the desktop has a volume claim. `homes_elsewhere` are those of
    the desktop's own programs, in which its user saves, where none of them is there.
    """

    pod: str
    path: str
    mounts: tuple[Mount, ...]
    mount_points: tuple[MountPoint, ...]
    claim: Claim | None
    is_own: bool
    shared_with: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    homes_elsewhere: tuple[str, ...] = ()


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
    folder = f"{home}/.{name}.more/below"
    large = session.cluster.execute(pod, ["sh", "-c", LARGE_FILE, "sh", folder, mark], seconds=LARGE_SECONDS)
    more_path = f"{home}/.{name}.kinds"
    more = home_contents.save(session.cluster, pod, more_path, mark)
    is_saved, is_refused = large.code == 0, large.code not in (0, NO_SUCH_PROGRAM)
    return SavedFile(
        path,
        text,
        mark_path,
        mark,
        done,
        large_path=f"{folder}/large" if is_saved else "",
        more=more,
        more_path=more_path,
        large=large.stdout,
        large_trouble=large.stderr.strip() or f"exit code {large.code}" if is_refused else "",
    )


def find(session: Session, pod: Pod, saved: SavedFile) -> FileState:
    """Reads the file and its marks in `pod`."""
    run = partial(session.cluster.execute, pod)
    large = run(["sh", "-c", CHECKSUM, "sh", saved.large_path], seconds=LARGE_SECONDS) if saved.large_path else None
    more = home_contents.tell(session.cluster, pod, saved.more_path) if saved.more else ""
    return FileState(pod.meta.name, run(["cat", saved.path]), run(["cat", saved.mark_path]), large, more)


def is_kept(session: Session, pod: Pod, saved: SavedFile) -> bool:
    """Whether the file and its marks read in `pod` as they were saved."""
    found, mark = find(session, pod, saved), f"{saved.mark}\n"
    small = (found.file.stdout, found.mark.stdout) == (f"{saved.text}\n", mark)
    whole = found.large is None or found.large.stdout == saved.large
    return small and whole and not home_contents.differences(saved.more, found.more)


def name_of(saved: SavedFile) -> str:
    """The name of a saved file in the home."""
    return saved.path.rpartition("/")[2]


def volume(session: Session, pod: Pod) -> HomeVolume:
    """On what the home stands in `pod`: the volume that is mounted there, or the nearest folder above it."""
    home = session.api.profile.home
    session.api.profile.meet("pods.home")
    container = session.cluster.main_container(pod.object).name
    above = [mount for mount in pod.mounts if mount.container == container and _holds(mount.path, home)]
    place = max((mount.path.rstrip("/") for mount in above), key=len, default=home)
    mounts = tuple(mount for mount in above if mount.path.rstrip("/") == place)
    own = [mount for mount in pod.mounts if mount.container == container and mount.claim is not None]
    claims = {claim.meta.name: claim for claim in session.cluster.claims()}
    claim = claims.get(mounts[0].claim or "") if mounts else None
    found = session.cluster.execute(pod, ["sh", "-c", MOUNTS, "sh", home, place]).stdout
    real_home, real_place, mountinfo = [*found.split("\n", 2), "", ""][:3]
    return HomeVolume(
        pod=pod.meta.name,
        path=home,
        mounts=mounts,
        mount_points=mount_points_at(mountinfo, real_home or home, real_place or place),
        claim=claim,
        is_own=claim is not None and _is_own(session, claim),
        shared_with=() if claim is None else _users(session, claim, session.cluster.pods()),
        elsewhere=tuple(mount.path for mount in own if mount not in above),
        homes_elsewhere=homes_elsewhere(session, pod, real_home or home),
    )


def homes_elsewhere(session: Session, pod: Pod, home: str) -> tuple[str, ...]:
    """The homes of the desktop's own programs, if none of them is that one; empty where they do not tell."""
    lines = session.cluster.execute(pod, ["env", "STREAMSPACE_LOOK=1", "sh", "-c", HOMES]).stdout.split("\n")
    homes = list(filter(None, lines))
    is_known = UNREADABLE not in homes and not any(_holds(home, path) for path in homes)
    return tuple(homes) if is_known else ()


def _holds(folder: str, path: str) -> bool:
    """Whether a folder, other than the root, is that path or one above it."""
    folder = folder.rstrip("/")
    return bool(folder) and f"{path}/".startswith(f"{folder}/")


def _is_own(session: Session, claim: Claim) -> bool:
    obj = session.cluster.session_object(session.id)
    return claim.belongs_to(session.id, obj.meta.uid if obj else None, session.api.profile.session_label)


def _users(session: Session, claim: Claim, pods: Sequence[Pod]) -> tuple[str, ...]:
    """The pods of others that have the claim mounted. Those that are over, as a backup's, have it no more."""
    label = session.api.profile.session_label
    return tuple(
        pod.meta.name
        for pod in pods
        if pod.meta.labels.get(label) != session.id
        and not pod.is_over
        and any(mount.claim == claim.meta.name for mount in pod.mounts)
    )


def mount_points_at(mountinfo: str, path: str, place: str | None = None) -> tuple[MountPoint, ...]:
    """The mounts at `path`, or between it and `place`, a folder above: fields 5 and 6 of a line of proc(5).

    The type stands after the separator.
    """
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 5 and right and _holds(fields[4], path) and _holds(place or path, fields[4]):
            found.append(MountPoint(fields[4], right.split()[0], frozenset(fields[5].split(","))))
    return tuple(found)
