"""Writes container images into one docker-archive, without a registry and without a build tool."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ImageContent:
    """An image: its references, its command, environment and user, and its layers (tar files, lowest first)."""

    references: Sequence[str]
    argv: Sequence[str]
    environment: Mapping[str, str]
    user: str
    layers: Sequence[Path]

    def config(self) -> dict[str, object]:
        """As an image's configuration has it."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return {"Cmd": list(self.argv), "Env": variables, "User": self.user}


def write_archive(path: Path, images: Sequence[ImageContent], digests: Mapping[Path, str]) -> None:
    """Write `images` to `path`. `digests` has the SHA-256 of each layer; a layer of several images is stored once."""
    with tarfile.open(path, "w") as archive:
        for layer, value in digests.items():
            archive.add(layer, _entry(value))
        manifest = []
        for image in images:
            body = _body(image, [digests[layer] for layer in image.layers])
            name = f"{hashlib.sha256(body).hexdigest()}.json"
            _put(archive, name, body)
            layers = [_entry(digests[layer]) for layer in image.layers]
            manifest.append({"Config": name, "RepoTags": list(image.references), "Layers": layers})
        _put(archive, "manifest.json", json.dumps(manifest).encode())


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(digest_of_layer: str) -> str:
    return f"{digest_of_layer}/layer.tar"


def _body(image: ImageContent, digests: Sequence[str]) -> bytes:
    """The image's configuration; the references are in it, so that equal images with other names differ."""
    content = {
        "architecture": _architecture(),
        "os": "linux",
        "config": image.config(),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{value}" for value in digests]},
        "history": [{"created_by": "streamspace-sandbox"} for _ in digests],
        "author": ", ".join(image.references),
    }
    return json.dumps(content).encode()


def _architecture() -> str:
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))
