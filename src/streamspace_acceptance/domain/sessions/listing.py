"""All sessions, this run's and those of others: by the API's list, or by Kubernetes where that list is wrong."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import BEHIND_SECONDS, SessionList, StreamSpaceApi
from streamspace_acceptance.waiting import Budget, Wait, poll

FEWEST = 10
"""The entries of a short page of a list."""


def listed_sessions(api: StreamSpaceApi, *, passed_over: tuple[type[Exception], ...] = (Unmet,)) -> SessionList:
    """The API's list; empty after an error in `passed_over`, by default where it is wrong, as the plan judges."""
    try:
        return api.sessions()
    except passed_over:
        return SessionList(())


def listed_at_last(api: StreamSpaceApi, ids: Collection[str]) -> SessionList:
    """The API's list once it holds those sessions, or as it is after the moment that a server may be behind."""
    with suppress(Unmet):
        return poll(
            Wait("the list of sessions", "complete", Budget("moment", BEHIND_SECONDS, 1.0)),
            api.sessions,
            met=lambda listed: listed.ids.issuperset(ids),
            says=lambda listed: f"{len(listed.ids.intersection(ids))} of {len(ids)}",
            likely=lambda _: "some are not listed",
        )
    return api.sessions()


def completed(api: StreamSpaceApi, listed: SessionList, ids: Collection[str]) -> SessionList:
    """A list with those of the sessions that it leaves out although the API shows them alone."""
    alone = map(api.shown_alone, sorted(set(ids) - listed.ids))
    return replace(listed, sessions=(*listed.sessions, *filter(None, alone)))


def left_out(api: StreamSpaceApi, ids: Collection[str]) -> list[str]:
    """Those of many sessions that the list leaves out for more than a moment, though it shows others of them.

    None of fewer than a page of a list holds. A session that is over may be in no list.
    """
    if len(ids) < FEWEST:
        return []
    over, listed = api.profile.statuses["terminating"], listed_sessions(api)
    if not listed.ids.intersection(ids) or listed.ids.issuperset(ids):
        return []
    alone = {entry.id for entry in completed(api, listed, ids).sessions[len(listed.sessions) :] if entry.status != over}
    return sorted(alone - listed_at_last(api, alone).ids) if alone else []


def all_sessions(api: StreamSpaceApi, cluster: Cluster) -> frozenset[str]:
    """The ids by the API's list; where that is wrong, by the objects and the pods in Kubernetes.

    A pod that is over counts, since its session may outlive it, as after an eviction. The suite leaves these sessions
    alone: one that is gone does no harm among them, but one that is missing might be deleted.
    """
    try:
        return api.sessions().ids
    except Unmet:
        label = api.profile.session_label
        objects = {session.meta.name for session in cluster.session_objects()}
        return frozenset(objects | {pod.meta.labels[label] for pod in cluster.pods() if label in pod.meta.labels})
