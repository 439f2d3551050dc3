"""Calls to the API server about one namespace: each has a total deadline, and its answer is read as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from kubernetes import client

from streamspace_acceptance.cluster.access import Access
from streamspace_acceptance.cluster.call_counts import CallCounts
from streamspace_acceptance.cluster.connection import (
    CALL_SECONDS,
    CONNECT_SECONDS,
    PAGE,
    BoundedConnectionPool,
    ClusterError,
    ask,
    pages,
    read,
)
from streamspace_acceptance.cluster.objects import Json

T = TypeVar("T")

USER_AGENT = "streamspace-acceptance"


class NamespaceCalls:
    """A client of the API server, for calls about one namespace. `calls` counts them."""

    def __init__(self, access: Access, namespace: str) -> None:
        self.namespace = namespace
        self.calls = CallCounts()
        self._access = access
        self._client = self.new_client()

    def new_client(self) -> Any:
        """A client of its own for a watch or an exec, which keep a connection to themselves."""
        configuration = self._access.configuration()
        configuration.retries = urllib3.Retry(0)
        made: Any = client.ApiClient(configuration)
        made.user_agent = USER_AGENT
        made.rest_client.pool_manager = BoundedConnectionPool(made.rest_client.pool_manager, self.calls)
        return made

    def ask(self, what: str, call: Any, **arguments: Any) -> Json:
        """The answer to any other `call` of the client about this namespace, under the same deadline."""
        return self._json(what, call, **arguments)

    def review(self, call: Any, body: Json) -> Json:
        """The answer to a review of this user's rights, which is about no object."""
        what = "review of the user's rights"
        return read(what, self._call(what, lambda: call(body=body, **self._options())))

    def raw_items(self, path: str) -> list[Json]:
        """The objects of the list at `path`."""
        what = f"list {path}"
        asked = partial(self.raw, path, limit=str(PAGE))
        found = pages(what, lambda token: asked(**({} if token is None else {"continue": token})))
        return [item for page in found for item in items_of(what, page)]

    def raw(self, path: str, **query: str) -> bytes:
        """The API server's response to a GET of `path`, unchanged; ClusterError for anything but a 2xx."""
        return self._call(f"get {path}", lambda: self._get(path, query))

    def _get(self, path: str, query: dict[str, str]) -> Any:
        asked = self._client.param_serialize(
            "GET", path, query_params=list(query.items()), auth_settings=["BearerToken"]
        )
        response = self._client.call_api(*asked, _request_timeout=(CONNECT_SECONDS, CALL_SECONDS))
        response.read()
        if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            raise client.ApiException(http_resp=response)
        return response

    def _options(self) -> Json:
        return {"_preload_content": False, "_request_timeout": (CONNECT_SECONDS, CALL_SECONDS)}

    def _json(self, what: str, call: Any, **arguments: Any) -> Json:
        return read(what, self._bytes(what, call, **arguments))

    def _json_or_none(self, what: str, call: Any, **arguments: Any) -> Json | None:
        return self._or_none(lambda: self._json(what, call, **arguments))

    def _items(self, what: str, call: Any, **arguments: Any) -> list[Json]:
        return list(self._each_item(what, call, **arguments))

    def _each_item(self, what: str, call: Any, **arguments: Any) -> Iterator[Json]:
        asked = partial(self._bytes, what, call, limit=PAGE, **arguments)
        for page in pages(what, lambda token: asked(_continue=token)):
            yield from items_of(what, page)

    def _bytes(self, what: str, call: Any, **arguments: Any) -> bytes:
        return self._call(what, lambda: call(namespace=self.namespace, **arguments, **self._options()))

    @staticmethod
    def _or_none(call: Callable[[], T], *statuses: int) -> T | None:
        """The result of `call`; None when Kubernetes answers with one of `statuses` (404 by default)."""
        try:
            return call()
        except ClusterError as error:
            if error.status in (statuses or (HTTPStatus.NOT_FOUND,)):
                return None
            raise

    @staticmethod
    def _call(what: str, call: Any) -> bytes:
        data: bytes = ask(what, lambda: call().data or b"", CALL_SECONDS)
        return data


def items_of(what: str, listing: Json) -> list[Json]:
    """The items of a list; ClusterError when it is none, or holds anything but objects."""
    items = listing.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ClusterError(f"{what}: no list as Kubernetes gives it: {str(listing)[:200]!r}")
    return items
