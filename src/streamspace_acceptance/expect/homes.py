"""Expectations of the home of a session's user."""

from __future__ import annotations

from streamspace_acceptance.domain.sessions import home_contents
from streamspace_acceptance.domain.sessions.home import LARGE_BYTES, FileState, HomeVolume, SavedFile
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet

ANOTHER_HOME = "a contract profile can name the home (pods.home, docs/profiles.md)"
NO_SUCH_FILE = "No such file or directory"


def saved(file: SavedFile, found: FileState) -> None:
    """The file was saved, and reads as it was saved."""
    judged("the file when it was saved", f"{file.path}: {file.text!r} written, exit code {file.done.code}")
    if file.done.code != 0:
        raise Unmet(
            f"{file.path} in pod {found.pod}",
            expected="the file saved",
            actual=f"exit code {file.done.code}: {file.done.stderr.strip()}",
            likely=f"there is no such folder; {ANOTHER_HOME}"
            if NO_SUCH_FILE in file.done.stderr
            else "the user may not write to the home, or it is full",
        )
    if file.large_trouble:
        raise Unmet(
            f"the home in pod {found.pod}",
            expected=f"room for a file of {LARGE_BYTES // 1024**2} MiB",
            actual=file.large_trouble,
            likely="the home's volume is full, or smaller than a user needs",
        )
    kept(file, found)


def kept(file: SavedFile, found: FileState) -> None:
    """The file reads as it was saved, and it is the very file: the mark of this run is beside it."""
    mark = f"{file.mark}\n"
    files = [(file.path, f"{file.text}\n", found.file), (file.mark_path, mark, found.mark)]
    files += [(f"{file.large_path}, checksum and bytes", file.large, found.large)] if found.large is not None else []
    rows = [(path, repr(saved), repr(read.stdout), read.code) for path, saved, read in files]
    judged(f"the file in pod {found.pod}", table("file | saved | read | exit code", rows))
    judged("files of other kinds", table("what | saved | found", home_contents.rows(file.more, found.more)))
    troubles = [
        trouble for path, saved, read in files for trouble in _differs(path, read.code, read.stdout, saved, read.stderr)
    ]
    others = [f"{file.more_path}, {trouble}" for trouble in home_contents.differences(file.more, found.more)]
    is_there = (found.file.stdout, found.mark.stdout) == (f"{file.text}\n", mark)
    if troubles or others:
        raise Unmet(
            f"{file.path} in pod {found.pod}",
            expected=f"{file.text!r}, as this run saved it",
            actual="; ".join([*troubles, *others]),
            likely="the home is there, but was copied without all of its files, their rights or their owner"
            if is_there
            else "the home is on another volume, or the volume was emptied or restored",
        )


def _differs(path: str, code: int, content: str, wanted: str, stderr: str) -> list[str]:
    if code != 0:
        return [f"{path} cannot be read: {stderr.strip() or f'exit code {code}'}"]
    return [] if content == wanted else [f"{path} says {content[:200]!r}"]


def on_own_volume(home: HomeVolume) -> None:
    """The home is a mount of its own, of a volume claim that is Bound and this session's alone."""
    judged("the home's volume", home)
    troubles = [*_not_claimed(home), *_not_mounted(home)]
    troubles += [f"the desktop's programs have {path} for their home" for path in home.homes_elsewhere]
    if troubles:
        raise Unmet(
            f"{home.path} in pod {home.pod}",
            expected=f"the session's own volume claim, Bound, mounted at {home.path}",
            actual="; ".join(troubles),
            likely=_why_elsewhere(home),
        )


def _why_elsewhere(home: HomeVolume) -> str:
    if home.elsewhere and not home.mounts:
        return f"the volume is mounted at {', '.join(home.elsewhere)}; {ANOTHER_HOME}"
    if home.homes_elsewhere:
        return f"what a user saves in the home of the desktop is not on the volume; {ANOTHER_HOME}"
    return "the pod does not mount the session's volume"


def _not_claimed(home: HomeVolume) -> list[str]:
    if len(home.mounts) != 1 or home.mounts[0].claim is None:
        return [f"{len(home.mounts)} volumes of the pod are for {home.path}, and none is a volume claim"]
    if home.claim is None:
        return [f"the volume claim {home.mounts[0].claim} does not exist"]
    name = home.claim.meta.name
    return [
        *([] if home.claim.phase == "Bound" else [f"claim {name} is {home.claim.phase}"]),
        *(["its claim is being deleted"] if home.claim.meta.deleting else []),
        *([] if home.is_own else [f"claim {name} is another session's"]),
        *([f"claim {name} is also used by {', '.join(home.shared_with)}"] if home.shared_with else []),
        *(["it is mounted for reading only"] if home.mounts[0].read_only else []),
    ]


def _not_mounted(home: HomeVolume) -> list[str]:
    if not home.mount_points:
        return [f"nothing is mounted at {home.path} inside the pod"]
    # The first one is the claim's, on whatever the node keeps its volumes: in a container of k3d that is an overlay.
    last, hides = home.mount_points[-1], len(home.mount_points) > 1
    return [
        *([f"a {last.kind} is mounted over it"] if hides and last.kind in ("overlay", "tmpfs") else []),
        *([] if "rw" in last.options else ["the mount there is for reading only"]),
    ]
