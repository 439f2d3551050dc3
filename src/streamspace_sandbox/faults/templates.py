"""Faults of phase 2: templates are created, changed and deleted."""

from typing import Any

import orjson

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.streamspace.api.errors import ApiError, bad_request, conflict

TEMPLATES = "streamspace_sandbox.streamspace.api.templates:Templates"
SCHEMAS = "streamspace_sandbox.streamspace.api.schemas"
ENDPOINTS = "streamspace_sandbox.streamspace.api.endpoints"
MIRROR = "streamspace_sandbox.streamspace.agent.template_sync:TemplateSync"


def _lose_the_display_name() -> None:
    def make(insert: Any) -> Any:
        async def insert_nameless(templates: Any, connection: Any, new: Any) -> Any:
            return await insert(templates, connection, new.model_copy(update={"display_name": ""}))

        return insert_nameless

    wrap(f"{TEMPLATES}._insert", make)


def _list_what_it_came_with() -> None:
    def make(list_templates: Any) -> Any:
        async def list_old_templates(*arguments: Any) -> Any:
            response = await list_templates(*arguments)
            first = orjson.loads(response.body)["templates"][:1]
            response.body = orjson.dumps({"templates": first, "total": len(first)})
            response.headers["content-length"] = str(len(response.body))
            return response

        return list_old_templates

    wrap(f"{ENDPOINTS}:list_templates", make)


def _say_only_that_it_is_invalid() -> None:
    def make(read: Any) -> Any:
        async def read_tersely(request: Any, model: Any) -> Any:
            try:
                return await read(request, model)
            except ApiError:
                if model.__name__ == "NewTemplate":
                    raise bad_request("invalid_template", "The template is invalid.") from None
                raise

        return read_tersely

    wrap("streamspace_sandbox.streamspace.api.request_body:read", make)


def _overlook_unknown_fields() -> None:
    def make(new_template: Any) -> Any:
        class NewTemplate(new_template):  # type: ignore[misc]
            model_config = {"extra": "ignore"}  # noqa: RUF012 - as pydantic has it

        return NewTemplate

    wrap(f"{SCHEMAS}:NewTemplate", make)


def _keep_the_memory() -> None:
    def make(change: Any) -> Any:
        async def change_without_memory(templates: Any, name: str, body: Any) -> Any:
            resources = body.resources
            fields = {field: getattr(resources, field) for field in resources.model_fields_set - {"memory"}}
            return await change(templates, name, body.model_copy(update={"resources": type(resources)(**fields)}))

        return change_without_memory

    wrap(f"{TEMPLATES}.change", make)


def _change_sessions_too() -> None:
    def make(change: Any) -> Any:
        async def change_sessions(templates: Any, name: str, body: Any) -> Any:
            changed = await change(templates, name, body)
            statement = "update sessions set image = $2 where template = $1"
            await templates.pool.execute(statement, name, changed["image"])
            return changed

        return change_sessions

    wrap(f"{TEMPLATES}.change", make)


def _restart_sessions() -> None:
    def make(write: Any) -> Any:
        async def write_and_restart(mirror: Any, name: str, spec: Any, present: Any) -> None:
            await write(mirror, name, spec, present)
            if present is not None and present["spec"] != spec:
                await _roll_out(mirror, name, spec["version"])

        return write_and_restart

    wrap(f"{MIRROR}._write", make)


async def _roll_out(mirror: Any, template: str, version: int) -> None:
    from streamspace_sandbox.streamspace.agent.objects import Collections  # noqa: PLC0415 - the agent's alone

    collections = Collections(mirror._collection.namespace)
    sessions = await mirror._client.list(collections.sessions)
    annotations = {"stream.space/template-version": str(version)}
    for session in sessions["items"]:
        if session["spec"]["template"] == template:
            change = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
            await mirror._client.patch(collections.deployments, session["metadata"]["name"], change)


def _order_what_the_template_was() -> None:
    first: dict[str, Any] = {}

    def make(insert: Any) -> Any:
        async def insert_from_memory(sessions: Any, connection: Any, new: Any, template: Any, *rest: Any) -> Any:
            known = first.setdefault(template["name"], template)
            size, agent_id = rest
            size = size if new.resources.model_fields_set else (known["cpu"], known["memory"])
            return await insert(sessions, connection, new, known, size, agent_id)

        return insert_from_memory

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions._insert", make)


