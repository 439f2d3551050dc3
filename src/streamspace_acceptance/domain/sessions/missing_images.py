"""Images that the cluster cannot get although a session's template names them, which is not the product's doing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from streamspace_acceptance.domain.sessions.provision import Provision
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.templates import TemplateApi

NOT_PULLED = re.compile(r"\b(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull)\b")
"""Kubernetes' words for a container that waits for its image."""


def find(sessions: Iterable[Session]) -> str | None:
    """The first session that waits for such an image, in a sentence; None if there is none."""
    return next((sentence for session in sessions for sentence in _of(session)), None)


def _of(session: Session) -> Iterator[str]:
    for pod in session.listed_pods():
        image = session.cluster.main_container(pod.object).spec.get("image")
        if NOT_PULLED.match(pod.waiting or "") and _is_named_by_template(session, image):
            yield f"the cluster cannot get the image {image} that the template names: {pod.describe()}"


def _is_named_by_template(session: Session, image: object) -> bool:
    """Whether the template names the very image that the product asks for; no where nothing shows it."""
    fields, templates = session.api.profile.fields, TemplateApi(session.api)
    with suppress(Unmet):
        name = session.api.session(session.id).get(fields["template"])
        images = (
            template.get(fields["image"]) for template in templates.listed() if templates.name_of(template) == name
        )
        named = next(images, None)
        return named is not None and Provision(image, None, None).is_as(Provision(named, None, None))
    return False
