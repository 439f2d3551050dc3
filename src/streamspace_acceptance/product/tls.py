"""TLS to the product: whom the suite trusts, and what a refused certificate means to whoever set the URL."""

from __future__ import annotations

import ssl

import httpx

from streamspace_acceptance.verdict.outcomes import SetupProblem

# OpenSSL's codes (openssl verify): the certificate's time, whom it was made for, and everything else: who signed it.
_EXPIRED, _NOT_YET, _WRONG_NAMES = 10, 9, (62, 64)


def trusted() -> ssl.SSLContext:
    """The usual public CAs; or, as OpenSSL knows them, those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise SetupProblem(
            f"SSL_CERT_FILE or SSL_CERT_DIR names no certificates that can be read ({error}): correct or unset it."
        ) from error


def trouble(error: BaseException | None) -> str | None:
    """What is wrong with the certificate or with TLS, and what to do, when that is at the bottom of `error`."""
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
