"""The API's calls about templates, in the words of the active profile."""

from __future__ import annotations

from collections.abc import Iterable

from streamspace_acceptance.product import translation
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.calls import Json
from streamspace_acceptance.product.ids import as_id


class TemplateApi:
    """The part of the API that is about templates. It returns answers as they come; the caller judges them."""

    def __init__(self, api: StreamSpaceApi) -> None:
        self._api = api
        self.profile = api.profile

    def create(self, body: object) -> Answer:
        """Creates a template; `body` is sent as it is."""
        return self._api.call("create_template", body=body)

    def get(self, template_id: str) -> Answer:
        """Gets one template by its id."""
        return self._api.call("get_template", template_id)

    def change(self, template_id: str, body: object) -> Answer:
        """Changes the fields that `body` holds."""
        return self._api.call("change_template", template_id, body)

    def can_change(self, fields: Iterable[str]) -> bool:
        """Whether a change of a template has a place for each of those fields of the plan, by the profile."""
        return all(translation.carries(self.profile, "change_template", field) for field in fields)

    def versions(self, template_id: str) -> Answer:
        """The earlier versions of a template, where the product keeps them."""
        return self._api.call("list_template_versions", template_id)

    def delete(self, template_id: str) -> Answer:
        """Deletes a template."""
        return self._api.call("delete_template", template_id)

    def listing(self) -> Answer:
        """The answer to the list of templates."""
        return self._api.call("list_templates")

    def listed(self, answer: Answer | None = None) -> list[Json]:
        """All templates in the list, or in that answer to it; Unmet when the answer is not such a list."""
        return self._api.objects(answer or self.listing(), "templates")

    def id_of(self, template: Json) -> str | None:
        """The id of a template in an answer, or else its name; None when there is neither."""
        name = self.name_of(template)
        return (
            as_id(template.get(self.profile.fields["template_id"])) or (name if isinstance(name, str) else None) or None
        )

    def name_of(self, template: Json) -> object:
        """The name of a template, as the API or Kubernetes shows it."""
        return template.get(self.profile.fields["template_name"])

    def names_of(self, field: str) -> set[str]:
        """The names of a field of a template: the plan's, and the product's in a request."""
        return translation.names_of(self.profile, "create_template", field)

    def message(self, answer: Answer) -> str:
        """The message of a refusal; empty when there is none."""
        return self._api.message(answer)
