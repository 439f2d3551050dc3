"""Distributions of shards: those of one criterion become one, of all values, and the merged record has its schema."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import jsonschema
import pytest

from streamspace_acceptance.evidence.run_evidence import KeptDistribution
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict import merged_run
from streamspace_acceptance.verdict.merged_run import ShardRun
from tests.support.finished_run import document
from tests.support.project import PROJECT

ASKED: dict[int, dict[str, Any]] = {1: {"c21_1": None, "c21_2": None}, 2: {}}
"""The first shard is not asked about the second test; both are asked about the first one."""


def shard(number: int, *distributions: KeptDistribution) -> ShardRun:
    written = document(**ASKED[number])
    for scenario in written["scenarios"]:
        scenario |= {"line": 1}
    plan = [
        {"place": f"features/{test}.feature: The scenario of {test}", "line": 1, "shard": at}
        for at, test in ((1, "1.2"), (2, "2.1"))
    ]
    written["shard"] = {"number": number, "of": 2, "gates": False, "plan": plan, "others": []}
    written["criteria"][0]["distributions"] = [asdict(kept) for kept in distributions]
    return ShardRun(f"shard-{number}", written)


def merged(*distributions: KeptDistribution) -> list[KeptDistribution]:
    found: dict[str, Any] = merged_run.merged([shard(number, kept) for number, kept in enumerate(distributions, 1)])
    (line,) = (line for line in found["criteria"] if line["id"] == "1.2-1")
    schema = json.loads((PROJECT / "docs" / "verdict.schema.json").read_text())
    one = schema["$defs"]["judged"]["properties"]["distributions"]
    assert list(jsonschema.Draft202012Validator(one).iter_errors(line["distributions"])) == []
    return [KeptDistribution(**kept) for kept in line["distributions"]]


def test_shards_distributions_are_that_of_all_values() -> None:
    (found,) = merged(histogram.encode("lag", [10.0] * 8, "ms"), histogram.encode("lag", [50.0] * 2, "ms"))
    spread = histogram.decode(found)
    assert (spread.count, round(spread.p50), round(spread.p90), round(spread.p99)) == (10, 10, 50, 50)


def test_shards_distributions_of_other_units_stay_apart() -> None:
    kept = (histogram.encode("lag", [10.0], "ms"), histogram.encode("lag", [50.0], "s"))
    assert merged(*kept) == list(kept)


def test_shard_with_a_damaged_distribution_is_refused() -> None:
    with pytest.raises(SetupProblem, match="cannot be merged: the distribution “lag” is damaged"):
        merged(histogram.encode("lag", [10.0], "ms"), KeptDistribution("lag", "ms", "HISTFAAA"))
