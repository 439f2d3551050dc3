"""The proxy for an address, for every client of the suite: the environment's, but none for loopback addresses.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read in lower case and upper case, as curl reads them.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from streamspace_acceptance.outcomes import SetupProblem

_HTTP_SCHEME = {"ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy: `server` without credentials, which are None where it asks for none."""

    server: str
    user: str | None = None
    password: str | None = None

    @property
    def url(self) -> str:
        """With its credentials, as the environment has it."""
        scheme, rest = self.server.split("://")
        return self.server if self.user is None else f"{scheme}://{self.user}:{self.password}@{rest}"


def proxy_for(url: str, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy through which `url` (http, https, ws or wss) is reached, None for a direct connection.

    SetupProblem for a proxy that is not an HTTP proxy.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = _proxies(os.environ if environment is None else environment)
    found = proxies.get(_HTTP_SCHEME.get(parts.scheme, parts.scheme)) or proxies.get("all")
    if not found or _is_loopback(host) or _is_excluded(host, parts.port, proxies.get("no", "")):
        return None
    return read_proxy(found, f"the environment's proxy for {host}")


def read_proxy(text: str, name: str) -> Proxy:
    """The proxy at an address, `http://` if it says no scheme. SetupProblem, with `name`, for another kind."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        raise SetupProblem(
            f"{shown}, {name}, is not an HTTP proxy, and the suite uses no other kind: set HTTPS_PROXY and "
            "HTTP_PROXY to an HTTP proxy, or add the host to NO_PROXY."
        )
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is None:
        return Proxy(server)
    return Proxy(server, unquote(parts.username), unquote(parts.password or ""))


def _proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """By scheme, and `all` and `no`. Lower case wins, since a web server may set HTTP_PROXY from a request."""
    found = dict[str, str]()
    for name in ("http", "https", "all", "no"):
        for variable in (f"{name}_proxy", f"{name}_proxy".upper()):
            if environment.get(variable):
                found.setdefault(name, environment[variable])
    return found


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_excluded(host: str, port: int | None, no_proxy: str) -> bool:
    """As curl and Go have it: hosts, with their subdomains, also with a port; networks; `*` for all."""
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    for entry in entries:
        name, its_port = _host_and_port(entry)
        name = name.removeprefix("*").removeprefix(".")
        is_named = host == name or host.endswith(f".{name}")
        if entry == "*" or _contains(entry, host) or (is_named and its_port in ("", str(port))):
            return True
    return False


def _host_and_port(entry: str) -> tuple[str, str]:
    """The two parts of an entry, whose port may be missing. An IPv6 address may stand in brackets."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = entry.partition(":") if entry.count(":") == 1 else (entry, "", "")
    return name, port


def _contains(network: str, host: str) -> bool:
    with suppress(ValueError):
        return "/" in network and ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    return False
