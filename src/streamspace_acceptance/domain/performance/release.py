"""The release of many sessions at once, which a saturated machine delays as much as a slow product does."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.outcomes import Unmet, Unproven


def release(scenario: Scenario, ids: Sequence[str], subject: str) -> None:
    """Deletes the sessions and waits until nothing of them is left.

    Unmet if something is, but Unproven where the machine had no processor left: that says nothing about the product.
    """
    meter = NodeBusyMeter.begin(scenario.clients.cluster)
    troubles = scenario.registry.release(ids)
    if not troubles:
        return
    if reason := node_busy.saturated(meter.shares()):
        raise Unproven(f"{reason}; {subject}: {'; '.join(troubles)}")
    raise Unmet(
        subject,
        expected="deleted and gone",
        actual="; ".join(troubles),
        likely="the product does not finish the deletion",
    )
