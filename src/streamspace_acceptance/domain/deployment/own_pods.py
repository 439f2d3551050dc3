"""The pods of the product's own servers, and how their containers ended. It knows no session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from streamspace_acceptance.cluster.containers import is_known_neighbour
from streamspace_acceptance.cluster.objects import Json, is_of_a_job
from streamspace_acceptance.product.profile import Profile


def own_pods(pods: Iterable[Json], profile: Profile) -> Iterator[Json]:
    """Those of the API, the agents and the stores, by the profile's labels; without those of Jobs, which end."""
    wanted = set(profile.component_labels.values())
    return (pod for pod in pods if not wanted.isdisjoint(_labels(pod).items()) and not is_of_a_job(pod))


def _labels(pod: Json) -> Mapping[str, str]:
    return pod["metadata"].get("labels") or {}


def app(pod: Json, profile: Profile) -> str | None:
    """The value of the label by which the profile tells the components apart."""
    value = _labels(pod).get(profile.agents.component_label)
    return None if value is None else str(value)


def own_containers(pod: Json) -> list[Json]:
    """The containers' statuses, without injected neighbours: what those do is not the product's doing."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return [status for status in statuses if not is_known_neighbour(str(status.get("name")))]


def last_end(container: Json) -> Json:
    """How a container ended before its restart, else how it ended at all; empty for one that never did."""
    ends = ((container.get(state) or {}).get("terminated") for state in ("lastState", "state"))
    return next(filter(None, ends), {})


def end_in_words(container: Json) -> str:
    """`container api ended: OOMKilled, exit code 137`; empty for one that never ended."""
    ended = last_end(container)
    words = f"container {container['name']} ended: {ended.get('reason')}, exit code {ended.get('exitCode')}"
    return words if ended.get("reason") else ""
