"""The charts are well-formed SVG that shows what was measured beside its limit, whatever the product is called."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as Xml

from streamspace_acceptance.domain.performance import charts
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.measuring.svg_chart import ticks
from tests.support.load_samples import burst, ramp, step

SVG = "{http://www.w3.org/2000/svg}"


def words(chart: str) -> str:
    """All texts of a chart; ParseError unless it is well-formed."""
    return "\n".join(element.text or "" for element in Xml.fromstring(chart).iter() if element.tag != f"{SVG}style")  # noqa: S314


def test_ticks_are_round_and_reach_the_greatest_value() -> None:
    assert ticks(0) == [0, 1]
    assert ticks(12) == [0, 2.5, 5, 7.5, 10, 12.5]
    assert ticks(100) == [0, 20, 40, 60, 80, 100]
    assert ticks(0.03)[-1] >= 0.03


def test_burst_shows_a_row_for_each_session_and_the_pace() -> None:
    found = burst(20, count=3)
    found.sessions[1].running = None
    found.sessions[2].session = "<b>&"
    told = words(charts.throughput(found, 10))
    assert [f"perftest{number}" in told for number in (1, 2, 3)] == [True] * 3
    assert "10 a minute: 18 s" in told
    assert told.count("never ran") == 1
    assert "<b>&: Running at" in told


def test_burst_of_which_nothing_ran_has_a_chart() -> None:
    found = burst(20, count=2, statuses={1: 500, 2: 500})
    assert words(charts.throughput(found, 10)).count("never ran") == 2


def test_spread_that_never_ends_stays_below_all() -> None:
    chart = charts.spread("Lag", {"mouse": [10.0, 20.0, math.inf, math.inf]}, "ms", {"limit 50 ms": 50})
    assert "limit 50 ms" in words(chart)
    assert "nan" not in chart
    points = next(Xml.fromstring(chart).iter(f"{SVG}polyline")).attrib["points"]  # noqa: S314
    bottom, top = (float(points.split()[place].split(",")[1]) for place in (0, -1))
    assert round((bottom - top) / (bottom - 64), 2) == 0.5


def test_spread_without_a_finite_figure_has_a_chart() -> None:
    assert "limit 50 ms" in words(charts.spread("Lag", {"mouse": [math.inf]}, "ms", {"limit 50 ms": 50}))


def test_ramp_shows_its_result_and_the_step_that_failed() -> None:
    told = words(charts.ramp(ramp(step(10), step(20), step(30, conditions=["lost"], alive=27))))
    assert "20 sessions; at 30: lost" in told
    assert "30 failed" in told
    assert "knee: median above" in told


def test_ramp_of_which_nothing_ran_has_a_chart() -> None:
    assert "10 failed" in words(charts.ramp(ramp(step(10, conditions=["refused"], starts=[], alive=0))))


def test_resources_stand_beside_their_limit() -> None:
    good = PodUse("api-1", 120.0, 90.0, 100.0, None, None, 9, 6.0)
    bad = PodUse("api-2", 0.0, 90.0, 100.0, None, None, 0, 0.0, "no samples")
    loads = {"with 10 sessions": {"API": [good, bad]}, "without": {}}
    profiles: Any = [SimpleNamespace(load=load, uses=uses) for load, uses in loads.items()]
    told = words(charts.resources(profiles, "API", "millicores", 500))
    assert "120 millicores with 10 sessions" in told
    assert "limit 500 millicores" in told
