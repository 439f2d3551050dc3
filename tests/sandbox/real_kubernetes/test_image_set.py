"""The images' commands, with the paths that they have inside the images."""

import sys
from pathlib import Path

import pytest

from streamspace_sandbox.faults import FAULT_VARIABLE
from streamspace_sandbox.real_kubernetes.image_set import DESKTOPS, image_contents

LAYERS = [Path("/layers/debian.tar"), Path("/layers/python.tar")]


def _command(reference: str) -> list[str]:
    (image,) = (image for image in image_contents(LAYERS) if reference in image.references)
    return list(image.argv)


def test_no_command_names_a_path_of_this_machine() -> None:
    words = [word for image in image_contents(LAYERS) for word in (*image.argv, *image.environment.values())]
    here = {sys.prefix, str(Path(__file__).parents[3])}
    assert [word for word in words if any(word.startswith(place) for place in here)] == []


def test_api_runs_as_a_module_of_the_images_python() -> None:
    command = _command("docker.io/library/streamspace-api:local")
    assert command == ["/usr/bin/python3", "-m", "streamspace_sandbox.streamspace.api"]


def test_a_planted_fault_is_in_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAULT_VARIABLE, "no-id")
    command = _command("docker.io/library/streamspace-api:local")
    assert command[1:] == [
        "-m",
        "streamspace_sandbox.faults.launcher",
        "no-id",
        "api",
        "streamspace_sandbox.streamspace.api",
    ]


@pytest.mark.parametrize("reference", DESKTOPS)
def test_every_desktop_runs_as_a_user(reference: str) -> None:
    (image,) = (image for image in image_contents(LAYERS) if f"docker.io/{reference}" in image.references)
    assert image.user == "1000:1000"
