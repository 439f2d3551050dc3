"""A pod that waits for its image: the cluster lacks it where the template names it; else the product asks wrongly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions import missing_images
from streamspace_acceptance.product.profile import load
from tests.support.samples import SESSION, answer, pod_json

IMAGE = "streamspace/firefox:latest"


def waiting(image: str, reason: str = "ErrImagePull") -> Pod:
    obj = pod_json(ready=False)
    obj["spec"]["containers"][0]["image"] = image
    obj["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": reason, "message": "no such host"}}
    return Pod.of(obj)


def session(pod: Pod, template: str = "firefox-browser") -> Any:
    """A session of the template with that pod."""
    templates = [{"name": "firefox-browser", "image": IMAGE}, {"name": "no-image"}]
    api = SimpleNamespace(
        profile=load(),
        session=lambda _: {"template": template},
        call=lambda *_: answer({"templates": templates}),
        objects=lambda *_: templates,
    )
    cluster = SimpleNamespace(main_container=lambda obj: SimpleNamespace(spec=obj["spec"]["containers"][0]))
    return SimpleNamespace(id=SESSION, api=api, cluster=cluster, listed_pods=lambda: [pod])


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"])
def test_image_that_the_template_names_is_missing(reason: str) -> None:
    pod = waiting(f"docker.io/{IMAGE}", reason)
    assert missing_images.find([session(pod)]) == (
        f"the cluster cannot get the image docker.io/{IMAGE} that the template names: {pod.describe()}"
    )


def test_other_image_than_the_templates_is_the_products() -> None:
    assert missing_images.find([session(waiting("streamspace/firefox:typo"))]) is None


def test_image_of_an_unknown_template_is_the_products() -> None:
    assert missing_images.find([session(waiting(IMAGE), template="other")]) is None


def test_image_where_the_template_names_none_is_the_products() -> None:
    assert missing_images.find([session(waiting(IMAGE), template="no-image")]) is None


def test_pod_that_waits_for_something_else_misses_no_image() -> None:
    assert missing_images.find([session(waiting(IMAGE, "ContainerCreating"))]) is None
