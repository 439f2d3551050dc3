"""The actions of test 4.1: a warm-up, and bursts of creations until their rate is known."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.performance import cluster_limits, peak_use
from streamspace_acceptance.domain.performance.bursts import Burst, Bursts
from streamspace_acceptance.domain.performance.release import release
from streamspace_acceptance.domain.performance.room import room
from streamspace_acceptance.domain.performance.session_follower import SessionFollower, following, opening_desktops
from streamspace_acceptance.domain.performance.session_moments import as_csv, pod_starts
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.domain.sessions.unknown_users import refused_for_users
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.measuring import histogram, node_busy
from streamspace_acceptance.measuring.control_plane import ControlPlane, mutating_calls
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import Size

MOST_REPEATS = 2


def judged(scenario: Scenario) -> Bursts:
    """The bursts that a sentence judges, which are its evidence, with the time of every session that ran."""
    found = scenario.results[Bursts]
    attachments.attach_text("rate", found.describe())
    seconds = [session.seconds for session in found.sessions if session.seconds is not None]
    histogram.record("time per session", seconds, "s")
    return found


def require_room(scenario: Scenario, count: int, size: Size) -> None:
    """Unproven if the nodes cannot hold so many sessions: that says nothing about the product."""
    found = room(scenario.clients.cluster, size)
    attachments.attach_text("room on the nodes", found.sentence)
    if found.sessions is not None and found.sessions < count:
        raise Unproven(f"{found.sentence}, and {count} are needed")


def warm_up(scenario: Scenario, count: int, template: str, size: Size) -> None:
    """Sessions that are started and removed again, so that images and caches are warm; Unmet if one does not run.

    Their speed is not judged, so they get the time of a burst. Unproven if a saturated machine kept them from running.
    """
    require_room(scenario, count, size)
    clients = scenario.clients
    meter = NodeBusyMeter.begin(clients.cluster)
    with following(clients) as follower:
        users = [f"warmup{number}" for number in range(1, count + 1)]
        requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count))
        follower.own |= set(requests.ids)
        burst = clients.budgets.named("burst")
        wait = follower.wait_until_running(f"{count} sessions of the warm-up", requests, burst, burst)
        running = follower.running(requests.ids)
    if len(running) < count:
        if reason := refused_for_users(requests.creations):
            raise Unproven(reason)
        if not requests.refusals and (reason := node_busy.saturated(meter.shares())):
            raise Unproven(f"{reason}; {len(running)} of {count} sessions of the warm-up run")
        raise Unmet(
            f"{count} sessions of the warm-up",
            expected=f"all Running within {burst}",
            actual="; ".join([f"{len(running)} of {count} run", *requests.refusals, *requests.unanswered]),
            timeline=wait.timeline.render(),
            likely=(
                "the product refuses the sessions, for the reason above"
                if requests.refusals
                else "a few simultaneous sessions are too many (see 1.3-1)"
            ),
        )
    release(scenario, requests.ids, f"{count} sessions of the warm-up")


def request_bursts(scenario: Scenario, least: int, count: int, template: str, size: Size) -> None:
    """`count` users request a session each, without waiting for the others; all moments are evidence.

    At least `least` times, and up to MOST_REPEATS times as often until the rate is known to `bursts.PRECISION`, which
    asks for the same whatever the limit is.
    """
    require_room(scenario, count, size)
    bursts, not_gone = list[Burst](), ""
    for number in range(1, MOST_REPEATS * least + 1):
        burst = _request_burst(scenario, number, count, template, size)
        bursts.append(burst)
        attachments.attach_text(f"sessions of burst {number}", burst.describe())
        attachments.attach_csv(f"moments of burst {number}", as_csv(burst.sessions, burst.requests.load.began))
        if not burst.is_whole or Bursts(bursts, least).are_enough or number == MOST_REPEATS * least:
            break
        if not_gone := _release(scenario, burst.requests.ids, f"{count} sessions of burst {number}"):
            break
    scenario.results.put(Bursts(bursts, least, not_gone))


def _release(scenario: Scenario, ids: Sequence[str], subject: str) -> str:
    """Why the sessions are not gone; empty if they are.

    The bursts keep their results, and the clean-up reports sessions that the product does not delete.
    """
    try:
        release(scenario, ids, subject)
    except (Unmet, Unproven) as error:
        return " ".join(str(error).split())
    return ""


def _request_burst(scenario: Scenario, number: int, count: int, template: str, size: Size) -> Burst:
    clients = scenario.clients
    users = [f"perftest{number}" for number in range(1, count + 1)]
    with mutating_calls(clients.cluster) as calls, following(clients) as follower:
        before = clients.api.sessions().ids
        meter = NodeBusyMeter.begin(clients.cluster)
        with opening_desktops(follower, before, {clients.own_user(user) for user in users}):
            requests = scenario.registry.ask_on_schedule(users, template, size, evenly(count))
            follower.own |= set(requests.ids)
            # Samples begin when all is sent: before that they would take the time of the generator.
            with peak_use.recording(clients) as use:
                _wait(follower, requests, f"{count} sessions of burst {number}")
        sessions = follower.moments(requests)
        plane = ControlPlane(pod_starts(sessions), *calls.result())
        return Burst(
            requests,
            sessions,
            clients.budgets.scale,
            meter.shares(),
            follower.source(sessions),
            plane,
            cluster_limits.crowded_out(clients, size, sessions, follower.pods.items())
            or cluster_limits.image_pull(clients, sessions, follower.pods.items())
            or cluster_limits.taken_away(clients, sessions),
            use,
        )


def _wait(follower: SessionFollower, requests: ScheduledRequests, subject: str) -> None:
    if requests.ids:
        burst, start = (follower.clients.budgets.named(name) for name in ("burst", "start"))
        follower.wait_until_running(subject, requests, burst, start)
        follower.wait_for_desktops(requests.ids)
