"""Outages of the product's own servers while a run uses them. It knows no criterion: a crash is beyond the plan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import wraps

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.logs import ContainerLog
from streamspace_acceptance.cluster.objects import Json, Meta
from streamspace_acceptance.cluster.watch import known_objects
from streamspace_acceptance.domain.deployment import health
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.own_pods import app, end_in_words, last_end, own_containers, own_pods
from streamspace_acceptance.domain.deployment.run_login import RunLogin
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp, Unmet, Unproven
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer, RateLimited, RedirectedElsewhere
from streamspace_acceptance.waiting import Budget, Wait, poll

CRASHED = "a server of the product crashed while the run used it"
LOGIN_ENDED = "the product ends logins before their tokens expire"
STOPPED = (0, 128 + 9, 128 + 15)
"""Exit codes of what was asked to stop: by Kubernetes, also after probes that a busy node did not answer in time."""
OUT_OF_MEMORY = "OOMKilled"
LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 600.0
"""So long a run waits for its API in all. Kubernetes restarts a container that crashes again and again after up to
300 s, on whatever clock the product has."""
LAST_LINES = 200
_LAST_WORDS = re.compile(r"panic:|fatal error:|Traceback|Segmentation fault|FATAL|PANIC")

Restarts = dict[tuple[str, str], int]
_Server = tuple[tuple[str, str], int, str, Json]
"""A container: the uid of its pod and its name, how often it was restarted, the name of its pod, its status."""


class Outages:
    """Waits for an API that does not answer, before and after each scenario, and tells of servers that crashed.

    Without it the scenarios after an outage would be BROKEN one after the other while the API starts again. A step
    that an outage interrupts is UNPROVEN. The API is asked only after a sign of an outage: a step that did not pass, a
    call that came to no answer, a server that restarted, or a login past its time. `pods` are those of the servers.
    """

    def __init__(
        self,
        api: StreamSpaceApi,
        cluster: Cluster,
        budgets: Budgets,
        deployment: Callable[[], Deployment],
        pods: Iterable[Json],
    ) -> None:
        self._api, self._cluster, self._budgets = api, cluster, budgets
        self._login = RunLogin(api, deployment)
        self._has_trouble = False
        self._lost_calls = api.http.lost_calls
        servers = list(self._servers_of(pods))
        self._names = self._at_first = _names(servers)
        self._restarts: Restarts = {key: count for key, count, _, _ in servers}
        self._patience = PATIENCE_SECONDS
        self._is_lost = False
        self._crash: str | None = None

    def begin(self) -> None:
        """Before a scenario: after a sign of an outage, awaits an API that is away, and renews a login that ended."""
        if self._has_sign():
            self._recover()

    def end(self) -> None:
        """The same after a scenario, before its clean-up needs the API.

        FoundByCleanUp for servers that crashed in it, and for a login that ended before its time.
        """
        self.begin()
        self._tell()

    def note_trouble(self) -> None:
        """Notes that a step did not pass, which may come from an outage."""
        self._has_trouble = True

    def survived_by(self, clean_up: Callable[[], None]) -> Callable[[], None]:
        """`clean_up`, which is tried once more when the API or the login was lost meanwhile and is there again."""

        @wraps(clean_up)
        def survived() -> None:
            try:
                clean_up()
            except CleanupFailure as failure:
                if not isinstance(failure.__cause__, NoAnswer) or self.explain(failure.__cause__) is None:
                    raise
                if self._is_lost:
                    raise
                clean_up()
                self._tell()

        return survived

    def explain(self, error: NoAnswer) -> str | None:
        """That a server crashed in this scenario, or that the API stays away after a crash.

        None if nothing shows it. The API is awaited meanwhile: only then is the crash sure to be seen.
        """
        if isinstance(error, RateLimited | RedirectedElsewhere):
            return None
        self._recover()
        crashes = self._crashes(note=False)
        if crashes:
            return f"{CRASHED}: {'; '.join(crashes)}"
        return f"the API has not come back after a crash: {self._crash}" if self._is_lost and self._crash else None

    def deleted_server(self) -> str | None:
        """That somebody deleted the pod of a server in this scenario, with what stored or answered; None if nobody did.

        A server that crashes is started again in its pod.
        """
        stay = {pod["metadata"]["uid"] for pod in self._cluster.raw_pods() if not Meta.of(pod).deleting}
        gone = [pod for uid, pod in self._at_first.items() if uid not in stay]
        return f"somebody deleted pod {', '.join(gone)} of the product meanwhile" if gone else None

    def _tell(self) -> None:
        crashes, early = self._crashes(), self._login.take_early_end()
        self._at_first = self._names
        if crashes:  # some products end all logins as they start
            raise FoundByCleanUp("; ".join(crashes), CRASHED)
        if early:
            raise FoundByCleanUp(early, LOGIN_ENDED)

    def _has_sign(self) -> bool:
        """Whether anything tells of an outage since the API was asked last; this needs no call."""
        return (
            self._has_trouble
            or self._is_lost
            or self._api.http.lost_calls > self._lost_calls
            or self._login.is_over()
            or any(
                count > self._restarts.get(key, count) or "running" not in (status.get("state") or {})
                for key, count, _, status in self._servers_of(known_objects(self._cluster, "pods") or ())
            )
        )

    def _recover(self) -> None:
        """Awaits an API that is away, and renews a login that has ended."""
        was_away = not health.ask(self._api).answered
        if was_away:
            self._await_api()
        else:
            self._is_lost = False
        if not self._is_lost:
            self._login.renew()
        if was_away:
            self._login.take_early_end()
        self._has_trouble, self._lost_calls = False, self._api.http.lost_calls

    def _await_api(self) -> None:
        """Waits once for each outage, and for all of them no longer than the run's patience."""
        if self._is_lost:
            return
        wait = Wait("the API", "answering again", Budget("outage", self._patience, 1.0))
        try:
            poll(
                wait,
                lambda: health.ask(self._api),
                met=lambda report: report.answered,
                says=lambda report: report.told,
                likely=lambda _: "the API, or the way to it, is gone",
                impossible=lambda _: self._given_up(wait),
                every=LOOK_SECONDS,
            )
        except Unmet:
            self._is_lost = True  # whatever calls it next says so
        self._patience = max(self._patience - wait.elapsed, 0.0)

    def _given_up(self, wait: Wait) -> str | None:
        """That nothing starts the API again; None as long as Kubernetes is about to."""
        if wait.elapsed < self._budgets.named("start").seconds or self._is_backing_off():
            return None
        return "it is not about to be restarted"

    def _is_backing_off(self) -> bool:
        with suppress(ClusterError):
            return any("waiting" in (status.get("state") or {}) for _, _, _, status in self._servers())
        return False

    def _crashes(self, *, note: bool = True) -> list[str]:
        """A sentence for each container that ended in an error since the last look that was noted.

        One that is not noted explains an error, and must not be late: then Kubernetes is asked.
        """
        found = []
        for key, count, pod, status in self._servers() if note else self._servers_of(self._cluster.raw_pods()):
            before = self._restarts.get(key, count)
            if note:
                self._restarts[key] = count
            ended = last_end(status)
            if count > before and (ended.get("reason") == OUT_OF_MEMORY or ended.get("exitCode") not in STOPPED):
                words, said = f"pod {pod}: {end_in_words(status)}", self._last_words(pod, str(status["name"]))
                found.append(f"{words}; its log: {said}" if said else words)
        self._crash = next(iter(found), self._crash)
        return found

    def _last_words(self, pod: str, container: str) -> str:
        """The line of the crash in the log of the container that ended, else its last line; empty without a log."""
        try:
            lines = [line.text for line in ContainerLog(self._cluster, pod, container, previous=True).tail(LAST_LINES)]
        except Unproven as error:
            return error.reason
        return next((text for text in lines if _LAST_WORDS.search(text)), lines[-1] if lines else "")

    def _servers(self) -> list[_Server]:
        """The containers of the API and the stores: by the watch that runs, else by their names, else by a list."""
        known = known_objects(self._cluster, "pods")
        if known is None:
            named = {uid: self._cluster.raw_pod(name) for uid, name in self._names.items()}
            known = [pod for uid, pod in named.items() if pod is not None and pod["metadata"]["uid"] == uid]
            known = known if known and len(known) == len(named) else self._cluster.raw_pods()
        servers = list(self._servers_of(known))
        self._names = _names(servers)
        return servers

    def _servers_of(self, pods: Iterable[Json]) -> Iterator[_Server]:
        """The same of those pods.

        Agents are left out: the suite itself ends them, and an agent may end where its API does.
        """
        profile = self._api.profile
        for pod in own_pods(pods, profile):
            if app(pod, profile) != profile.agents.label:
                for status in own_containers(pod):
                    key = str(pod["metadata"]["uid"]), str(status["name"])
                    yield key, int(status.get("restartCount") or 0), str(pod["metadata"]["name"]), status


def _names(servers: Iterable[_Server]) -> dict[str, str]:
    """The names of the pods of those containers, by uid."""
    return {uid: pod for (uid, _), _, pod, _ in servers}
