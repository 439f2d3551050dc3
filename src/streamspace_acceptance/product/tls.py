"""TLS to the product: trusted certificates, and a sentence for each reason to refuse one."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from streamspace_acceptance import waiting
from streamspace_acceptance.outcomes import SetupProblem

# OpenSSL's codes (openssl verify): the certificate's time, whom it was made for, and everything else: who signed it.
PIN_SECONDS = 5.0
_EXPIRED, _NOT_YET, _WRONG_NAMES = 10, 9, (62, 64)


def trusted() -> ssl.SSLContext:
    """The usual public CAs; or, as OpenSSL knows them, those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise SetupProblem(
            f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read ({error}): correct or unset it."
        ) from error


def pin(url: str, context: ssl.SSLContext) -> str | None:
    """The key of the server at an https:// address, as Chromium names keys (SHA-256 of the SPKI, base64).

    A browser does not know the private CA of SSL_CERT_FILE or SSL_CERT_DIR, so it gets the key of the verified server.
    None without these variables. None also for a certificate that fails: the browser reports that itself.
    """
    address = urlsplit(url)
    if address.scheme != "https" or not any(os.environ.get(variable) for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR")):
        return None
    host, port = address.hostname or "", address.port or 443
    try:
        shown = waiting.within(PIN_SECONDS, lambda: _certificate(host, port, context), what=f"TLS with {host}:{port}")
    except (OSError, waiting.DeadlineExceeded):
        return None
    key = (
        x509.load_der_x509_certificate(shown).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def _certificate(host: str, port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection((host, port), PIN_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def trouble(error: BaseException | None) -> str | None:
    """The certificate or TLS problem that caused `error`, with advice; None for any other cause."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted ({error.verify_message.rstrip('.')}): {_advice(error.verify_code)}"
        if isinstance(error, ssl.SSLError):
            return f"TLS fails ({error.reason or error}): is it an http:// address?"
        error = error.__cause__ or error.__context__
    return None


def _advice(code: int) -> str:
    if code == _EXPIRED:
        return "have it renewed"
    if code == _NOT_YET:
        return "compare the clocks"
    if code in _WRONG_NAMES:
        return "use the name that it was made for"
    return "let SSL_CERT_FILE name the PEM file of the CA that signed it"
