"""Faults of phase 2: templates are created, changed and deleted."""

from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import orjson

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.responses import set_body
from streamspace_sandbox.streamspace.api.errors import ApiError, bad_request, conflict
from streamspace_sandbox.streamspace.api.schemas import NewTemplate

TEMPLATES = "streamspace_sandbox.streamspace.api.templates:Templates"
INSERT_SESSION = "streamspace_sandbox.streamspace.api.sessions:Sessions.insert"
KUBE_CLIENT = "streamspace_sandbox.streamspace.kube.client:KubeClient"


async def _lose_the_display_name(insert: Any, templates: Any, connection: Any, new: Any) -> Any:
    return await insert(templates, connection, new.model_copy(update={"display_name": ""}))


async def _list_the_first(list_templates: Any, *arguments: Any) -> Any:
    response = await list_templates(*arguments)
    first = orjson.loads(response.body)["templates"][:1]
    return set_body(response, orjson.dumps({"templates": first, "total": len(first)}))


async def _refuse_without_reason(read: Any, request: Any, model: Any) -> Any:
    try:
        return await read(request, model)
    except ApiError:
        if model.__name__ == "NewTemplate":
            raise bad_request("invalid_template", "The template is invalid.") from None
        raise


def _ignoring_unknown_fields(new_template: Any) -> Any:
    class NewTemplate(new_template):  # type: ignore[misc]
        model_config = {"extra": "ignore"}  # noqa: RUF012 - as pydantic has it

    return NewTemplate


def _create_although_refused() -> tuple[Patch, Patch]:
    """A template with a field that no template has is refused, and created without it."""
    known = {"name", "displayName", "description", "image", "category", "resources", "vnc"}
    parsed: ContextVar[Any] = ContextVar("parsed", default=None)

    def parse(original: Any, raw: bytes) -> Any:
        parsed.set(original(raw))
        return parsed.get()

    async def create_template(original: Any, request: Any, services: Any) -> Any:
        try:
            return await original(request, services)
        except ApiError:
            body = parsed.get()
            if isinstance(body, dict) and body.keys() - known:
                fields = {name: value for name, value in body.items() if name in known}
                with suppress(ValueError, ApiError):
                    await services.templates.create(NewTemplate.model_validate(fields))
            raise

    return (
        wrap("streamspace_sandbox.streamspace.api.request_body:parse", parse),
        wrap("streamspace_sandbox.streamspace.api.endpoints:create_template", create_template),
    )


async def _lose_the_description(change: Any, templates: Any, name: str, body: Any) -> Any:
    """A change empties the fields that it does not name."""
    if "description" not in body.model_fields_set:
        body = body.model_copy(update={"description": "", "display_name": ""})
        body.model_fields_set.add("description")
    return await change(templates, name, body)


def _change_once() -> Patch:
    """The second change of a template is accepted, and nothing of it is stored."""
    changed = set[str]()

    async def change(original: Any, templates: Any, name: str, body: Any) -> Any:
        if name in changed:
            return await templates.get(name)
        changed.add(name)
        return await original(templates, name, body)

    return wrap(f"{TEMPLATES}.change", change)


def _images_as_first() -> Patch:
    """The agent takes the image that a template's name had first."""
    first: dict[str, str] = {}

    def desktop_container(original: Any, owner: Any) -> Any:
        spec = owner["spec"]
        return original(owner) | {"image": first.setdefault(spec["template"], spec["image"])}

    return wrap("streamspace_sandbox.streamspace.agent.objects:desktop_container", desktop_container)


async def _keep_the_memory(change: Any, templates: Any, name: str, body: Any) -> Any:
    resources = body.resources
    fields = {field: getattr(resources, field) for field in resources.model_fields_set - {"memory"}}
    return await change(templates, name, body.model_copy(update={"resources": type(resources)(**fields)}))


async def _change_sessions_too(change: Any, templates: Any, name: str, body: Any) -> Any:
    changed = await change(templates, name, body)
    await templates.pool.execute("update sessions set image = $2 where template = $1", name, changed["image"])
    return changed


async def _restart_sessions(patch: Any, client: Any, collection: Any, name: str, body: Any, **options: Any) -> Any:
    """When the agent updates a template in Kubernetes, it also changes the Deployments of the template's sessions."""
    patched = await patch(client, collection, name, body, **options)
    if collection.plural == "templates":
        from streamspace_sandbox.streamspace.agent.objects import Collections  # noqa: PLC0415 - the agent's alone

        collections = Collections(collection.namespace)
        annotations = {"stream.space/template-version": str(body["spec"]["version"])}
        change = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        for session in (await client.list(collections.sessions))["items"]:
            if session["spec"]["template"] == name:
                await patch(client, collections.deployments, session["metadata"]["name"], change)
    return patched


def _insert_from_first_template() -> Patch:
    first: dict[str, Any] = {}

    async def insert_from_memory(insert: Any, sessions: Any, *arguments: Any, **options: Any) -> Any:
        connection, new, template, size, agent_id = arguments
        known = first.setdefault(template["name"], template)
        size = size if new.resources.model_fields_set else (known["cpu"], known["memory"])
        return await insert(sessions, connection, new, known, size, agent_id, **options)

    return wrap(INSERT_SESSION, insert_from_memory)


async def _remember_the_first(remember: Any, templates: Any, connection: Any, row: Any) -> None:
    if row["version"] == 1:
        await remember(templates, connection, row)


