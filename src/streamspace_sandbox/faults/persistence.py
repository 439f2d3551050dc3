"""Faults of test 1.2: a session keeps its user's files."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.pod_volumes import (
    SESSION_LABEL,
    empty_files,
    empty_files_from_the_second_time,
    is_replacing,
    on_claims,
    wipe_homes,
)

OBJECTS = "streamspace_sandbox.streamspace.agent.objects"
SHARED_CLAIM = "streamspace-homes"
KEPT_BYTES = 64 * 1024
GARBLED_BYTES = 4096
SOMEBODY = 12345
OTHERS_MAY_READ = 0o004


def _mount_home_read_only(desktop_container: Any, owner: Any) -> Any:
    container = desktop_container(owner)
    container["volumeMounts"][0]["readOnly"] = True
    return container


def _ignore_lost_pods(pod_changed: Any, controller: Any, event: Any) -> None:
    leaving = event.type == "DELETED" or "deletionTimestamp" in event.object["metadata"]
    if not leaving or SESSION_LABEL not in event.object["metadata"].get("labels", {}):
        pod_changed(controller, event)


def _shared_claim(claim: Any, owner: Any) -> Any:
    return claim(owner) | {"metadata": {"name": SHARED_CLAIM}}


def _pod_on_shared_claim(pod_spec: Any, owner: Any) -> Any:
    pod = pod_spec(owner)
    pod["volumes"][0]["persistentVolumeClaim"]["claimName"] = SHARED_CLAIM
    pod["containers"][0]["volumeMounts"][0]["subPath"] = owner["metadata"]["name"]
    return pod


def _stumble_over_unreadable(pod: Any, home: Path) -> None:
    """The desktop does not start on a home in which there is a file that its user may not read."""
    if any(not path.is_symlink() and path.stat().st_mode & 0o777 == 0 for path in home.rglob("*")):
        pod["spec"]["containers"][0]["command"] = ["false"]


def _lose_folders(_pod: Any, home: Path) -> None:
    """The home is copied to another volume, though only its files."""
    for entry in home.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)


def _cut_large_files(_pod: Any, home: Path) -> None:
    for path in _of_large_files(home):
        os.truncate(path, KEPT_BYTES)


def _of_large_files(home: Path) -> Iterator[Path]:
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > KEPT_BYTES:
            yield path


def _garble_large_files(_pod: Any, home: Path) -> None:
    """A block in the middle is lost; the file is as long as it was, and begins and ends as before."""
    for path in _of_large_files(home):
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(bytes(GARBLED_BYTES))


def _own_by_somebody(_pod: Any, home: Path) -> None:
    for path in home.rglob("*"):
        os.chown(path, SOMEBODY, -1, follow_symlinks=False)


def _open_to_others(_pod: Any, home: Path) -> None:
    """Private files are private no longer."""
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | OTHERS_MAY_READ)


def _is_waking(replicaset: Any) -> bool:
    return not is_replacing(replicaset)


register_fault(
    "large-files-garbled-on-wake",
    breaks="1.4-5",
    description="A block in the middle of each large file is lost after a session was woken; its length is not",
    kubernetes=on_claims(_garble_large_files, when=_is_waking),
)
register_fault(
    "owner-lost-on-wake",
    breaks="1.4-5",
    description="The files of a home belong to somebody else after a session was woken",
    kubernetes=on_claims(_own_by_somebody, when=_is_waking),
)
register_fault(
    "private-files-opened-on-wake",
    breaks="1.4-5",
    description="Everybody may read the private files of a home after a session was woken",
    kubernetes=on_claims(_open_to_others, when=_is_waking),
)
register_fault(
    "folders-lost-with-pod",
    breaks="1.2-3",
    description="The files in the folders of a home are gone when another pod replaces a lost one",
    kubernetes=on_claims(_lose_folders, when=is_replacing),
)
register_fault(
    "large-files-cut-with-pod",
    breaks="1.2-3",
    description=f"Files in the home are cut to {KEPT_BYTES // 1024} KiB when another pod replaces a lost one",
    kubernetes=on_claims(_cut_large_files, when=is_replacing),
)
register_fault(
    "folders-lost-on-wake",
    breaks="1.4-5",
    description="The files in the folders of a home are gone after a session was woken",
    kubernetes=on_claims(_lose_folders, when=_is_waking),
)
register_fault(
    "unreadable-file-in-home",
    breaks="1.2-2",
    description="A pod that replaces a lost one does not start if the home has a file that nobody may read",
    kubernetes=on_claims(_stumble_over_unreadable, when=is_replacing),
)
register_fault(
    "home-read-only",
    breaks="1.2-1",
    description="A session's home is mounted read-only",
    agent=wrap(f"{OBJECTS}:desktop_container", _mount_home_read_only),
)
register_fault(
    "pod-not-replaced",
    breaks="1.2-2",
    description="Kubernetes does not replace a session's deleted pod",
    kubernetes=wrap(
        "streamspace_sandbox.kubernetes.controllers.replicasets:ReplicaSetController._pod_changed", _ignore_lost_pods
    ),
)
register_fault(
    "home-lost-with-pod",
    breaks="1.2-3",
    description="The storage empties the home when another pod replaces a lost one",
    kubernetes=wipe_homes(when=is_replacing),
)
register_fault(
    "homes-on-one-volume",
    breaks="1.2-4",
    description="The homes of all sessions are folders of one shared volume",
    agent=[wrap(f"{OBJECTS}:claim", _shared_claim), wrap(f"{OBJECTS}:pod_spec", _pod_on_shared_claim)],
)


VANISH = "while sleep 0.02; do rm -f ~/test.txt; done"
GARBLE = (
    "while sleep 0.02; do [ -w ~/test.txt ] && grep -q 'test data' ~/test.txt && echo 'test dat' > ~/test.txt; done"
)


def _beside_the_desktop(script: str) -> Patch:
    """A program that runs in the session beside the desktop."""

    def find_desktop(find: Any, reference: str) -> Any:
        image = find(reference)
        if not reference.startswith("streamspace/"):
            return image
        return replace(image, argv=["/bin/bash", "-c", f"({script}) & exec {' '.join(image.argv)}"])

    return wrap("streamspace_sandbox.control_plane.images:find", find_desktop)


def _into_lost_and_found(_pod: Any, home: Path) -> None:
    place = home / "lost+found"
    place.mkdir(exist_ok=True)
    for path in home.iterdir():
        if path != place:
            path.rename(place / path.name)


def _claim_of_nobody(claim: Any, owner: Any) -> Any:
    made = claim(owner)
    metadata = {name: value for name, value in made["metadata"].items() if name not in ("labels", "ownerReferences")}
    return made | {"metadata": {**metadata, "labels": {SESSION_LABEL: "another"}}}


def _mount_for_reading(pod: Any, _home: Path) -> None:
    for mount in pod["spec"]["containers"][0]["volumeMounts"]:
        if mount["name"] == "home":
            mount["readOnly"] = True


register_fault(
    "files-vanish",
    breaks="1.2-1",
    description="A file in the home is gone a moment after it was saved",
    kubernetes=_beside_the_desktop(VANISH),
)
register_fault(
    "files-are-cut-short",
    breaks="1.2-1",
    description="A file in the home loses its last letter a moment after it was saved",
    kubernetes=_beside_the_desktop(GARBLE),
)
register_fault(
    "files-emptied-with-pod",
    breaks="1.2-3",
    description="The files in the home are empty when another pod replaces a lost one",
    kubernetes=on_claims(empty_files, when=is_replacing),
)
register_fault(
    "files-moved-with-pod",
    breaks="1.2-3",
    description="The files in the home are in lost+found when another pod replaces a lost one",
    kubernetes=on_claims(_into_lost_and_found, when=is_replacing),
)
register_fault(
    "home-lost-with-second-pod",
    breaks="1.2-3",
    description="A home survives the loss of one pod, and is empty after that of another",
    kubernetes=on_claims(empty_files_from_the_second_time, when=is_replacing),
)
register_fault(
    "home-read-only-after-a-loss",
    breaks="1.2-4",
    description="The home is mounted read-only in the pod that replaces a lost one",
    kubernetes=on_claims(_mount_for_reading, when=is_replacing),
)
register_fault(
    "claim-of-another",
    breaks="1.2-4",
    description="The home's volume claim has the label of another session",
    agent=wrap(f"{OBJECTS}:claim", _claim_of_nobody),
)
