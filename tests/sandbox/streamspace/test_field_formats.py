"""Written forms: what is accepted, what is not."""

from decimal import Decimal

import pytest

from streamspace_sandbox.streamspace.api import field_formats

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "reference",
    [
        "alpine",
        "alpine:3.20",
        "streamspace/firefox:latest",
        "streamspace/a__b-c.d:v1.0_x",
        "localhost:5000/a/b",
        "registry.example:443/team/app:1@" + DIGEST,
        "Registry.Example/app",
        "[2001:db8::1]:5000/app",
        "app@" + DIGEST,
    ],
)
def test_image_references(reference: str) -> None:
    assert field_formats.image_reference(reference) == reference


@pytest.mark.parametrize(
    "reference",
    [
        "",
        " alpine",
        "alpine ",
        "alpine\n",
        "not-a-valid-image:reference::",
        "Alpine",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a:-tag",
        "a:" + "t" * 129,
        "a@sha256:123",
        "a..b",
        "a___b",
        "http://registry.example/app",
        "x" * 256,
    ],
)
def test_bad_image_references(reference: str) -> None:
    with pytest.raises(ValueError, match="image reference"):
        field_formats.image_reference(reference)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1", 1),
        ("500m", "0.5"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("2.", 2),
        ("100Ki", 102400),
        ("2Gi", 2 * 1024**3),
        ("0.5Gi", 2**29),
        ("1k", 1000),
        ("1e3", 1000),
        ("1E3", 1000),
        ("12e-1", "1.2"),
        ("1E", 10**18),
        ("250u", "0.00025"),
    ],
)
def test_quantities(text: str, value: object) -> None:
    assert field_formats.quantity(text) == Decimal(str(value))


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1 Gi", "1gi", "1K", "1mi", "Gi", "1..2", "1e", "0x10", "1" * 41, "٣"]
)
def test_bad_quantities(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        field_formats.quantity(text)


def test_bounds_of_what_a_desktop_can_be_given() -> None:
    assert field_formats.cpu("10m") == "10m"
    assert field_formats.memory("32Mi") == "32Mi"
    for check, text in (
        (field_formats.cpu, "9m"),
        (field_formats.memory, "31Mi"),
        (field_formats.memory, "33554432500m"),
    ):
        with pytest.raises(ValueError, match="must be"):
            check(text)
