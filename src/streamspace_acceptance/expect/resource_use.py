"""Expectations of the resources that StreamSpace itself uses, and of the nodes' capacity."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.performance.load_profile import LoadProfile
from streamspace_acceptance.domain.performance.resource_profile import ResourceProfile
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.outcomes import Unmet, Unproven

FULL = 0.9
"""A pod that uses so much of its own limit of CPU may need more."""


def cpu_below(profile: ResourceProfile, component: str, limit: float) -> float:
    """The pod of `component` that uses most uses less than `limit` millicores, as a mean; gives that figure.

    On a node without a spare processor a pod may need more than it gets. There the figure counts only if it is below
    the limit with all the time that the pod's threads waited for a processor.
    """
    loads = _loads(profile, component, "millicores", limit)
    use, load = max(
        ((load.heaviest(component, "millicores"), load) for load in loads), key=lambda pair: pair[0].millicores
    )
    for busy in (load for load in loads if load.saturated):
        _require_enough_time(busy, component, limit)
    attachments.record_figure(f"{component} pod CPU (mean)", use.millicores, "millicores")
    if use.millicores >= limit:
        raise _too_much(load, component, use, f"less than {limit:g}m of CPU", f"{use.millicores:.0f}m")
    for capped in loads:
        _require_room_to_use(capped, component, limit)
    return use.millicores


def _loads(profile: ResourceProfile, component: str, what: str, limit: float) -> Sequence[LoadProfile]:
    """The profiles of still and of used desktops. Too much beside still ones alone is too much as well.

    Unproven where the desktops were not in use, and the still ones show nothing.
    """
    try:
        return profile.still, profile.used()
    except Unproven:
        if getattr(profile.still.heaviest(component, what), what) < limit:
            raise
        return (profile.still,)


def _require_enough_time(load: LoadProfile, component: str, limit: float) -> None:
    """Unproven where a pod might have used `limit` millicores, had the machine had the time."""
    for use in load.uses[component]:
        waited = load.waited.get(use.pod)
        if waited is None or use.millicores + waited >= limit:
            amount = "an unknown time" if waited is None else f"{waited:.0f}m"
            raise Unproven(
                f"{load.saturated}; {use.pod} used {use.millicores:.0f}m and waited for a processor {amount}, and the"
                f" limit is {limit:g}m\n{load.table()}"
            )


def _require_room_to_use(load: LoadProfile, component: str, limit: float) -> None:
    """Unproven where a pod's own limit of CPU kept it from using `limit` millicores, and it waited to use more."""
    for use in load.uses[component]:
        cap, waited = load.capped.get(use.pod), load.waited.get(use.pod)
        if cap is None or cap > limit:
            continue
        if (use.millicores >= FULL * cap) if waited is None else (use.millicores + waited >= limit):
            amount = "an unknown time" if waited is None else f"{waited:.0f}m"
            raise Unproven(
                f"{use.pod} may not use more than {cap:.0f}m by its own limit; it used {use.millicores:.0f}m and waited"
                f" for a processor {amount}, and the criterion's limit is {limit:g}m\n{load.table()}"
            )


def memory_below(profile: ResourceProfile, component: str, limit: float) -> float:
    """The pod of `component` that uses most holds less than `limit` MiB at any time; gives that figure."""
    loads = _loads(profile, component, "memory_peak", limit)
    use, load = max(
        ((load.heaviest(component, "memory_peak"), load) for load in loads), key=lambda pair: pair[0].memory_peak
    )
    attachments.record_figure(f"{component} pod memory (peak)", use.memory_peak, "MiB")
    if use.memory_peak >= limit:
        raise _too_much(load, component, use, f"less than {limit:g} MiB of memory", f"{use.memory_peak:.0f} MiB")
    return use.memory_peak


def nodes_suffice(profile: ResourceProfile) -> int:
    """No node holds more than it can with all sessions of the profile, and none lost a pod; gives their number.

    A node without any pod of StreamSpace, and what was too much for a node before, says nothing about the product.
    """
    if profile.capacity.unknown:
        raise Unproven(profile.capacity.unknown)
    now, before = profile.capacity.exceeded, profile.before.exceeded if profile.before else {}
    found = {key: words for key, words in now.items() if profile.hosts is None or key[0] in profile.hosts}
    exceeded = [*(words for key, words in found.items() if key not in before), *profile.lost]
    if not exceeded and found:
        raise Unproven(f"before there were any sessions: {'; '.join(found.values())}\n{profile.capacity.table()}")
    room = profile.room.sessions
    if not exceeded and room is not None and room < profile.sessions:
        raise Unproven(
            f"there is no room for {profile.sessions} sessions: {profile.room.sentence}\n{profile.capacity.table()}"
        )
    if exceeded or profile.unschedulable:
        raise Unmet(
            f"nodes with {profile.sessions} sessions",
            expected=f"all sessions on nodes that can hold them ({'enough' if room is None else room} have room)",
            actual="; ".join([*exceeded[:5], *profile.unschedulable[:3]]),
            likely="sessions request or use more than their template says, or the nodes' limits are not enforced",
        )
    if profile.not_running:
        count = len(profile.not_running)
        raise Unproven(
            f"{count} of {profile.sessions} sessions do not run, though nodes have room for them (see 4.1-2)"
        )
    return profile.sessions


def _too_much(used: LoadProfile, component: str, use: PodUse, expected: str, actual: str) -> Unmet:
    return Unmet(
        f"{component}, pod {use.pod}",
        expected=f"{expected} {used.load}",
        actual=f"{actual}, from {used.source}",
        timeline=f"{use.samples} samples over {use.span:.1f} s {used.load}",
        likely=f"compare the use of {component} with and without sessions",
    )
