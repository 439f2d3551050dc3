"""How many defects the proof tries for each criterion, and how many products just inside its limit."""

from collections import Counter

from streamspace_sandbox.faults.catalogue import faults
from tests.proof.proxy_catalogue import FAULTS
from tests.proof.register import sentences
from tests.support.stand_in_tools import CASES

FEWEST = 3
"""So many defects of different kinds each criterion is tried with."""


def defects() -> Counter[str]:
    """Planted faults, proxy faults and broken tools, by the criterion that each must turn red."""
    found = Counter(fault.breaks for fault in faults() if not (fault.tolerable or fault.beyond_the_plan))
    for proxied in FAULTS:
        found.update(proxied.failed)
    for _, red in CASES.values():
        found.update(red)
    return found


def inside() -> Counter[str]:
    """Faults that stay just inside the criterion's limit, which must turn none red."""
    return Counter(fault.breaks for fault in faults() if fault.tolerable)


def describe() -> str:
    """A line for each criterion, and one for those with fewer defects than three."""
    counted, tolerated = defects(), inside()
    lines = [f"{criterion}\t{counted[criterion]}\t{tolerated[criterion]}" for criterion in sentences()]
    few = [criterion for criterion in sentences() if counted[criterion] < FEWEST]
    below = f"fewer than {FEWEST}: {', '.join(few) or 'none'}"
    return "\n".join(["criterion\tdefects\tjust inside", *lines, below]) + "\n"
