"""The file of a contract profile: an overlay over `plan.toml`, whose keys are all that a profile may have."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.strict_json import overlaid

Json = dict[str, Any]
PLAN = "plan"
OPEN = ("templates", "bodies", "sizes", "no_counterpart")
"""Tables with keys of the profile's own; `deployment.components` is one too."""
SEVERAL = ("fields", "statuses")
"""Tables whose values may be lists: the first that is there counts."""
_FOLDER = resources.files("streamspace_acceptance.product").joinpath("profiles")
_SILENT = ("name", "templates", "sizes", "viewer_page", "no_counterpart")
"""Parts that describe no words of the product."""


class ProfileError(SetupProblem):
    """A profile that cannot be used: one sentence."""


def names() -> list[str]:
    """The names of the built-in profiles."""
    return sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml"))


def plan() -> Json:
    """The profile `plan` as its file has it."""
    table = tomllib.loads(_FOLDER.joinpath(f"{PLAN}.toml").read_text("utf-8"))
    for call in table["calls"].values():
        call.setdefault("status", 0)  # any 2xx
    return table


def read(name: str) -> Json:
    """The profile of that name or file, laid over `plan`; ProfileError when there is none or a key of it is unknown."""
    base = plan()
    if name == PLAN:
        return base
    try:
        overlay = tomllib.loads(_text(name))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"The contract profile {name} is not TOML: {error}.") from error
    laid = overlaid(base, overlay)
    for sentence in (*_troubles(overlay, base), *_names_troubles(laid)):
        raise ProfileError(f"The contract profile {name} {sentence}.")
    return laid | {"name": overlay.get("name", Path(name).stem)}


def differences(base: Json, table: Json, path: tuple[str, ...] = ()) -> Iterator[Deviation]:
    """The places at which a profile differs from the plan, with the words of both."""
    for key, value in table.items():
        place, there = (*path, key), base.get(key)
        if place[0] in _SILENT or value == there:
            continue
        if len(place) == 2 and place[0] == "calls" and isinstance(there, dict):
            yield from _call_differences(key, there, value)
        elif isinstance(value, dict) and isinstance(there, dict) and place[0] != "bodies":
            yield from differences(there, value, place)
        elif place[0] == "bodies":
            for name in value:
                yield Deviation(f"bodies.{name}", f"the plan's body of {name}", f"its fields: {', '.join(value[name])}")
        else:
            yield Deviation(".".join(place), _said(there), _said(value))


def _call_differences(name: str, base: Json, call: Json) -> Iterator[Deviation]:
    if (base["method"], base["path"]) != (call["method"], call["path"]):
        yield Deviation(f"calls.{name}", _call(base), _call(call))
    if base["status"] != call["status"]:
        yield Deviation(f"calls.{name}.status", str(base["status"]), str(call["status"]))


def _call(parts: Json) -> str:
    return f"{parts['method']} {parts['path']}" if parts["path"] else "no such call"


def _said(value: object) -> str:
    if isinstance(value, list):
        return " or ".join(map(str, value))
    return str(value) if value not in ("", None) else "nothing"


def _text(name: str) -> str:
    if name in names():
        return _FOLDER.joinpath(f"{name}.toml").read_text("utf-8")
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        close = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {close[0]}?" if close else f"built in are {', '.join(names())}"
        raise ProfileError(
            f"There is no contract profile {name}: STREAMSPACE_PROFILE is a name or a file ({hint})."
        ) from error


def _troubles(overlay: Json, base: Json, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The keys that no profile has, and values of another kind than the plan's."""
    for key, value in overlay.items():
        place = ".".join((*path, key))
        known = base.get(key)
        if key not in base:
            if not _is_open(path):
                yield f"has an unknown key {place}: {_nearest(key, base, path)}"
        elif isinstance(known, dict) and isinstance(value, dict):
            yield from _troubles(value, known, (*path, key))
        elif not _fits(value, known, path):
            yield f"says {value!r} for {place}, which must be of the kind of {known!r}"


def _names_troubles(table: Json) -> Iterator[str]:
    """The request bodies that belong to no call, and criteria without a reason."""
    for name in table["bodies"]:
        if name not in table["calls"]:
            yield f"has an unknown key bodies.{name}: {_nearest(name, table['calls'], ('bodies',))}"
    for criterion, reason in table["no_counterpart"].items():
        if not (isinstance(reason, str) and reason):
            yield f"gives no reason for no_counterpart.{criterion}: let its value say why, as text"


def _nearest(key: str, known: Json, path: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, 1, cutoff=0)
    return f"the nearest known key is {'.'.join((*path, *close))}"


def _is_open(path: tuple[str, ...]) -> bool:
    return (path[:1] != () and path[0] in OPEN) or path == ("deployment", "components")


def _fits(value: object, wanted: object, path: tuple[str, ...]) -> bool:
    if path[:1] and path[0] in SEVERAL and isinstance(value, list):
        return bool(value) and all(isinstance(part, str) for part in value)
    return type(value) is type(wanted)
