"""Templates of sessions, with their history."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from streamspace_sandbox.streamspace.api import representations
from streamspace_sandbox.streamspace.api.capacity import require_capacity
from streamspace_sandbox.streamspace.api.database import Connection, Pool, Row
from streamspace_sandbox.streamspace.api.errors import ApiError, bad_request, conflict, not_found
from streamspace_sandbox.streamspace.api.schemas import NewTemplate, TemplateChange

PLAIN_COLUMNS = ("display_name", "description", "image", "category")


def unknown(name: str) -> ApiError:
    return not_found("template_not_found", f"There is no template '{name}'.")


@dataclass(frozen=True)
class Templates:
    pool: Pool

    async def all(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("select * from templates order by created_at, name")
        return [representations.template(row) for row in rows]

    async def get(self, name: str) -> dict[str, Any]:
        row = await self.pool.fetchrow("select * from templates where name = $1", name)
        if row is None:
            raise unknown(name)
        return representations.template(row)

    async def create(self, new: NewTemplate) -> dict[str, Any]:
        async with self.pool.acquire() as connection, connection.transaction():
            try:
                row = await self.insert(connection, new)
            except asyncpg.UniqueViolationError:
                raise conflict("template_exists", f"There is a template '{new.name}' already.") from None
            await require_capacity(connection, row["cpu"], row["memory"])
            await self.remember(connection, row)
        return representations.template(row)

    async def change(self, name: str, change: TemplateChange) -> dict[str, Any]:
        given = change.model_fields_set
        if "name" in given and change.name != name:
            raise bad_request("invalid_field", "The field 'name' cannot be changed.")
        values: dict[str, Any] = {field: getattr(change, field) for field in PLAIN_COLUMNS if field in given}
        values |= {field: getattr(change.resources, field) for field in change.resources.model_fields_set}
        if "vnc" in given:
            values["vnc_port"] = change.vnc.port
        assignments = "".join(f", {column} = ${place}" for place, column in enumerate(values, start=2))
        # Only column names of this module go into the text; values are parameters.
        statement = f"update templates set version = version + 1, updated_at = now(){assignments} where name = $1"  # noqa: S608
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(f"{statement} returning *", name, *values.values())
            if row is None:
                raise unknown(name)
            await require_capacity(connection, row["cpu"], row["memory"])
            await self.remember(connection, row)
        return representations.template(row)

    async def versions(self, name: str) -> list[dict[str, Any]]:
        """The template's versions, oldest first."""
        await self.get(name)
        rows = await self.pool.fetch("select * from template_versions where template = $1 order by version", name)
        return [representations.template_version(row) for row in rows]

    async def delete(self, name: str) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            # Creations take this lock too, so that no session appears between the count and the deletion.
            if await connection.fetchval("select 1 from templates where name = $1 for update", name) is None:
                raise unknown(name)
            sessions = await connection.fetchval("select count(*) from sessions where template = $1", name)
            if sessions:
                raise conflict("template_in_use", f"Template in use by {sessions} sessions")
            await connection.execute("delete from templates where name = $1", name)

    async def seed(self, defaults: str) -> None:
        """Create the default templates of a new StreamSpace: a JSON array of template bodies."""
        if await self.pool.fetchval("select 1 from templates limit 1"):
            return
        async with self.pool.acquire() as connection, connection.transaction():
            for value in orjson.loads(defaults):
                await self.remember(connection, await self.insert(connection, NewTemplate.model_validate(value)))

    async def insert(self, connection: Connection, new: NewTemplate) -> Row:
        return await connection.fetchrow(
            "insert into templates (name, display_name, description, image, category, cpu, memory, vnc_port)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8) returning *",
            new.name,
            new.display_name or new.name,
            new.description,
            new.image,
            new.category,
            new.resources.cpu,
            new.resources.memory,
            new.vnc.port,
        )

    async def remember(self, connection: Connection, row: Row) -> None:
        await connection.execute(
            "insert into template_versions (template, version, image, cpu, memory, created_at)"
            " values ($1, $2, $3, $4, $5, $6)",
            row["name"],
            row["version"],
            row["image"],
            row["cpu"],
            row["memory"],
            row["updated_at"],
        )
