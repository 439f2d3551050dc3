"""Proxy rules about the address of a desktop: healthy ones that look different."""

import json
from collections.abc import Callable

from tests.proof.json_rewriting import altered
from tests.proof.proxy import Reply, Rule
from tests.proof.proxy_rules.viewer_pages import is_page

USED = b"<!doctype html><h1>This link was used already</h1><p>Ask for another one."


class Rewritten(Rule):
    """The address of each desktop is written in another way."""

    def __init__(self, write: Callable[[str], str]) -> None:
        self._write = write

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith("/connect") or reply.status != 200:
            return reply
        return altered(reply, url=self._write(json.loads(reply.body)["url"]))


class ForOneVisit(Rule):
    """Each address opens its page once; who asks for another one gets it."""

    def __init__(self) -> None:
        self._given = 0
        self._visited: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith("/connect") or reply.status != 200:
            return reply
        self._given += 1
        return altered(reply, url=f"{json.loads(reply.body)['url']}&visit={self._given}")

    def page_instead(self, path: str, query: str) -> Reply | None:
        if not is_page(path):
            return None
        if query in self._visited:
            return Reply(403, "text/html", USED)
        self._visited.add(query)
        return None
