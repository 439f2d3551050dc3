"""The suite in random order: `python -m tests.proof.shuffled SEED [behave's arguments]`.

Each scenario becomes a feature of its own, and these run in the order that the seed gives, across features and phases.
The gates are lifted, since they need the plan's order.
"""

from __future__ import annotations

import copy
import random
import sys
from typing import Any

from behave.__main__ import main

from streamspace_acceptance.verdict import gates
from streamspace_acceptance.verdict.register import Register
from tests.proof.without_recordings import leave_out


def apart(features: list[Any], seed: int) -> list[Any]:
    """A feature for each scenario, in the order that the seed gives."""
    alone = [_alone(feature, scenario) for feature in features for scenario in feature.walk_scenarios()]
    random.Random(seed).shuffle(alone)  # noqa: S311 - an order, not a secret
    return alone


def _alone(feature: Any, scenario: Any) -> Any:
    """The feature with nothing but that scenario, which still knows the whole one."""
    single = copy.copy(feature)
    single.scenarios, single.run_items = [scenario], [scenario]
    return single


def shuffle(seed: int) -> None:
    """From now on, runs have this order."""

    def in_order(features: list[Any], plan: Register) -> list[Any]:
        return apart(features, seed)

    gates.in_order = in_order


if __name__ == "__main__":
    leave_out()
    shuffle(int(sys.argv[1]))
    sys.exit(main(["-D", "gate=off", *sys.argv[2:]]))
