"""StreamSpace's calls about templates, in the words of the active profile."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi

Json = dict[str, Any]


class TemplateApi:
    """The part of the API that is about templates. Answers are given as they came; who asks decides what must be."""

    def __init__(self, api: StreamSpaceApi) -> None:
        self._api = api
        self.profile = api.profile

    def create(self, body: object) -> Answer:
        """Asks for a template; `body` goes out as it is."""
        return self._api.call("create_template", body=body)

    def get(self, template_id: str) -> Answer:
        """One template, asked for by its id."""
        return self._api.call("get_template", template_id)

    def change(self, template_id: str, body: object) -> Answer:
        """Changes the fields that `body` holds."""
        return self._api.call("change_template", template_id, body)

    def versions(self, template_id: str) -> Answer:
        """What the template was, where the product keeps that."""
        return self._api.call("list_template_versions", template_id)

    def delete(self, template_id: str) -> Answer:
        """Asks for the end of a template."""
        return self._api.call("delete_template", template_id)

    def listed(self) -> list[Json]:
        """All templates as listed; Unmet when the answer is no such list."""
        answer = self._api.call("list_templates")
        field = self.profile.fields["templates"]
        items = answer.object().get(field) if answer.ok else None
        if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
            raise Unmet(
                answer.call,
                expected=f"a list of {field}",
                actual=answer.gist,
                likely="the API's list call",
            )
        return items

    def id_of(self, template: Json) -> str | None:
        """The id that a template as the API shows it has, or else its name; None when neither is a text."""
        values = (template.get(self.profile.fields[name]) for name in ("template_id", "template_name"))
        return next((value for value in values if isinstance(value, str) and value), None)

    def name_of(self, template: Json) -> object:
        """The name that a template as the API or Kubernetes shows it has."""
        return template.get(self.profile.fields["template_name"])

    def message(self, answer: Answer) -> str:
        """The sentence of a refusal; empty when there is none."""
        return self._api.message(answer)
