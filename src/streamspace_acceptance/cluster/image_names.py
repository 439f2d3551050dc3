"""The names of images: the same image can be written in several ways."""

from __future__ import annotations


def plain(image: object) -> object:
    """An image without the registry that Docker takes by default, and without the digest behind its tag."""
    if not isinstance(image, str):
        return image
    name, _, _ = image.partition("@")
    tagged = name if ":" in name.rpartition("/")[2] else image
    return tagged.removeprefix("index.").removeprefix("docker.io/").removeprefix("library/")
