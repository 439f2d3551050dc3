"""The images of the embedded StreamSpace as a real node imports them."""

import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from streamspace_sandbox.control_plane.images import LISTED, PACKAGE, PATH, find
from streamspace_sandbox.host import novnc
from streamspace_sandbox.kubernetes.kubelet.images import Image
from streamspace_sandbox.real_kubernetes.archive import ImageContent, digest, write_archive
from streamspace_sandbox.real_kubernetes.files import PAUSE_IMAGE
from streamspace_sandbox.real_kubernetes.layers import NOVNC, PROJECT

DESKTOPS = ("streamspace/firefox:v1", "streamspace/firefox:v2", "streamspace/chrome:latest")
"""Images of desktops beside the listed one. A real node has only the references that were imported."""
SITE = f"/{PROJECT}/site"
PYTHON = "/usr/bin/python3"
PACKAGES = sysconfig.get_path("purelib")
"""The folder of this environment's Python packages."""


def write_images(path: Path, layers: Sequence[Path], pause: Path) -> None:
    """Write all images into one archive at `path`. `pause` is the layer of the pause image."""
    images = image_contents(layers)
    images.append(ImageContent([PAUSE_IMAGE], ["/pause"], {}, "65535:65535", [pause]))
    write_archive(path, images, {layer: digest(layer) for layer in (*layers, pause)})


def image_contents(layers: Sequence[Path]) -> list[ImageContent]:
    """The images of the product and of its desktops, with the paths that they have inside."""
    return [_content(reference, layers) for reference in (*LISTED, *DESKTOPS)]


def _content(reference: str, layers: Sequence[Path]) -> ImageContent:
    image = find(reference)
    return ImageContent([_full(reference)], _moved(image), _environment(image), image.user, layers)


def _full(reference: str) -> str:
    """containerd knows images by their full reference."""
    return f"docker.io/{reference}" if "/" in reference else f"docker.io/library/{reference}"


def _moved(image: Image) -> Sequence[str]:
    """The command with this machine's paths replaced by those in the images."""
    places = {sys.executable: PYTHON, str(PACKAGE): f"{SITE}/streamspace_sandbox"}
    return [_replaced(word, places) for word in image.argv]


def _replaced(word: str, places: Mapping[str, str]) -> str:
    for here, there in places.items():
        if word == here or word.startswith(f"{here}/"):
            return there + word.removeprefix(here)
    return word


def _environment(image: Image) -> Mapping[str, str]:
    # Of this machine's own folders only those of Python packages are in the images.
    folders = [_replaced(folder, {PACKAGES: SITE}) for folder in image.environment["PATH"].split(":")]
    path = ":".join(folder for folder in folders if folder.startswith(SITE) or folder in PATH.split(":"))
    variables = {**image.environment, "PATH": path, "PYTHONPATH": SITE}
    return variables | ({novnc.VARIABLE: f"/{NOVNC}"} if novnc.VARIABLE in variables else {})
