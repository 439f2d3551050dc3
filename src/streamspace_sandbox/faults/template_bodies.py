"""Faults of the fields of templates: their texts, what they may be set to, and what a change or a deletion reaches."""

import html
from types import SimpleNamespace
from typing import Any

import orjson
from pydantic import ValidationError

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.responses import set_body

TEMPLATES = "streamspace_sandbox.streamspace.api.templates:Templates"
FORMATS = "streamspace_sandbox.streamspace.api.field_formats"


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


async def _list_those_with_a_category(list_templates: Any, *arguments: Any) -> Any:
    response = await list_templates(*arguments)
    found = [template for template in orjson.loads(response.body)["templates"] if template["category"]]
    return set_body(response, orjson.dumps({"templates": found, "total": len(found)}))


def _label_before_a_line_break(label: Any, text: str, longest: int) -> str:
    """A name is checked by a pattern whose `$` stands before a last line break too."""
    label(text.removesuffix("\n"), longest)
    return text


def _without_digest(reference: Any) -> Any:
    return SimpleNamespace(fullmatch=lambda text: reference.fullmatch(text.partition("@")[0]))


async def _reset_the_port(change: Any, templates: Any, name: str, body: Any) -> Any:
    """A change sets the port that it does not name to the one of templates that name none."""
    if "vnc" not in body.model_fields_set:
        body = body.model_copy(update={"vnc": type(body)().vnc})
        body.model_fields_set.add("vnc")
    return await change(templates, name, body)


async def _change_all_alike(change: Any, templates: Any, name: str, body: Any) -> Any:
    """A change is made of every template of the same image and resources."""
    former = await templates.get(name)
    changed = await change(templates, name, body)
    for other in await templates.all():
        if (other["image"], other["resources"]) == (former["image"], former["resources"]):
            await change(templates, other["name"], body)
    return changed


async def _delete_namesakes(delete: Any, templates: Any, name: str) -> None:
    """The deletion takes the templates whose names begin with that one, too."""
    await delete(templates, name)
    await templates.pool.execute("delete from templates where starts_with(name, $1)", name)


def _insert_as_the_user_knows_it() -> Patch:
    """The sessions of a user are made of the template as it was at the first of them."""
    known: dict[tuple[str, str], Any] = {}

    async def insert(original: Any, sessions: Any, *arguments: Any, **options: Any) -> Any:
        connection, new, template, size, agent_id = arguments
        kept = known.setdefault((new.user, template["name"]), template)
        size = size if new.resources.model_fields_set else (kept["cpu"], kept["memory"])
        return await original(sessions, connection, new, kept, size, agent_id, **options)

    return wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.insert", insert)


register_fault(
    "template-kept-for-each-user",
    breaks="2.2-3",
    description="The sessions of a user are made of the template as it was at the first of them",
    api=_insert_as_the_user_knows_it(),
)
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
register_fault(
    "name-ends-with-a-line-break",
    breaks="2.1-3",
    description="The name of a template may end with a line break, which spoils a header of the answer",
    api=wrap(f"{FORMATS}:_label", _label_before_a_line_break),
)
register_fault(
    "digest-of-image-unchecked",
    breaks="2.1-4",
    description="The image of a template may have any digest",
    api=Patch(f"{FORMATS}:_REFERENCE", _without_digest),
)
register_fault(
    "update-resets-the-port",
    breaks="2.2-1",
    description="A change of a template sets its VNC port to 5900, unless it names another",
    api=wrap(f"{TEMPLATES}.change", _reset_the_port),
)
register_fault(
    "update-reaches-other-templates",
    breaks="2.2-1",
    description="A change of a template changes all templates of the same image and resources",
    api=wrap(f"{TEMPLATES}.change", _change_all_alike),
)
register_fault(
    "namesakes-deleted-with-a-template",
    breaks="2.3-3",
    description="The deletion of a template deletes those whose names begin with its own",
    api=wrap(f"{TEMPLATES}.delete", _delete_namesakes),
)
register_fault(
    "templates-without-category-not-listed",
    breaks="2.1-2",
    description="The list of templates leaves out those without a category",
    api=wrap("streamspace_sandbox.streamspace.api.endpoints:list_templates", _list_those_with_a_category),
)
