"""Faults of the fields of templates: their texts, and what a change may set them to."""

import html
from typing import Any

from pydantic import ValidationError

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap

TEMPLATES = "streamspace_sandbox.streamspace.api.templates:Templates"


def _change_unchecked(change: Any) -> Any:
    """A change of any fields is valid."""

    class TemplateChange(change):  # type: ignore[misc]
        @classmethod
        def model_validate(cls, given: Any, **options: Any) -> Any:
            try:
                return super().model_validate(given, **options)
            except ValidationError:
                return super().model_validate({})

    return TemplateChange


async def _escape_texts(insert: Any, templates: Any, connection: Any, new: Any) -> Any:
    texts = {field: html.escape(getattr(new, field)) for field in ("display_name", "description")}
    return await insert(templates, connection, new.model_copy(update=texts))


register_fault(
    "template-changes-unchecked",
    breaks="2.1-4",
    description="The API takes any change of a template, and leaves out what is invalid",
    api=Patch("streamspace_sandbox.streamspace.api.schemas:TemplateChange", _change_unchecked),
)
register_fault(
    "texts-escaped-for-pages",
    breaks="2.1-1",
    description="The API stores the texts of templates as they stand in HTML",
    api=wrap(f"{TEMPLATES}.insert", _escape_texts),
)
