"""The images of the embedded StreamSpace."""

import pytest

from streamspace_sandbox.control_plane import images
from streamspace_sandbox.kubernetes.kubelet.images import UnknownImageError


@pytest.mark.parametrize(
    "reference", ["streamspace/firefox:latest", "streamspace/firefox", "docker.io/streamspace/x:v2"]
)
def test_desktop_image_runs_the_desktop_as_its_user(reference: str) -> None:
    image = images.find(reference)
    assert image.argv[-1].endswith("entrypoint.sh")
    assert image.user == "1000:1000"


@pytest.mark.parametrize(
    "reference", ["nginx:latest", "postgres:9", "streamspace-api:other", "streamspace/a/b:1", "other/firefox"]
)
def test_unknown_image_is_not_found(reference: str) -> None:
    with pytest.raises(UnknownImageError, match="not found"):
        images.find(reference)
