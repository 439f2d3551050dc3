"""Expectations of the resources that StreamSpace itself uses, and of the nodes' capacity."""

from __future__ import annotations

from streamspace_acceptance.domain.performance.load_profile import LoadProfile
from streamspace_acceptance.domain.performance.resource_profile import ResourceProfile
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.outcomes import Unmet, Unproven

CLEARLY = 0.5
"""Below this share of a limit a figure of CPU counts even on a node without a spare processor: Kubernetes divides the
time of a busy node by requests, so that what a pod does not get is not more than what it got.
"""
MILLICORES, MIB = "millicores", "MiB"


def cpu_below(profile: ResourceProfile, component: str, limit: float) -> float:
    """The pod of `component` that uses most uses less than `limit` millicores, as a mean; gives that figure."""
    used = profile.used()
    use = max(
        (_heaviest(load, component, "millicores") for load in (profile.still, used)), key=lambda use: use.millicores
    )
    if used.saturated and use.millicores >= CLEARLY * limit:
        raise Unproven(f"{used.saturated}; {component} used {use.millicores:.0f}m of {limit:g}m\n{used.table()}")
    if use.millicores >= limit:
        raise _too_much(used, component, use, f"less than {limit:g}m of CPU", f"{use.millicores:.0f}m")
    return use.millicores


def memory_below(profile: ResourceProfile, component: str, limit: float) -> float:
    """The pod of `component` that uses most holds less than `limit` MiB at any time; gives that figure."""
    used = profile.used()
    use = max(
        (_heaviest(load, component, "memory_peak") for load in (profile.still, used)), key=lambda use: use.memory_peak
    )
    if use.memory_peak >= limit:
        raise _too_much(used, component, use, f"less than {limit:g} MiB of memory", f"{use.memory_peak:.0f} MiB")
    return use.memory_peak


def nodes_suffice(profile: ResourceProfile) -> int:
    """No node holds more than it can with all sessions of the profile, and none lost a pod; gives their number."""
    if profile.capacity.unknown:
        raise Unproven(profile.capacity.unknown)
    exceeded = [trouble for node in profile.capacity.nodes for trouble in node.exceeded] + list(profile.lost)
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
            timeline=profile.capacity.table().replace("\n", " · "),
            likely="sessions request or use more than their template says, or the nodes' limits are not respected",
        )
    if profile.not_running:
        count = len(profile.not_running)
        raise Unproven(
            f"{count} of {profile.sessions} sessions do not run, though nodes have room for them (see 4.1-2)"
        )
    return profile.sessions


def _heaviest(load: LoadProfile, component: str, what: str) -> PodUse:
    return load.heaviest(component, what)


def _too_much(used: LoadProfile, component: str, use: PodUse, expected: str, actual: str) -> Unmet:
    return Unmet(
        f"{component}, pod {use.pod}",
        expected=f"{expected} {used.load}",
        actual=f"{actual} ({use.samples} samples over {use.span:.1f} s, from {used.source})",
        timeline=used.table().replace("\n", " · "),
        likely=f"see the use of {component} with and without sessions: what grows with them, and what is there before",
    )
