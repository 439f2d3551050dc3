"""Mistakes that a template can have, by the words of the feature, and the field that an error must name for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Spoil = Callable[[Json, str], Json]


@dataclass(frozen=True)
class Mistake:
    """`apply` makes it: given a valid template and the name of one that exists. An error names one of `fields`."""

    apply: Spoil
    fields: tuple[str, ...]


def _without(*fields: str) -> Mistake:
    return Mistake(lambda sound, _: {key: value for key, value in sound.items() if key not in fields}, fields)


def _with(field: str, value: object) -> Mistake:
    return Mistake(lambda sound, _: {**sound, field: value}, (field,))


def _name(spoil: Callable[[str], object]) -> Mistake:
    return Mistake(lambda sound, _: {**sound, "name": spoil(sound["name"])}, ("name",))


def _without_resource(field: str) -> Mistake:
    def spoil(sound: Json, _: str) -> Json:
        return {**sound, "resources": {key: value for key, value in sound["resources"].items() if key != field}}

    return Mistake(spoil, (field,))


def _with_resource(field: str, value: object) -> Mistake:
    return Mistake(lambda sound, _: {**sound, "resources": {**sound["resources"], field: value}}, (field,))


def _with_port(value: object) -> Mistake:
    return Mistake(lambda sound, _: {**sound, "vnc": {"port": value}}, ("port",))


def _like_another(sound: Json, existing: str) -> Json:
    return {**sound, "name": existing, "image": "streamspace/firefox:v2"}


# The first two are the plan's own.
MISTAKES: dict[str, Mistake] = {
    "neither image nor resources": _without("image", "resources"),
    "an invalid image reference": _with("image", "not-a-valid-image:reference::"),
    "no name": _without("name"),
    "no image": _without("image"),
    "no resources": _without("resources"),
    "no cpu": _without_resource("cpu"),
    "no memory": _without_resource("memory"),
    "an empty name": _name(lambda _: ""),
    "a name with a space": _name(lambda name: name.replace("-", " ", 1)),
    "a name in upper case": _name(lambda name: name.capitalize()),
    "a name that begins with a dash": _name(lambda name: f"-{name}"),
    "a name that is too long": _name(lambda name: name.ljust(300, "x")),
    "a name that is a number": _name(lambda _: 7),
    "the name of a template that exists": Mistake(_like_another, ("name", "exists", "already")),
    "an empty image": _with("image", ""),
    "an image with a space": _with("image", "streamspace/fire fox:latest"),
    "an image in upper case": _with("image", "StreamSpace/Firefox:latest"),
    "an image that is a number": _with("image", 7),
    "an image with nothing after the colon": _with("image", "streamspace/firefox:"),
    "resources that are a text": _with("resources", "1000m, 2Gi"),
    "an invalid cpu quantity": _with_resource("cpu", "a lot"),
    "a cpu below zero": _with_resource("cpu", "-1"),
    "a cpu that is a number": _with_resource("cpu", 1),
    "an invalid memory quantity": _with_resource("memory", "2Gigs"),
    "a memory below zero": _with_resource("memory", "-2Gi"),
    "no memory at all": _with_resource("memory", "0"),
    "a VNC port that does not exist": _with_port(70000),
    "a VNC port below zero": _with_port(-1),
    "a VNC port that is a text": _with_port("5900"),
    "VNC settings that are a list": _with("vnc", [5900]),
    "a display name that is a number": _with("displayName", 7),
    "a category that is a list": _with("category", ["browsers"]),
    "a field that no template has": _with("colour", "blue"),
    "a resource that no template has": _with_resource("wheels", "4"),
}
