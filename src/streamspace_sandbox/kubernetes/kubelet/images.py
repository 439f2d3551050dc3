"""What the kubelet knows of images: a reference becomes a command on the machine's own file system.

Which references there are is handed in; see `streamspace_sandbox.control_plane.images`. Nothing is ever pulled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class UnknownImage(Exception):
    """There is no image of that name; the message is what a node says when it cannot pull one."""


@dataclass(frozen=True)
class Image:
    """A command with its environment and user (`uid:gid`), as an image's configuration has them."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = "0:0"


@dataclass(frozen=True)
class Images:
    """The images of a node.

    `find` gives the image that a reference names, or raises UnknownImage. `listed` are the references in the node's
    status, `directories` those of this machine that the images' commands use.
    """

    find: Callable[[str], Image]
    listed: Sequence[str]
    directories: Sequence[Path]
