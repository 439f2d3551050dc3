"""Every consumer of the table of secret names masks, or learns, every name in it, and leaves ordinary names alone."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import yaml

from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.redaction import kubernetes_objects, playwright_trace, redactor, secret_sources
from streamspace_acceptance.redaction.redactor import Redactor
from streamspace_acceptance.redaction.secret_names import ENDINGS, WHOLE_PARAMETERS, Place, is_secret
from tests.support.web_server import says, web_server

SECRET = "hunter2-hunter2-hunter2"


def names(place: Place) -> list[str]:
    words = [word for word, places in ENDINGS.items() if place in places]
    return list(dict.fromkeys(f"my-{word.replace(' ', separator)}" for word in words for separator in ("-", "_", "")))


@pytest.mark.parametrize("name", names(Place.FIELD))
@pytest.mark.parametrize("text", ['{{"{}": "{}"}}', "{}: {}", "{}={}", '{{"name": "{}", "value": "{}"}}', "--{}={}"])
def test_a_field_of_any_text_is_masked(name: str, text: str) -> None:
    assert SECRET not in Redactor().redact(text.format(name, SECRET))
    assert SECRET not in Redactor().redact(text.format(name.upper(), SECRET))


@pytest.mark.parametrize("name", names(Place.FIELD))
def test_a_field_of_a_document_is_masked(name: str) -> None:
    assert SECRET not in json.dumps(Redactor().redact_within([{name: SECRET}, {"name": name, "value": SECRET}]))


@pytest.mark.parametrize("name", [*names(Place.PARAMETER), *WHOLE_PARAMETERS])
def test_a_parameter_of_a_url_is_masked(name: str) -> None:
    assert SECRET not in Redactor().redact(f"http://x/y?a=b&{name}={SECRET}")


@pytest.mark.parametrize("name", [*names(Place.VARIABLE), "Authorization", "X-Auth-Token", "Set-Cookie"])
def test_a_variable_of_an_object_is_masked(name: str) -> None:
    shown = kubernetes_objects.presentable({"env": [{"name": name, "value": SECRET}]})
    assert SECRET not in json.dumps(shown)


@pytest.mark.parametrize("name", names(Place.ARGUMENT))
def test_the_argument_after_a_flag_is_masked(name: str) -> None:
    shown = kubernetes_objects.presentable({"args": [f"--{name}", SECRET, "--verbose"]})
    assert shown == {"args": [f"--{name}", redactor.MASK, "--verbose"]}


@pytest.mark.parametrize("name", [*names(Place.VARIABLE), "Proxy-Authorization", "X-Api-Key", "cookie2"])
def test_a_header_in_a_trace_is_masked(name: str) -> None:
    given = io.BytesIO()
    with zipfile.ZipFile(given, "w") as trace:
        trace.writestr("trace.network", json.dumps({"headers": [{"name": name, "value": SECRET}]}))
    with zipfile.ZipFile(io.BytesIO(playwright_trace.redacted(given.getvalue()))) as kept:
        assert SECRET not in kept.read("trace.network").decode()


@pytest.mark.parametrize("name", names(Place.ANSWER))
def test_a_field_of_an_answer_is_learned(name: str) -> None:
    secret_sources.from_answer(json.dumps({name: SECRET}), f"GET /{name}")
    assert redactor.redact(f"elsewhere {SECRET}") == f"elsewhere {redactor.MASK}"


@pytest.mark.parametrize("name", names(Place.PARAMETER))
def test_a_parameter_in_an_answer_is_learned(name: str) -> None:
    secret_sources.from_answer(f'"http://x/?{name}={SECRET}"', f"GET /?{name}")
    assert redactor.redact(f"elsewhere {SECRET}") == f"elsewhere {redactor.MASK}"


@pytest.mark.parametrize("name", names(Place.FIELD))
def test_a_credential_of_a_kubeconfig_is_learned(name: str, tmp_path: Path) -> None:
    path, redactor = tmp_path / "kubeconfig", Redactor()
    path.write_text(yaml.safe_dump({"users": [{"name": "admin", "user": {name: SECRET}}]}))
    redactor.register_kubeconfig(path)
    assert SECRET not in redactor.redact(f"elsewhere {SECRET}")


def test_a_secret_of_a_request_is_not_logged() -> None:
    body = dict.fromkeys(names(Place.FIELD), SECRET) | {"user": "ann"}
    with web_server(says(b"{}")) as url, HttpClient(url, "t") as http:
        http.call("POST", "/login", body)
        ((exchange, _),) = http.log.since(0.0)
    assert exchange.request == dict.fromkeys(names(Place.FIELD), redactor.MASK) | {"user": "ann"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("secretName", Place.FIELD),
        ("key", Place.FIELD),
        ("api-url", Place.ARGUMENT),
        ("--api-url", Place.ARGUMENT),
        ("monkey", Place.PARAMETER),
        ("agentId", Place.ANSWER),
    ],
)
def test_an_ordinary_name_is_not_secret(name: str, place: Place) -> None:
    assert not is_secret(name, place)
