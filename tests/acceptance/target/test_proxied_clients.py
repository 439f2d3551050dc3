"""All clients of the suite reach a given target through the environment's proxy, and the loopback without it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.desktop.browser import RunBrowser, find
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from tests.support.http_proxy import HttpProxy, http_proxy
from tests.support.web_server import says, web_server

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(params=[None, "me:secret"])
def proxy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpProxy]:
    for name in (*VARIABLES, *map(str.lower, VARIABLES)):
        monkeypatch.delenv(name, raising=False)
    with http_proxy(request.param) as proxy:
        url = proxy.url if request.param is None else proxy.url.replace("//", f"//{request.param}@")
        monkeypatch.setenv("HTTP_PROXY", url)
        monkeypatch.setenv("HTTPS_PROXY", url)
        yield proxy


def elsewhere(url: str) -> str:
    """The same server under a name that only the proxy knows."""
    return url.replace("127.0.0.1", "streamspace.test")


def kubeconfig(folder: Path, server: str, **cluster: str) -> Path:
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_http_client_goes_through_the_proxy(proxy: HttpProxy) -> None:
    with web_server(says(b"{}")) as url, HttpClient(elsewhere(url), "token") as client:
        assert client.call("GET", "/api").status == 200
    assert proxy.asked == {"HTTP streamspace.test"}


def test_http_client_of_the_loopback_does_not(proxy: HttpProxy) -> None:
    with web_server(says(b"{}")) as url, HttpClient(url, "token") as client:
        assert client.call("GET", "/api").status == 200
    assert proxy.asked == set()


def test_http_client_behind_a_dead_proxy_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with HttpClient("http://streamspace.test", "token") as client, pytest.raises(NoAnswer):
        client.call("GET", "/api")


def test_kubernetes_client_goes_through_the_proxy(proxy: HttpProxy, tmp_path: Path) -> None:
    with web_server(says(b'{"items": []}')) as url:
        assert Cluster([kubeconfig(tmp_path, elsewhere(url))], "streamspace").pods() == []
        assert proxy.asked == {"HTTP streamspace.test"}
        proxy.asked.clear()
        assert Cluster([kubeconfig(tmp_path, url)], "streamspace").pods() == []
    assert proxy.asked == set()


def test_proxy_of_the_kubeconfig_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with http_proxy() as proxy, web_server(says(b'{"items": []}')) as url:
        path = kubeconfig(tmp_path, elsewhere(url), **{"proxy-url": proxy.url})
        assert Cluster([path], "streamspace").pods() == []
    assert proxy.asked == {"HTTP streamspace.test"}


def test_socks_proxy_of_the_kubeconfig_is_one_sentence(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://kube.test", **{"proxy-url": "socks5://127.0.0.1:1"})
    with pytest.raises(ClusterError, match="the proxy of the kubeconfig, is not an HTTP proxy"):
        Cluster([path], "streamspace")


def test_websocket_goes_through_the_proxy(proxy: HttpProxy) -> None:
    with web_server(says(b"", 400)) as url:
        address = elsewhere(url).replace("http", "ws")
        with pytest.raises(rfb.NoHandshake), rfb.handshake(address, "token", seconds=3):
            pytest.fail("this server has no WebSocket")
    assert proxy.asked == {"CONNECT streamspace.test"}


@pytest.mark.slow
def test_browser_goes_through_the_proxy(proxy: HttpProxy) -> None:
    browser = RunBrowser(find(os.environ.get("STREAMSPACE_BROWSER")))
    try:
        with web_server(says(b"<p>here", content_type="text/html")) as url:
            browser.viewer(elsewhere(url)).close()
            assert "streamspace.test" in " ".join(proxy.asked)
            proxy.asked.clear()
            browser.viewer(url).close()
    finally:
        browser.close()
    assert not any("127.0.0.1" in host for host in proxy.asked)
