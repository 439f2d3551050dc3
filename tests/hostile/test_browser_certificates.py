"""A private CA counts for the browser as it does for the API, and a certificate that is refused is refused by both."""

from __future__ import annotations

import os
import ssl

import pytest

from streamspace_acceptance.desktop.browser import RunBrowser, find
from streamspace_acceptance.desktop.watchdog import BrowserError
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.http import NoAnswer
from tests.acceptance.domain.test_session_desktop import desk
from tests.hostile.conftest import Hostile
from tests.sampling import sample


@pytest.fixture
def trusted(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(hostile.folder / "ca.pem"))
    return tls.trusted()


def visit(trusted: ssl.SSLContext, url: str) -> str:
    """What the page at `url` holds, in a browser of its own."""
    browser = RunBrowser(find(os.environ.get("STREAMSPACE_BROWSER")), lambda url: tls.pin(url, trusted))
    try:
        return browser.viewer(url)._load.page.content()
    finally:
        browser.close()


def test_a_private_ca_counts_for_the_browser_as_well(hostile: Hostile, trusted: ssl.SSLContext) -> None:
    assert "Welcome" in visit(trusted, hostile.place("html", "good").url)


@pytest.mark.parametrize("certificate", sample(["expired", "self-signed", "wrong-host"], 1))
def test_browser_rejects_the_certificates_the_suite_rejects(
    hostile: Hostile, trusted: ssl.SSLContext, certificate: str
) -> None:
    url = hostile.place("html", certificate).url
    assert tls.pin(url, trusted) is None
    with pytest.raises(BrowserError, match=r"does not accept the certificate .*SSL_CERT_FILE"):
        visit(trusted, url)


def test_without_a_private_ca_no_key_is_pinned(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert tls.pin(hostile.place("html", "good").url, tls.trusted()) is None


@pytest.mark.parametrize("certificate", sample(["expired", "self-signed", "wrong-host"], 1))
def test_certificate_at_the_vnc_address_is_broken(hostile: Hostile, trusted: ssl.SSLContext, certificate: str) -> None:
    url = hostile.place("html", certificate).url
    with desk(url=url) as refused, pytest.raises(NoAnswer, match="its certificate is not accepted"):
        refused.fetch_page()
