"""The proxy for an address: one policy for all clients of the suite."""

import pytest

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.proxies import Proxy, proxy_for

BOTH = {"HTTP_PROXY": "http://plain:3128", "HTTPS_PROXY": "http://secure:3128"}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("http://streamspace.test/api", "http://plain:3128"),
        ("https://streamspace.test/api", "http://secure:3128"),
        ("ws://streamspace.test/vnc", "http://plain:3128"),
        ("wss://streamspace.test/vnc", "http://secure:3128"),
    ],
)
def test_proxy_follows_the_scheme(url: str, server: str) -> None:
    assert proxy_for(url, BOTH) == Proxy(server)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "api.localhost"])
def test_proxy_of_the_loopback_is_none(host: str) -> None:
    assert proxy_for(f"http://{host}:8080/api", BOTH) is None


@pytest.mark.parametrize(
    ("no_proxy", "host"),
    [
        ("streamspace.test", "streamspace.test"),
        (".test", "streamspace.test"),
        ("one, streamspace.test", "streamspace.test"),
        ("*", "streamspace.test"),
        ("10.0.0.0/8", "10.1.2.3"),
        ("streamspace.test:8080", "streamspace.test:8080"),
        ("*.test", "streamspace.test"),
        ("STREAMSPACE.test", "streamspace.test"),
        ("fd00::1", "[fd00::1]"),
        ("[fd00::1]", "[fd00::1]"),
        ("[fd00::1]:8443", "[fd00::1]:8443"),
        ("fd00::/8", "[fd00::1]"),
    ],
)
def test_proxy_of_an_excluded_host_is_none(no_proxy: str, host: str) -> None:
    assert proxy_for(f"https://{host}/", BOTH | {"NO_PROXY": no_proxy}) is None


@pytest.mark.parametrize("no_proxy", ["other.test", "10.0.0.0/8", "space.test", "streamspace.test:81", " , "])
def test_proxy_of_another_host_is_used(no_proxy: str) -> None:
    assert proxy_for("https://streamspace.test/", BOTH | {"NO_PROXY": no_proxy}) is not None


def test_proxy_in_lower_case_wins() -> None:
    assert proxy_for("http://a.test/", BOTH | {"http_proxy": "http://lower:1"}) == Proxy("http://lower:1")


def test_proxy_for_all_schemes_is_the_last_resort() -> None:
    assert proxy_for("https://a.test/", {"ALL_PROXY": "every:1"}) == Proxy("http://every:1")


def test_proxy_with_credentials_keeps_them_apart() -> None:
    found = proxy_for("http://a.test/", {"HTTP_PROXY": "http://me:p%40ss@plain:3128"})
    assert found == Proxy("http://plain:3128", "me", "p@ss")


@pytest.mark.parametrize("kind", ["socks4", "socks5", "socks5h"])
def test_socks_proxy_is_one_sentence_without_credentials(kind: str) -> None:
    with pytest.raises(SetupProblem) as problem:
        proxy_for("https://a.test/", {"ALL_PROXY": f"{kind}://me:secret@plain:1080"})
    assert problem.value.sentence == (
        f"{kind}://plain:1080, the environment's proxy for a.test, is not an HTTP proxy, and the suite uses no other "
        "kind: set HTTPS_PROXY and HTTP_PROXY to an HTTP proxy, or add the host to NO_PROXY."
    )