async def _overwrite_the_last(remember: Any, templates: Any, connection: Any, row: Any) -> None:
    """The history keeps the first version and the newest."""
    await remember(templates, connection, row)
    statement = "delete from template_versions where template = $1 and version between 2 and $2"
    await connection.execute(statement, row["name"], row["version"] - 1)


async def _delete_in_use(delete: Any, templates: Any, name: str) -> None:
    await templates.pool.execute("alter table sessions drop constraint if exists sessions_template_fkey")
    try:
        await delete(templates, name)
    except ApiError as error:
        if error.code != "template_in_use":
            raise
        await templates.pool.execute("delete from templates where name = $1", name)


async def _always_count_one(delete: Any, templates: Any, name: str) -> None:
    try:
        await delete(templates, name)
    except ApiError as error:
        if error.code == "template_in_use":
            raise conflict(error.code, "Template in use by 1 sessions") from None
        raise


def _never_delete_once_used() -> tuple[Patch, Patch]:
    used: dict[str, int] = {}

    async def count(insert: Any, sessions: Any, *arguments: Any, **options: Any) -> Any:
        _connection, _new, template, *_ = arguments
        used[template["name"]] = used.get(template["name"], 0) + 1
        return await insert(sessions, *arguments, **options)

    async def delete_unless_ever_used(delete: Any, templates: Any, name: str) -> None:
        if name in used:
            raise conflict("template_in_use", f"Template in use by {used[name]} sessions")
        await delete(templates, name)

    return wrap(INSERT_SESSION, count), wrap(f"{TEMPLATES}.delete", delete_unless_ever_used)


async def _keep_in_kubernetes(delete: Any, client: Any, collection: Any, *arguments: Any, **options: Any) -> None:
    if collection.plural != "templates":
        await delete(client, collection, *arguments, **options)


register_fault(
    "template-loses-display-name",
    breaks="2.1-1",
    description="A new template loses its display name",
    api=wrap(f"{TEMPLATES}.insert", _lose_the_display_name),
)
register_fault(
    "new-templates-not-listed",
    breaks="2.1-2",
    description="The API lists only the first template, although each can be read by its id",
    api=wrap("streamspace_sandbox.streamspace.api.endpoints:list_templates", _list_the_first),
)
register_fault(
    "vague-template-errors",
    breaks="2.1-3",
    description="The API refuses a malformed template without a reason",
    api=wrap("streamspace_sandbox.streamspace.api.request_body:read", _refuse_without_reason),
)
register_fault(
    "unknown-template-fields-accepted",
    breaks="2.1-4",
    description="The API accepts unknown fields in a template",
    api=Patch("streamspace_sandbox.streamspace.api.schemas:NewTemplate", _ignoring_unknown_fields),
)
register_fault(
    "template-created-although-refused",
    breaks="2.1-4",
    description="A template with an unknown field is refused, and created without the field",
    api=_create_although_refused(),
)
register_fault(
    "update-empties-the-rest",
    breaks="2.2-1",
    description="A change of a template empties the description, which it does not name",
    api=wrap(f"{TEMPLATES}.change", _lose_the_description),
)
register_fault(
    "second-template-change-ignored",
    breaks="2.2-1",
    description="The API accepts the second change of a template and ignores it",
    api=_change_once(),
)
register_fault(
    "new-pods-use-old-image",
    breaks="2.2-3",
    description="The pods of new sessions have the image that the template had first",
    agent=_images_as_first(),
)
register_fault(
    "update-keeps-memory",
    breaks="2.2-1",
    description="A change of a template does not change its memory",
    api=wrap(f"{TEMPLATES}.change", _keep_the_memory),
)
register_fault(
    "update-reaches-old-sessions",
    breaks="2.2-2",
    description="A change of a template changes the image that the API reports for its existing sessions",
    api=wrap(f"{TEMPLATES}.change", _change_sessions_too),
)
register_fault(
    "update-restarts-sessions",
    breaks="2.2-2",
    description="A change of a template replaces the pods of its existing sessions",
    agent=wrap(f"{KUBE_CLIENT}.patch", _restart_sessions),
)
register_fault(
    "new-sessions-use-old-template",
    breaks="2.2-3",
    description="New sessions use the template as it was when its first session was created",
    api=_insert_from_first_template(),
)
register_fault(
    "template-history-forgotten",
    breaks="2.2-4",
    description="The history of a template holds only the first version",
    api=wrap(f"{TEMPLATES}.remember", _remember_the_first),
)
register_fault(
    "template-version-overwritten",
    breaks="2.2-4",
    description="The history of a template holds only the first version and the newest",
    api=wrap(f"{TEMPLATES}.remember", _overwrite_the_last),
)
register_fault(
    "template-deleted-in-use",
    breaks="2.3-1",
    description="The API deletes a template while sessions use it",
    api=wrap(f"{TEMPLATES}.delete", _delete_in_use),
)
register_fault(
    "sessions-miscounted",
    breaks="2.3-2",
    description="The refusal to delete a template states 1 session, however many there are",
    api=wrap(f"{TEMPLATES}.delete", _always_count_one),
)
register_fault(
    "template-never-deletable",
    breaks="2.3-3",
    description="The API never deletes a template that once had a session",
    api=_never_delete_once_used(),
)
register_fault(
    "template-stays-in-kubernetes",
    breaks="2.3-4",
    description="A deleted template stays in Kubernetes",
    agent=wrap(f"{KUBE_CLIENT}.delete", _keep_in_kubernetes),
)
