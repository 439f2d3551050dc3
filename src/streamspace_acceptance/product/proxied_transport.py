"""HTTP requests through the proxy for their address, or directly."""

from __future__ import annotations

import ssl

import httpx

from streamspace_acceptance import proxies
from streamspace_acceptance.proxies import Proxy


class ProxiedTransport(httpx.BaseTransport):
    """One pool of connections for each proxy, and one for direct connections."""

    def __init__(self, trusted: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._trusted = trusted
        self._limits = limits
        self._pools: dict[Proxy | None, httpx.HTTPTransport] = {None: self._pool(None)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer by way of the right pool."""
        proxy = proxies.proxy_for(str(request.url))
        if proxy not in self._pools:
            self._pools[proxy] = self._pool(proxy)
        return self._pools[proxy].handle_request(request)

    def close(self) -> None:
        """Closes the connections."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, proxy: Proxy | None) -> httpx.HTTPTransport:
        through = None if proxy is None else httpx.Proxy(proxy.url)
        return httpx.HTTPTransport(verify=self._trusted, limits=self._limits, trust_env=False, proxy=through)
