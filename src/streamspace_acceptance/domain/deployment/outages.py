"""Outages of the product's own servers while a run uses them. It knows no criterion: a crash is beyond the plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.logs import ContainerLog
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.cluster.watch import known_objects
from streamspace_acceptance.domain.deployment import health
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.own_pods import app, end_in_words, last_end, own_containers, own_pods
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.outcomes import FoundByCleanUp, Unmet, Unproven
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import Wait, poll

CRASHED = "a server of the product crashed while the run used it"
RENEWED = "again after an outage, because the API refused the token from before"
STOPPED = (0, 128 + 9, 128 + 15)
"""Exit codes of what was asked to stop: by Kubernetes, also after probes that a busy node did not answer in time."""
OUT_OF_MEMORY = "OOMKilled"
LOOK_SECONDS = 1.0
LAST_LINES = 200
_LAST_WORDS = re.compile(r"panic:|fatal error:|Traceback|Segmentation fault|FATAL|PANIC")

Restarts = dict[tuple[str, str], int]


class Outages:
    """Between two scenarios it waits for an API that does not answer, and tells of servers that crashed.

    Without it the scenarios after an outage would be BROKEN one after the other while the API starts again.
    """

    def __init__(
        self, api: StreamSpaceApi, cluster: Cluster, budgets: Budgets, deployment: Callable[[], Deployment]
    ) -> None:
        self._api, self._cluster, self._budgets, self._deployment = api, cluster, budgets, deployment
        self._restarts: Restarts = {key: count for key, count, _, _ in self._servers()}
        self._is_lost = False

    def end(self) -> None:
        """After a scenario, before its clean-up needs the API. FoundByCleanUp for servers that crashed in it."""
        was_away = not health.ask(self._api).answered
        if was_away:
            self._await_api()
        else:
            self._is_lost = False
        crashes = list(self._crashes())
        if (was_away or crashes) and not self._is_lost:
            self._renew_token()
        if crashes:
            raise FoundByCleanUp("; ".join(crashes), CRASHED)

    def _await_api(self) -> None:
        """Waits once for each outage: an API that does not come back is not awaited after every scenario."""
        if self._is_lost:
            return
        try:
            poll(
                Wait("the API", "answering again", self._budgets.named("start")),
                lambda: health.ask(self._api),
                met=lambda report: report.answered,
                says=lambda report: report.told,
                likely=lambda _: "the API, or the way to it, is gone",
                every=LOOK_SECONDS,
            )
        except Unmet:
            self._is_lost = True  # whatever calls it next says so

    def _renew_token(self) -> None:
        """Logs in again where the API has forgotten the run's token, as one does that signs them with a key of chance.

        Where that is not possible, the next call says that the token is no longer accepted.
        """
        with suppress(NoAnswer, ClusterError, Unproven, Unmet):
            if self._api.call_once("list_sessions").status != HTTPStatus.UNAUTHORIZED:
                return
            deployment = self._deployment()
            credentials, client = deployment.credentials, deployment.login_client
            answer = None if credentials is None else client.log_in(credentials.name, credentials.password)
            token = None if answer is None else client.token(answer)
            if token is not None:
                self._api.use_token(token)
                run_facts.record(run_facts.LOGIN, RENEWED)

    def _crashes(self) -> Iterator[str]:
        """A sentence for each container that ended in an error since the last look."""
        for key, count, pod, status in self._servers():
            before = self._restarts.get(key, count)
            self._restarts[key] = count
            ended = last_end(status)
            if count > before and (ended.get("reason") == OUT_OF_MEMORY or ended.get("exitCode") not in STOPPED):
                words, said = f"pod {pod}: {end_in_words(status)}", self._last_words(pod, str(status["name"]))
                yield f"{words}; its log: {said}" if said else words

    def _last_words(self, pod: str, container: str) -> str:
        """The line of the crash in the log of the container that ended, else its last line; empty without a log."""
        try:
            lines = [line.text for line in ContainerLog(self._cluster, pod, container, previous=True).tail(LAST_LINES)]
        except Unproven as error:
            return error.reason
        return next((text for text in lines if _LAST_WORDS.search(text)), lines[-1] if lines else "")

    def _servers(self) -> Iterator[tuple[tuple[str, str], int, str, Json]]:
        """The containers of the API and the stores: uid and name, restarts, pod, status.

        Agents are left out: the suite itself ends them, and an agent may end where its API does.
        """
        profile = self._api.profile
        known = known_objects(self._cluster, "pods")
        for pod in own_pods(self._cluster.raw_pods() if known is None else known, profile):
            if app(pod, profile) != profile.agents.label:
                for status in own_containers(pod):
                    key = str(pod["metadata"]["uid"]), str(status["name"])
                    yield key, int(status.get("restartCount") or 0), str(pod["metadata"]["name"]), status
