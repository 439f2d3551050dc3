"""Users and login."""

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.streamspace.api import auth, representations
from streamspace_sandbox.streamspace.api.auth import Tokens
from streamspace_sandbox.streamspace.api.database import Pool
from streamspace_sandbox.streamspace.api.errors import unauthorized
from streamspace_sandbox.streamspace.api.schemas import Login

log = logging.getLogger("streamspace.api")

ADMIN = "admin"


@dataclass(frozen=True)
class Users:
    pool: Pool
    tokens: Tokens

    async def login(self, given: Login) -> dict[str, Any]:
        row = await self.pool.fetchrow("select * from users where username = $1", given.username)
        # An unknown name takes as long as a wrong password, and gets the same answer.
        hashed = row["password_hash"] if row is not None else await auth.hash_password(secrets.token_hex())
        if not await auth.password_matches(given.password, hashed) or row is None:
            raise unauthorized("The user name or the password is wrong.")
        token = self.tokens.issue(auth.API_AUDIENCE, row["username"], row["role"], auth.API_TOKEN_SECONDS)
        return {
            "token": token.text,
            "expiresAt": representations.timestamp(token.expires_at),
            "user": {"username": row["username"], "role": row["role"]},
        }

    async def ensure_admin(self, password: str | None) -> None:
        """At the first start, create the administrator and log the password, this once."""
        chosen = password or secrets.token_urlsafe(18)
        made = await self.pool.fetchval(
            "insert into users (username, password_hash, role) values ($1, $2, 'admin')"
            " on conflict (username) do nothing returning username",
            ADMIN,
            await auth.hash_password(chosen),
        )
        if made:
            log.info("Admin password: %s", chosen)
