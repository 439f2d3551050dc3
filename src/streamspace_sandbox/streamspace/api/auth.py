"""Authentication: passwords, and signed tokens, which every process of the API can check by itself.

Tokens are JSON Web Tokens signed with HMAC-SHA256. `aud` is "api" for a user's token and "vnc:<session>" for one that
opens a single session's desktop.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import HTTPConnection

from streamspace_sandbox.streamspace.api.errors import unauthorized

API_TOKEN_SECONDS = 24 * 3600
VNC_TOKEN_SECONDS = 3600
API_AUDIENCE = "api"
ADMIN_ROLE, USER_ROLE = "admin", "user"
_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True)
class Token:
    text: str
    expires_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Caller:
    """The user behind a request, and the role that the token gives."""

    user: str
    role: str

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN_ROLE

    def may_use(self, owner: str) -> bool:
        """Whether a session of `owner` is the caller's business."""
        return self.is_admin or self.user == owner


class Tokens:
    """Issues tokens and checks them, with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, audience: str, subject: str, role: str, seconds: float) -> Token:
        expires = time.time() + seconds
        claims = {"aud": audience, "sub": subject, "role": role, "exp": expires, "jti": secrets.token_hex(8)}
        signed = _HEADER + b"." + _encode(orjson.dumps(claims))
        return Token((signed + b"." + self.signature(signed)).decode(), expires)

    def claims(self, text: str) -> dict[str, Any]:
        """The claims of a valid token. Raises ApiError 401."""
        try:
            signed, _, signature = text.encode("ascii").rpartition(b".")
            genuine = hmac.compare_digest(signature, self.signature(signed))
            claims: dict[str, Any] = orjson.loads(_decode(signed.partition(b".")[2])) if genuine else {}
        except (ValueError, binascii.Error):
            claims = {}
        if not claims:
            raise unauthorized("The token is not valid for this StreamSpace.")
        if claims["exp"] < time.time():
            raise unauthorized("The token has expired.")
        return claims

    def check_api(self, connection: HTTPConnection) -> Caller:
        """Who sends the request, by its bearer token. Raises ApiError 401."""
        claims = self.claims(bearer(connection))
        if claims["aud"] != API_AUDIENCE:
            raise unauthorized("This token opens a desktop, not the API.")
        return Caller(str(claims["sub"]), str(claims["role"]))

    def check_vnc(self, connection: HTTPConnection, session_id: str) -> Caller:
        """Who opens a desktop, by a token of the API, or by one for this session's desktop. Raises ApiError 401.

        The latter is its user's. The former may be anybody's: `Caller.may_use` says the rest.
        """
        claims = self.claims(connection.query_params.get("token") or bearer(connection))
        if claims["aud"] not in (API_AUDIENCE, f"vnc:{session_id}"):
            raise unauthorized(f"This token does not open the desktop of {session_id}.")
        return Caller(str(claims["sub"]), str(claims["role"]))

    def signature(self, signed: bytes) -> bytes:
        return _encode(hmac.digest(self._key, signed, "sha256"))


def bearer(connection: HTTPConnection) -> str:
    """The request's bearer token. Raises ApiError 401 when there is none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("A bearer token is required: 'Authorization: Bearer <token>'.")
    return token.strip()


async def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${(await _scrypt(password, salt)).hex()}"


async def password_matches(password: str, hashed: str) -> bool:
    salt, _, digest = hashed.partition("$")
    return hmac.compare_digest(await _scrypt(password, bytes.fromhex(salt)), bytes.fromhex(digest))


async def _scrypt(password: str, salt: bytes) -> bytes:
    # Slow on purpose, so not on the event loop.
    return await asyncio.to_thread(hashlib.scrypt, password.encode(), salt=salt, **_SCRYPT)


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