def _forget_what_it_was() -> None:
    def make(remember: Any) -> Any:
        async def remember_the_first(templates: Any, connection: Any, row: Any) -> None:
            if row["version"] == 1:
                await remember(templates, connection, row)

        return remember_the_first

    wrap(f"{TEMPLATES}._remember", make)


def _delete_in_use() -> None:
    def make(delete: Any) -> Any:
        async def delete_all_the_same(templates: Any, name: str) -> None:
            await templates.pool.execute("alter table sessions drop constraint if exists sessions_template_fkey")
            try:
                await delete(templates, name)
            except ApiError as error:
                if error.code != "template_in_use":
                    raise
                await templates.pool.execute("delete from templates where name = $1", name)

        return delete_all_the_same

    wrap(f"{TEMPLATES}.delete", make)


def _always_count_one() -> None:
    def make(delete: Any) -> Any:
        async def delete_counting_one(templates: Any, name: str) -> None:
            try:
                await delete(templates, name)
            except ApiError as error:
                if error.code == "template_in_use":
                    raise conflict(error.code, "Template in use by 1 sessions") from None
                raise

        return delete_counting_one

    wrap(f"{TEMPLATES}.delete", make)


def _never_delete_once_used() -> None:
    used: dict[str, int] = {}

    def count(insert: Any) -> Any:
        async def insert_and_count(sessions: Any, connection: Any, new: Any, template: Any, *rest: Any) -> Any:
            used[template["name"]] = used.get(template["name"], 0) + 1
            return await insert(sessions, connection, new, template, *rest)

        return insert_and_count

    def make(delete: Any) -> Any:
        async def delete_unless_ever_used(templates: Any, name: str) -> None:
            if name in used:
                raise conflict("template_in_use", f"Template in use by {used[name]} sessions")
            await delete(templates, name)

        return delete_unless_ever_used

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions._insert", count)
    wrap(f"{TEMPLATES}.delete", make)


def _leave_it_in_kubernetes() -> None:
    def make(want: Any) -> Any:
        def want_all_ever_wanted(mirror: Any, templates: Any) -> None:
            before = dict(mirror._wanted or {})
            want(mirror, templates)
            mirror._wanted = before | mirror._wanted

        return want_all_ever_wanted

    wrap(f"{MIRROR}.want", make)


register_fault(
    "template-loses-display-name",
    breaks="2.1-1",
    description="A new template does not keep the display name that it was given",
    api=_lose_the_display_name,
)
register_fault(
    "new-templates-not-listed",
    breaks="2.1-2",
    description="The list of templates shows only the first, though each can be read by its id",
    api=_list_what_it_came_with,
)
register_fault(
    "vague-template-errors",
    breaks="2.1-3",
    description="A malformed template is refused without saying what is wrong with it",
    api=_say_only_that_it_is_invalid,
)
register_fault(
    "unknown-template-fields-accepted",
    breaks="2.1-4",
    description="Fields that no template has are overlooked",
    api=_overlook_unknown_fields,
)
register_fault(
    "update-keeps-memory",
    breaks="2.2-1",
    description="A change of a template leaves its memory as it was",
    api=_keep_the_memory,
)
register_fault(
    "update-reaches-old-sessions",
    breaks="2.2-2",
    description="A change of a template changes what the API says of the sessions made from it before",
    api=_change_sessions_too,
)
register_fault(
    "update-restarts-sessions",
    breaks="2.2-2",
    description="A change of a template replaces the pods of the sessions made from it before",
    agent=_restart_sessions,
)
register_fault(
    "new-sessions-use-old-template",
    breaks="2.2-3",
    description="Sessions are made from what their template was when its first session was made",
    api=_order_what_the_template_was,
)
register_fault(
    "template-history-forgotten",
    breaks="2.2-4",
    description="Only the first version of a template is in its history",
    api=_forget_what_it_was,
)
register_fault(
    "template-deleted-in-use",
    breaks="2.3-1",
    description="A template can be deleted while sessions use it",
    api=_delete_in_use,
)
register_fault(
    "sessions-miscounted",
    breaks="2.3-2",
    description="The refusal to delete a template speaks of 1 session, however many there are",
    api=_always_count_one,
)
register_fault(
    "template-never-deletable",
    breaks="2.3-3",
    description="A template that has ever had a session cannot be deleted",
    api=_never_delete_once_used,
)
register_fault(
    "template-stays-in-kubernetes",
    breaks="2.3-4",
    description="A deleted template stays in Kubernetes",
    agent=_leave_it_in_kubernetes,
)
