"""Tables that the server makes of objects: what `kubectl get` prints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.kubernetes.machinery.objects import name_of
from streamspace_sandbox.kubernetes.machinery.printing import age, age_of, json_path
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.printers.columns import BUILTIN_COLUMNS, Column
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources, PrinterColumn

_AGE = Column("Age", age_of, "How long ago the object was created.")


@dataclass(frozen=True)
class _CustomCell:
    """A printer column of a custom resource, as a function of the object."""

    column: PrinterColumn

    def __call__(self, obj: Obj) -> Any:
        values = json_path(obj, self.column.json_path)
        if not values:
            return None
        if self.column.type == "date":
            return age(values[0])
        if self.column.type == "string":
            return ",".join(_text(value) for value in values)
        return values[0]


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _custom_columns(columns: Sequence[PrinterColumn]) -> list[Column]:
    return [
        Column(column.name, _CustomCell(column), column.description, column.type, column.priority) for column in columns
    ] or [_AGE]


def columns_of(resource: Resource, custom: CustomResources) -> list[Column]:
    """The columns of a kind, without the name."""
    if resource.custom:
        return _custom_columns(custom.columns(resource))
    return list(BUILTIN_COLUMNS.get(resource.plural, [_AGE]))


def _definition(name: str, kind: str, form: str, description: str, priority: int) -> Obj:
    return {"name": name, "type": kind, "format": form, "description": description, "priority": priority}


_PARTIAL: dict[str, Callable[[Obj], Obj | None]] = {
    "None": lambda _: None,
    "Object": lambda obj: obj,
    "Metadata": lambda obj: {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    },
}


def table(
    resource: Resource, items: Sequence[Obj], custom: CustomResources, *, include: str, version: str
) -> dict[str, Any]:
    """A `Table` of meta.k8s.io/v1 with a row for each object; `include` is how much of the object each row has."""
    columns = columns_of(resource, custom)
    # The names of events are shown last, and only by `-o wide`.
    named = [] if resource.plural == "events" else [_definition("Name", "string", "name", "Name of the object.", 0)]
    partial = _PARTIAL.get(include, _PARTIAL["Metadata"])
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": named + [_definition(c.name, c.type, "", c.description, c.priority) for c in columns],
        "rows": [
            {
                "cells": [name_of(obj) for _ in named] + [column.cell(obj) for column in columns],
                "object": partial(obj),
            }
            for obj in items
        ],
    }
