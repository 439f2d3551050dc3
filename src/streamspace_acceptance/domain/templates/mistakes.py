"""Mistakes that a template can have, by the words of the feature. It also states the field that the error must name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Mistake = Callable[[Json, str], Json]
"""Makes the mistake: given a valid template and the name of one that exists."""


def _without(*fields: str) -> Mistake:
    return lambda valid, _: {key: value for key, value in valid.items() if key not in fields}


def _with(field: str, value: object) -> Mistake:
    return lambda valid, _: {**valid, field: value}


def _name(spoil: Callable[[str], object]) -> Mistake:
    return lambda valid, _: {**valid, "name": spoil(valid["name"])}


def _without_resource(field: str) -> Mistake:
    def spoil(valid: Json, _: str) -> Json:
        return {**valid, "resources": {key: value for key, value in valid["resources"].items() if key != field}}

    return spoil


def _with_resource(field: str, value: object) -> Mistake:
    return lambda valid, _: {**valid, "resources": {**valid["resources"], field: value}}


def _with_port(value: object) -> Mistake:
    return lambda valid, _: {**valid, "vnc": {"port": value}}


def _like_another(valid: Json, existing: str) -> Json:
    return {**valid, "name": existing, "image": "streamspace/firefox:v2"}


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
    "a name that ends with a dash": _name(lambda name: f"{name}-"),
    "a name that is too long": _name(lambda name: name.ljust(300, "x")),
    "a name that is a number": _name(lambda _: 7),
    "a name that ends with a line break": _name(lambda name: f"{name}\n"),
    "the name of a template that exists": _like_another,
    "an empty image": _with("image", ""),
    "an image of null": _with("image", None),
    "an image with a space": _with("image", "streamspace/fire fox:latest"),
    "an image in upper case": _with("image", "StreamSpace/Firefox:latest"),
    "an image that is a number": _with("image", 7),
    "an image with nothing after the colon": _with("image", "streamspace/firefox:"),
    "an image with an invalid digest": _with("image", "streamspace/firefox@sha256:latest"),
    "an image with a doubled slash": _with("image", "streamspace//firefox:latest"),
    "an image that ends with a line break": _with("image", "streamspace/firefox:latest\n"),
    "an image that is a web address": _with("image", "https://registry.example/firefox:latest"),
    "resources that are a text": _with("resources", "1000m, 2Gi"),
    "an invalid cpu quantity": _with_resource("cpu", "a lot"),
    "an empty cpu": _with_resource("cpu", ""),
    "a cpu below zero": _with_resource("cpu", "-1"),
    "a cpu of zero": _with_resource("cpu", "0"),
    "a cpu that is a number": _with_resource("cpu", 1),
    "an invalid memory quantity": _with_resource("memory", "2Gigs"),
    "an empty memory": _with_resource("memory", ""),
    "a memory that ends with a space": _with_resource("memory", "2Gi "),
    "a memory below zero": _with_resource("memory", "-2Gi"),
    "a memory of zero": _with_resource("memory", "0"),
    "a VNC port that does not exist": _with_port(70000),
    "a VNC port one beyond the last": _with_port(65536),
    "a VNC port below zero": _with_port(-1),
    "a VNC port that is a text": _with_port("5900"),
    "VNC settings that are a list": _with("vnc", [5900]),
    "a display name that is a number": _with("displayName", 7),
    "a description that is a list": _with("description", ["Firefox"]),
    "a category that is a list": _with("category", ["browsers"]),
    "a field that no template has": _with("colour", "blue"),
    "a resource that no template has": _with_resource("wheels", "4"),
}
OF_A_CREATION = frozenset(
    {
        *("neither image nor resources", "no name", "no image", "no resources", "no cpu", "no memory"),
        *("an empty name", "a name with a space", "a name in upper case", "a name that begins with a dash"),
        *("a name that ends with a dash", "a name that is too long", "a name that is a number"),
        *("a name that ends with a line break", "the name of a template that exists", "an image of null"),
        *("an empty cpu", "an empty memory"),
    }
)
"""A change need not hold every field, and names stay. It may read null or an empty amount as one that stays, too."""
CHANGED = tuple(words for words in MISTAKES if words not in OF_A_CREATION)
"""Those that are tried in a change of a template, too: what is refused at its creation is no better later."""
