"""How a run begins safely: the guard, the sweep, and a journal of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from streamspace_acceptance import journal
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.domain.clients import Clients, roles
from streamspace_acceptance.lock_files import Json, RecordError
from streamspace_acceptance.outcomes import SetupProblem, Unmet
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import guard
from streamspace_acceptance.target.sweep import forget, forget_embedded, in_use, is_on_record, kept, sweep
from streamspace_acceptance.target.target import Target, reached, survey


@contextmanager
def guard_and_sweep(settings: Settings, target: Target, api: StreamSpaceApi, cluster: Cluster) -> Iterator[None]:
    """Nothing is touched before the target is known to be allowed; what is touched from then on is on record.

    Raises SetupProblem. An embedded target is the run's own, and needs no guard.
    """
    if target.embedded:
        forget_embedded()
    else:
        ours = _clean(settings, target, api, cluster)
        guard.check_no_other_run(settings, journal.active(_identity(target, cluster)))  # its sessions are nobody else's
        guard.check_alone(settings, cluster, api, ours=ours, sandbox=target.is_embedded)
    with _on_record(_identity(target, cluster)) as identity:
        if not target.embedded:  # one that began in the same moment
            guard.check_no_other_run(settings, journal.active(identity))
        yield


@contextmanager
def _on_record(identity: Json) -> Iterator[Json]:
    """The run's own journal; SetupProblem when it cannot be created. A later write error is its scenario's error."""
    with ExitStack() as opened:
        try:
            opened.enter_context(journal.keep(identity))
        except RecordError as error:
            raise SetupProblem(f"{error}.") from error
        yield identity


def sweep_now() -> int:
    """`streamspace-acceptance sweep`: 0 when no killed run has left anything."""
    settings = Settings.from_environment()
    forget_embedded()
    if not settings.embedded:
        with reached(settings) as there:
            target = survey(there, None)
            with HttpClient(target.api_url, target.token) as http:
                profile = load(settings.profile)
                cluster = Cluster(target.kubeconfig, target.namespace, roles(profile), context=target.context)
                _clean(settings, target, StreamSpaceApi(http, profile), cluster)
    left, held = kept(), in_use()
    for sentence in [*left, *held] or ["No killed run has left anything."]:
        _say(sentence)
    if left:
        _say("Sweep each with the settings of its target; `sweep --forget` drops the records of targets that are gone.")
    return 1 if left else 0


def forget_now() -> int:
    """`streamspace-acceptance sweep --forget`: shows each journal of a killed run, and drops the confirmed ones."""

    def is_confirmed() -> bool:
        _say("Type `forget` to drop this record; the suite will never look for these things again.")
        return sys.stdin.readline().strip() == "forget"

    forget_embedded()
    count = forget(_say, is_confirmed)
    _say(f"{count} {'record was' if count == 1 else 'records were'} dropped.")
    return 1 if kept() else 0


def _clean(settings: Settings, target: Target, api: StreamSpaceApi, cluster: Cluster) -> frozenset[str]:
    """Sweeps. Returns the ids of the sessions that dead runs have left and that stay."""
    try:
        guard.check_context(settings, cluster)
        guard.check_same(settings, cluster, api, shown_before=is_on_record(_identity(target, cluster)))
        return sweep(Clients(api, cluster, Budgets(target.time_scale)), _say)
    except (ClusterError, NoAnswer, Unmet) as error:
        reason = " ".join(str(error).split())
        raise SetupProblem(f"The target could not be examined, so nothing was changed: {reason}.") from error


def _identity(target: Target, cluster: Cluster) -> Json:
    """The identity of this target, without secrets. The uid of a namespace identifies its cluster as well."""
    parts = urlsplit(target.address)
    return {
        "embedded": target.embedded,
        "api_url": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        "namespace": target.namespace,
        "namespace_uid": cluster.namespace_uid(),
        "server": cluster.context()[1],
        "kubeconfig": [str(path) for path in target.kubeconfig],
    }


def _say(sentence: str) -> None:
    sys.stderr.write(redact(sentence) + "\n")
