"""The run's own login, renewed where the API no longer accepts its token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from threading import RLock

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.tokens import describe_expiry, expiry

RENEWED = "renewed during the run, because the API no longer accepted the token from before"


class RunLogin:
    """Logs in again with the administrator's credentials, where they are known.

    Where they are not, the next call says that the token is no longer accepted.
    """

    def __init__(self, api: StreamSpaceApi, deployment: Callable[[], Deployment]) -> None:
        self._api, self._deployment = api, deployment
        self._early: str | None = None
        self._logins = api.http.logins
        self._lock = RLock()
        api.log_in_again = self._has_other_than

    def _has_other_than(self, refused: str) -> bool:
        """Whether the run has another token than the refused one: a new one, or that of a call at the same time."""
        with self._lock:
            return self._api.http.token != refused or self.renew()

    def is_over(self) -> bool:
        """Whether the run's token has expired by its own words."""
        until = expiry(self._api.http.token)
        return until is not None and until < datetime.now(UTC)

    def renew(self) -> bool:
        """Whether the API has refused the run's token, and accepts that of a new login."""
        with self._lock, suppress(NoAnswer, ClusterError, Unproven, Unmet):
            refusal, token = self._ask(), None
            others = self._api.http.logins - self._logins  # a product may end each login with the next one
            if refusal.status == HTTPStatus.UNAUTHORIZED:
                token = self._log_in()
                self._logins = self._api.http.logins - others
            if token is not None:
                former = self._api.http.token
                self._api.use_token(token)
                if self._ask().status != HTTPStatus.UNAUTHORIZED:
                    self._early = None if others else _early_end(refusal, former)
                    self._logins = self._api.http.logins
                    run_facts.record(run_facts.LOGIN, RENEWED)
                    return True
        return False

    def take_early_end(self) -> str | None:
        """The early end of a login, in words, once; None if there was none."""
        early, self._early = self._early, None
        return early

    def _ask(self) -> Answer:
        return self._api.call_once("list_sessions")

    def _log_in(self) -> str | None:
        deployment = self._deployment()
        credentials, client = deployment.credentials, deployment.login_client
        return None if credentials is None else client.token(client.log_in(credentials.name, credentials.password))


def _early_end(refusal: Answer, token: str) -> str | None:
    until = expiry(token)
    if until is None or until < datetime.now(UTC):
        return None
    return f"{refusal.call}: {refusal.gist}, though the token {describe_expiry(token)}"
