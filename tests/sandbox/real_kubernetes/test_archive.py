"""The archive of images: what containerd reads from it."""

import json
import tarfile
from pathlib import Path

from streamspace_sandbox.real_kubernetes.archive import ImageContent, digest, write_archive


def _layer(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _written(folder: Path) -> tarfile.TarFile:
    base, top = _layer(folder / "base.tar", "base"), _layer(folder / "top.tar", "top")
    images = [
        ImageContent(["docker.io/library/a:1"], ["/a"], {"PATH": "/bin"}, "0:0", [base]),
        ImageContent(["docker.io/library/b:1"], ["/b"], {}, "1000:1000", [base, top]),
    ]
    write_archive(folder / "images.tar", images, {layer: digest(layer) for layer in (base, top)})
    return tarfile.open(folder / "images.tar")


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def test_archive_stores_a_shared_layer_once(tmp_path: Path) -> None:
    with _written(tmp_path) as archive:
        assert sum(name.endswith("/layer.tar") for name in archive.getnames()) == 2


def test_archive_names_layers_from_the_lowest(tmp_path: Path) -> None:
    with _written(tmp_path) as archive:
        manifest = json.loads(_content(archive, "manifest.json"))
        layers = [[_content(archive, layer) for layer in image["Layers"]] for image in manifest]
    assert [image["RepoTags"] for image in manifest] == [["docker.io/library/a:1"], ["docker.io/library/b:1"]]
    assert layers == [[b"base"], [b"base", b"top"]]


def test_archive_keeps_command_environment_and_user(tmp_path: Path) -> None:
    with _written(tmp_path) as archive:
        manifest = json.loads(_content(archive, "manifest.json"))
        first, second = (json.loads(_content(archive, image["Config"])) for image in manifest)
    assert first["config"] == {"Cmd": ["/a"], "Env": ["PATH=/bin"], "User": "0:0"}
    assert second["config"]["User"] == "1000:1000"
    assert second["rootfs"]["diff_ids"] == [f"sha256:{digest(tmp_path / name)}" for name in ("base.tar", "top.tar")]
