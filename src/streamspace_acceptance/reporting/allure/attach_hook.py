"""`allure.attach` in steps and hooks: what it attaches goes where everything else goes."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import allure_commons
from allure_commons.types import AttachmentType

from streamspace_acceptance.evidence import attachments


class _AttachHook:
    @allure_commons.hookimpl
    def attach_data(self, body: str | bytes, name: str, attachment_type: Any, extension: str | None) -> None:
        if isinstance(attachment_type, AttachmentType):
            attachment_type, extension = attachment_type.mime_type, attachment_type.extension
        attachments.attach(name, body, attachment_type or "text/plain", extension or "txt")

    @allure_commons.hookimpl
    def attach_file(self, source: str, name: str, attachment_type: Any, extension: str | None) -> None:
        kind = attachment_type or mimetypes.guess_type(source)[0]
        self.attach_data(Path(source).read_bytes(), name, kind, extension or Path(source).suffix.lstrip("."))


@contextmanager
def installed() -> Iterator[None]:
    """Within this context `allure.attach` attaches to the run."""
    hook = _AttachHook()
    allure_commons.plugin_manager.register(hook)
    try:
        yield
    finally:
        allure_commons.plugin_manager.unregister(hook)
