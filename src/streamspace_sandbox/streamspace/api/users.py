"""Users and login."""

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.streamspace.api import auth, representations
from streamspace_sandbox.streamspace.api.auth import Tokens
from streamspace_sandbox.streamspace.api.database import Pool
from streamspace_sandbox.streamspace.api.errors import conflict, not_found, unauthorized
from streamspace_sandbox.streamspace.api.schemas import Login, NewUser

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

    async def create(self, new: NewUser) -> dict[str, Any]:
        """An ordinary user. Raises ApiError 409 when there is one of that name."""
        row = await self.pool.fetchrow(
            "insert into users (username, password_hash, role) values ($1, $2, $3)"
            " on conflict (username) do nothing returning *",
            new.username,
            await auth.hash_password(new.password),
            auth.USER_ROLE,
        )
        if row is None:
            raise conflict("user_exists", f"There is a user '{new.username}' already.")
        return representations.user(row)

    async def delete(self, username: str) -> None:
        """Raises ApiError 404 for an unknown user, 409 for the administrator."""
        if username == ADMIN:
            raise conflict("last_administrator", "The administrator cannot be deleted.")
        if await self.pool.fetchval("delete from users where username = $1 returning username", username) is None:
            raise not_found("user_not_found", f"There is no user '{username}'.")

    async def require(self, username: str) -> None:
        """Raises ApiError 401 for a user who was deleted: the token outlives the user."""
        if await self.pool.fetchval("select 1 from users where username = $1", username) is None:
            raise unauthorized(f"There is no user '{username}' any more.")

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
