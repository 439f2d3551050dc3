"""Expectations of the product's contract, where the plan's own words are the criterion."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet


def words_kept(profile: str, met: Sequence[Deviation], *, accepted: bool) -> None:
    """The product has the plan's own words, or the run accepts its deviations from them."""
    if not met:
        return
    judged(
        "deviations",
        table(
            "where | the plan | the product", [(deviation.key, deviation.plan, deviation.product) for deviation in met]
        ),
    )
    if not accepted:
        raise Unmet(
            "the product's contract",
            expected="; ".join(f"{deviation.key} {deviation.plan!r}" for deviation in met),
            actual="; ".join(f"{deviation.key} {deviation.product!r}" for deviation in met),
            likely=f"the behaviour matches the contract profile {profile}, but the words are not the plan's: "
            "`behave -D accept-deviations` accepts them",
        )
