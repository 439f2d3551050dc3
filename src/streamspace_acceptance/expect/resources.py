"""Expectations of the resources of a session."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus

from streamspace_acceptance.domain.resources.enforcement import CpuLoad, Enforcement
from streamspace_acceptance.domain.resources.granted import GrantedResources
from streamspace_acceptance.domain.resources.limits import Limits
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests, in_words
from streamspace_acceptance.domain.sessions.provision import Provision, Provisioned
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet, Unproven

# The kernel keeps the limit on CPU time in each period of 0.1 s, and lets a period or two go over by a slice.
BURN_TOLERANCE, BURN_SLACK = Decimal("1.2"), Decimal("0.05")
PUSHED = Decimal("0.8")  # share of the limit from which on a program has come up against it
READ_TOLERANCE = Decimal("0.01")  # memory limits are cut to whole pages, CPU limits to whole microseconds


def given_exactly(given: GrantedResources) -> None:
    """The session was accepted, and its running pod requests and is limited to exactly the requested resources."""
    judged("the API's answer to the request", given.creation.answer)
    if given.provisioned is None:
        raise _refused(given)
    found = given.provisioned
    asked = Provision.of({"resources": given.size})
    rows = [
        ("requested", asked.cpu, asked.memory),
        *((place, granted.cpu, granted.memory) for place, granted in found.said.items()),
    ]
    judged("requested and granted", table("source | cpu | memory", rows))
    troubles = [
        *(f"{place}: cpu {granted.cpu} and memory {granted.memory}" for place, granted in found.by_product.items()
          if not granted.is_as(asked) and (granted.cpu, granted.memory) != (None, None)),
        *([] if found.complete else [f"its desktop does not have all requests and limits{_limited_beside(found)}"]),
        *(f"its container {container} is not limited" for container in found.unlimited),
        *([] if len(found.pods) == 1 else [f"{len(found.pods)} pods"]),
    ]  # fmt: skip
    if troubles:
        raise Unmet(
            f"session {found.session}",
            expected=f"one pod that requests and is limited to cpu {asked.cpu} and memory {asked.memory}",
            actual="; ".join(troubles),
            likely=(
                "the resources are changed between the request and the pod"
                if len(found.pods) == 1
                else "something starts more than one pod for a session, or none"
            ),
        )
    if found.resized:
        raise Unproven(found.resized)
    if given.trouble is not None:
        raise Unproven(f"its pod has these resources, but does not run (see 1.1b-1): {given.trouble}")


def _limited_beside(found: Provisioned) -> str:
    """The containers of the session's pods that are limited, the desktop's included; empty if there are none."""
    containers = [container for pod in found.pods for container in pod.object["spec"]["containers"]]
    names = [container["name"] for container in containers if (container.get("resources") or {}).get("limits")]
    return f"; limited is {', '.join(names)}" if names else ""


def _refused(given: GrantedResources) -> Unmet | Unproven:
    answer = given.creation.answer
    gist = answer.gist
    if given.control is None or not given.control.answer.ok:
        return Unproven(f"a session of the template's own size is refused as well (see 1.1a-1): {gist}")
    if not given.fits:
        return Unproven(f"no node of this cluster could hold {dict(given.size)}: {gist}")
    return Unmet(
        answer.call,
        expected=f"a session with {dict(given.size)}",
        actual=gist,
        likely=(
            "the product could not create a session of any size at that moment, as its answer says"
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else "the API considers the size too large or malformed"
        ),
    )


def refused_as_too_much(found: OversizedRequests) -> None:
    """Each request that no node can hold was refused with an error that names the excess, and created nothing."""
    rows = [
        (attempt, ", ".join(attempt.too_much), attempt.creation.answer.status, attempt.message)
        for attempt in found.attempts
    ]
    fits = in_words(found.control.asked.size)
    judged(
        "answers",
        table("requested | too large | status | message", [*rows, (fits, "no", found.control.answer.status, "-")]),
    )
    judged("pods, claims and sessions of rejected requests", "\n".join(found.strays) or "none at any time")
    accepted = [
        f"{attempt}: accepted with {attempt.creation.answer.status}"
        for attempt in found.attempts
        if attempt.creation.answer.ok
    ]
    if accepted and not found.nodes_seen:
        raise Unproven(
            f"the suite may not list nodes, so it does not know what no node can hold: {'; '.join(accepted)}"
        )
    if accepted or found.strays:
        raise _unmet(found, [*accepted, *([f"there was {', '.join(found.strays)}"] if found.strays else [])])
    if not found.control.answer.ok:
        raise Unproven(f"a session that fits is refused as well: {found.control.answer.excerpt()}")
    unclear = [
        f"{attempt}: {attempt.creation.answer.status} {attempt.creation.answer.excerpt(160)}"
        for attempt in found.attempts
        if not attempt.names_it
    ]
    if unclear and not found.nodes_seen:
        raise Unproven(f"the suite may not list nodes, so it does not know what no node can hold: {'; '.join(unclear)}")
    if unclear:
        raise _unmet(found, unclear)
    if not found.attempts:
        raise Unproven(f"a node of this cluster could hold even {dict(found.possible[-1])}")


def _unmet(found: OversizedRequests, troubles: list[str]) -> Unmet:
    return Unmet(
        f"{len(found.attempts)} requests that no node can hold",
        expected="each refused with an error that names the excessive resource, without a pod or session at any time",
        actual="; ".join(troubles),
        likely="the size is not compared with the nodes' capacity, or only after the session is created",
    )


def kept_to_limits(tried: Enforcement) -> None:
    """The kernel's limits are the pod's, a program comes up against each of them, and the session goes on."""
    judged("limits and what programs got", f"{tried.describe()}{_allowed_cores(tried)}")
    troubles = [
        *_differing(tried.wanted, tried.found),
        *_too_many_cores(tried),
        *([] if tried.over_limit.killed or tried.over_limit.code != 0 or _has_room_in_swap(tried)
          else [f"a program took {tried.over_limit.size} bytes of memory and ended without an error"]),
    ]  # fmt: skip
    if troubles:
        raise Unmet(
            f"session {tried.session}",
            expected=f"no more than {tried.wanted}",
            actual="; ".join(troubles),
            likely="the node does not enforce the limits of the pod's container",
        )
    _require_evidence(tried)
    if tried.survived is not None and not tried.was_ready:
        raise Unproven(f"pod {tried.pod} was not Ready even before a program took too much memory (see 1.1b-3)")
    if tried.survived is not None:
        raise Unmet(
            f"session {tried.session}",
            expected="to keep running when a program in it is killed for its memory",
            actual=tried.survived.actual,
            timeline=tried.survived.timeline,
            likely="the desktop does not recover when the node kills programs for lack of memory",
        )


def _differing(wanted: Limits, found: Limits) -> list[str]:
    pairs = (("cpu", "cores", wanted.cpu, found.cpu), ("memory", "bytes", wanted.memory, found.memory))
    return [
        f"the kernel enforces {'no limit' if real is None else f'{real:f}'} of {unit}"
        for name, unit, limit, real in pairs
        if limit is not None and name not in found.unread and not _is_about(limit, real)
    ]


def _is_about(limit: Decimal, real: Decimal | None) -> bool:
    return real is not None and abs(real - limit) <= limit * READ_TOLERANCE


def _has_room_in_swap(tried: Enforcement) -> bool:
    return tried.over_limit.size - (tried.wanted.memory or 0) <= tried.found.swap


def _too_many_cores(tried: Enforcement) -> list[str]:
    most = _most_cores(tried)
    return [] if most is None or Decimal(tried.burn.cores) <= most else [f"busy loops had {tried.burn}"]


def _most_cores(tried: Enforcement) -> Decimal | None:
    return None if tried.wanted.cpu is None else tried.wanted.cpu * BURN_TOLERANCE + BURN_SLACK


def _allowed_cores(tried: Enforcement) -> str:
    """The tolerance, for the evidence: a measured 0.52 cores would otherwise look like more than the limit of 0.5."""
    most = _most_cores(tried)
    return "" if most is None else f"allowed to busy loops, measured over so short a time: {most:.2f} cores\n"


def _require_evidence(tried: Enforcement) -> None:
    """A limit that nothing came up against shows nothing, nor does the end of a program that never gets far."""
    if tried.within_limit.code != 0:
        raise Unproven(
            f"not even {tried.within_limit.size} bytes of memory can be allocated: "
            f"{tried.within_limit.code} {tried.within_limit.said}"
        )
    if tried.over_limit.code == 0:
        raise Unproven(
            f"a program took {tried.over_limit.size} bytes of memory and ended without an error: the node may swap out "
            f"{tried.found.swap:f} bytes for the container"
        )
    if not tried.over_limit.killed:
        raise Unproven(
            f"the program exited by itself, not for its memory: {tried.over_limit.code} {tried.over_limit.said}"
        )
    if not _was_pushed(tried.burn, tried.wanted.cpu):
        raise Unproven(f"the machine was too busy: the loops had {tried.burn}")


def _was_pushed(burn: CpuLoad, limit: Decimal | None) -> bool:
    return bool(burn.throttled) or (limit is not None and Decimal(burn.cores) >= limit * PUSHED)
