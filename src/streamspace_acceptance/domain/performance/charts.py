"""The charts of phase 4: where the time of a burst went, how figures spread, what grows with the sessions, the ramp."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from streamspace_acceptance.domain.performance.bursts import Bursts
from streamspace_acceptance.domain.performance.capacity import SessionCapacity, knee_limit
from streamspace_acceptance.domain.performance.load_profile import LoadProfile
from streamspace_acceptance.domain.performance.session_moments import SessionMoments
from streamspace_acceptance.measuring.distribution import Distribution, percentile
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.measuring.rate import SECONDS_A_MINUTE
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.measuring.svg_chart import BOTTOM, LEFT, TOP, Chart

PHASES = (
    ("answered", "request ended"),
    ("created", "pod created"),
    ("scheduled", "pod on a node"),
    ("started", "containers run"),
    ("ready", "pod Ready"),
    ("running", "Running"),
    ("desktop", "desktop answers"),
)
"""The moments that end the phases of a start, in their usual order, and the words of the legend."""
ROW, BAR = 15, 38
"""The height of a row and of a bar, in pixels."""
USES = {
    "millicores": ("CPU", "millicores", "mean over the window, of the pod that used most"),
    "memory_peak": ("Memory", "MiB", "peak within the window, of the pod that used most"),
}


def throughput(bursts: Bursts, per_minute: float) -> str:
    """The slowest burst, beside the moment by which so many sessions a minute would all have run."""
    slowest = bursts.slowest
    limit = SECONDS_A_MINUTE * slowest.scale * len(slowest.sessions) / per_minute
    return burst(slowest.sessions, slowest.requests.load.began, (f"{per_minute:g} a minute: {limit:g} s", limit))


def burst(sessions: Sequence[SessionMoments], began: float, limit: tuple[str, float]) -> str:
    """A row for each session, from the moment when it was due, in the phases of its start; `limit` in seconds."""
    words, seconds = limit
    moments = [[getattr(session, name) for name, _ in PHASES] for session in sessions]
    last = max((at - began for row in moments for at in row if at is not None), default=1.0)
    chart = Chart(
        title=f"{len(sessions)} sessions requested in one burst",
        subtitle="each row is a session; a phase ends with the moment of its colour",
        x=max(last, 1.02 * seconds),
        x_label="seconds after the first request was due",
        height=TOP + BOTTOM + ROW * len(sessions),
    )
    for number, (session, row) in enumerate(zip(sessions, moments, strict=True)):
        y, at = TOP + ROW * number + 2, session.due
        chart.text(LEFT - 8, y + 10, session.user, anchor="end")
        for colour, end in sorted(((c, e) for c, e in enumerate(row) if e is not None), key=lambda pair: pair[1]):
            if end > at:
                label = f"{session.session}: {PHASES[colour][1]} at {end - began:.2f} s ({end - at:.2f} s)"
                x = chart.at_x(at - began)
                chart.bar((x, y, chart.at_x(end - began) - x - 1, ROW - 4), colour, label)
                at = end
        if session.never_ran or session.session is None:
            chart.text(chart.at_x(at - began) + 6, y + 10, "never ran", kind="muted")
    chart.limit(seconds, words, along="x")
    chart.legend(name for _, name in PHASES)
    return chart.svg(y_axis=False)


def spread(title: str, series: Mapping[str, Sequence[float]], unit: str, limits: Mapping[str, float]) -> str:
    """The share of figures that are at most so great, for each series; `limits` are vertical lines.

    A figure that is endless is one that never came: its series stays below 100 %.
    """
    known = {name: sorted(values) for name, values in series.items() if values}
    finite = [value for values in known.values() for value in values if math.isfinite(value)]
    most = max([percentile(finite, 0.99) if finite else 1.0, *(1.1 * limit for limit in limits.values())])
    subtitle = "; ".join(
        f"{name}: p50 {spread.p50:.1f}, p90 {spread.p90:.1f}, p99 {spread.p99:.1f}, max {spread.greatest:.1f} {unit}"
        for name, spread in ((name, Distribution.of(values)) for name, values in known.items())
    )
    chart = Chart(title, subtitle, most, unit, 100, "% of all figures at most")
    for number, (name, values) in enumerate(known.items()):
        points = [(0.0, 0.0)]
        for rank, value in enumerate(values, start=1):
            if value > most:
                break
            points += [(value, points[-1][1]), (value, 100 * rank / len(values))]
        chart.line([*points, (most, points[-1][1])], number, name)
    for name, value in limits.items():
        chart.limit(value, name, along="x")
    chart.limit(90, "nine of ten", along="y")
    chart.legend(known, lines=True)
    return chart.svg()


def round_trips(trips: Sequence[float], limit: float) -> str:
    """The round trips of the viewer, in milliseconds."""
    return spread("WebSocket latency", {"round trips": trips}, "ms", {f"limit {limit:g} ms": limit})


def input_lag(lag: InputLag, kind: str, limit: float) -> str:
    """From an input event of that kind to the first changed pixel, in milliseconds."""
    return spread(f"Input lag, {kind}", {kind: lag.lags[kind]}, "ms", {f"limit {limit:g} ms": limit})


def resources(profiles: Sequence[LoadProfile], component: str, use: str, limit: float) -> str:
    """`use` (an attribute of PodUse in USES) of the heaviest pod of a component in each profile, beside its limit."""
    title, unit, explanation = USES[use]
    found = [(profile.load, [float(getattr(pod, use)) for pod in _valid(profile, component)]) for profile in profiles]
    bars = [(load, max(values)) for load, values in found if values]
    chart = Chart(
        f"{title} of {component}",
        explanation,
        max([*(value for _, value in bars), 1.1 * limit]),
        unit,
        height=TOP + BOTTOM + BAR * max(len(bars), 1),
    )
    for number, (load, value) in enumerate(bars):
        y = TOP + BAR * number + 18
        chart.bar((LEFT, y, chart.at_x(value) - LEFT, 18), number, f"{load}: {value:.0f} {unit}")
        chart.text(chart.at_x(value) + 6, y + 14, f"{value:.0f} {unit} {load}")
    chart.limit(limit, f"limit {limit:g} {unit}", along="x")
    return chart.svg(y_axis=False)


def _valid(profile: LoadProfile, component: str) -> list[PodUse]:
    return [use for use in profile.uses.get(component, ()) if not use.trouble]


def ramp(found: SessionCapacity) -> str:
    """The start-up time of the sessions that each step added, beside the number of sessions and the knee's limit."""
    steps = sorted((step for step in found.steps if step.starts), key=lambda step: step.number)
    spreads = [(step.number, Distribution.of(step.starts)) for step in steps]
    first = found.baseline
    knee = None if first is None else knee_limit(first, found.scale)
    most = max([*(distribution.p95 for _, distribution in spreads), knee or 0.0, 0.001])
    chart = Chart(
        "Sessions added step by step",
        found.result,
        max([step.number for step in found.steps], default=1),
        "sessions at once",
        most,
        "start-up time in seconds",
    )
    chart.line([(number, distribution.p50) for number, distribution in spreads], 0, "median", dots=True)
    chart.line([(number, distribution.p95) for number, distribution in spreads], 1, "95th percentile", dots=True)
    if knee is not None:
        chart.limit(knee, f"knee: median above {knee:.2f} s", along="y")
    for step in found.steps:
        if not step.holds:
            chart.cross(step.number, f"{step.number} failed")
    chart.legend(["median", "95th percentile"], lines=True)
    return chart.svg()
