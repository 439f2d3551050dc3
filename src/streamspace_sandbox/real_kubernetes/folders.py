"""Folders of this machine that the node's mounts need as a place. Those that were not there are removed again."""

import contextlib
import json
from pathlib import Path

from streamspace_sandbox.real_kubernetes.files import PRIVATE_FOLDERS

RECORD = "made-folders.json"


def make(directory: Path) -> None:
    """Make the missing ones and record them in the instance's `directory`."""
    missing = [folder for folder in PRIVATE_FOLDERS if not Path(folder).exists()]
    (directory / RECORD).write_text(json.dumps(missing))
    for folder in missing:
        Path(folder).mkdir(parents=True, exist_ok=True)


def remove(directory: Path) -> None:
    """Remove those that were made and are still empty."""
    record = directory / RECORD
    for folder in json.loads(record.read_text()) if record.exists() else []:
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
