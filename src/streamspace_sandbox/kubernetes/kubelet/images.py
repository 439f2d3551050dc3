"""Images: a reference names a command on the machine's own file system. Nothing is pulled.

The references are handed in by `streamspace_sandbox.control_plane.images`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class UnknownImageError(Exception):
    """There is no such image; the message is that of a node which cannot pull it."""


@dataclass(frozen=True)
class Image:
    """A command with its environment and user (`uid:gid`), as an image's configuration has them."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = "0:0"


@dataclass(frozen=True)
class Images:
    """The images of a node.

    `find` returns the image that a reference names, or raises UnknownImageError. `listed` are the references in the
    node's status, `directories` those of this machine that the images' commands use.
    """

    find: Callable[[str], Image]
    listed: Sequence[str]
    directories: Sequence[Path]
