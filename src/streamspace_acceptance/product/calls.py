"""The one place that turns the name of a call in the profile into a request, and reads a list from an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streamspace_acceptance.outcomes import NotApplicable, Unmet
from streamspace_acceptance.product import translation
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import CALL_SECONDS, HttpClient
from streamspace_acceptance.product.next_page import next_page
from streamspace_acceptance.product.profile import Profile

Json = dict[str, Any]
MOST_PAGES = 100


class ProfileCalls:
    """The calls that a profile names, over one HTTP client."""

    def __init__(self, http: HttpClient, profile: Profile) -> None:
        self.http = http
        self.profile = profile

    def call_once(
        self,
        name: str,
        which: str = "",
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        request: str | None = None,
        user: str = "",
    ) -> Answer:
        """The answer to the call `name` of the profile, about the session or template `which`, with the run's token."""
        return self.call_as(self.http.token, name, which, body, seconds=seconds, request=request, user=user)

    def call_as(
        self,
        token: str | None,
        name: str,
        which: str = "",
        body: object = None,
        *,
        seconds: float = CALL_SECONDS,
        request: str | None = None,
        user: str = "",
    ) -> Answer:
        """The same with another token, or with none; NotApplicable where the product has no such call."""
        call = self.profile.calls[name]
        if not call.path:
            raise NotApplicable(f"the contract profile {self.profile.name} has no call {name}")
        self.profile.meet(f"calls.{name}")
        return self.http.call_as(
            token,
            call.method,
            call.to(which, user),
            translation.body(self.profile, name, body),
            seconds=seconds,
            request=request,
            view=translation.view(self.profile, name, self.http),
        )

    def listed(self, answer: Answer, name: str) -> list[Any]:
        """The list that the profile calls `name` in an answer; Unmet when the answer holds no such list."""
        field = self.profile.fields[name]
        items: list[Any] = []
        for page in self._pages(answer, field):
            if not page.ok or not is_list(page.object(), field):
                raise self.not_listed(page, f"a list of {field}")
            items += page.object()[field] or ()
        return items

    def _pages(self, answer: Answer, field: str) -> Iterator[Answer]:
        """The answer, and the pages that follow it where it says where the next one is; the list is that field."""
        for _ in range(MOST_PAGES):
            yield answer
            shown = answer.content().get(field)
            path = next_page(answer, self.http.base_url, len(shown) if isinstance(shown, list) else 0)
            if path is None:
                return
            former, answer = answer, self.http.call_as(self.http.token, "GET", path, view=answer.view)
            if answer.body == former.body:  # a product that does not know the parameter gives the first page again
                return
        raise self.not_listed(answer, f"a list of at most {MOST_PAGES} pages")

    def objects(self, answer: Answer, name: str) -> list[Json]:
        """The same of a list that must hold nothing but objects."""
        items = self.listed(answer, name)
        if not all(isinstance(item, dict) for item in items):
            raise self.not_listed(answer, f"a list of {self.profile.fields[name]}")
        return items

    def not_listed(self, answer: Answer, expected: str) -> Unmet:
        """The failure of an answer that is not the list that was asked for."""
        return Unmet(answer.call, expected=expected, actual=answer.gist, likely="the API's list call")


def is_list(body: Json, field: str) -> bool:
    """Whether there is a list of that name; some languages write an empty one as null."""
    return field in body and isinstance(body[field], list | None)
