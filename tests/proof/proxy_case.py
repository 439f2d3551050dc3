"""A proxy before a healthy sandbox's API, and what the suite must say of the product behind it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.proxy import Rule, proxied
from tests.proof.register import feature_of
from tests.proof.running import Run, run_suite


@dataclass(frozen=True)
class ProxyFault:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven.

    `only`: the scenario that is run of a test whose others have nothing to do with it. `reason`: what each failure
    names. `broken` are the criteria that must be BROKEN; `finds`: whether the run must tell of a defect beyond it.
    `settings`: environment variables of the run.
    """

    name: str
    rule: Rule
    test: str
    failed: Set[str] = frozenset()
    unproven: Set[str] = frozenset()
    only: str = ""
    reason: str = ""
    broken: Set[str] = frozenset()
    finds: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


def case_id(family: str, fault: ProxyFault) -> str:
    """`family/name` with nothing in it that a shell or a file name would mind."""
    return f"{family}/{fault.name.translate(str.maketrans(' ', '-', chr(39) + ','))}"


def run_against(fault: ProxyFault, target: dict[str, str], reports: Path, *, recorded: bool = True) -> Run:
    """The run of the fault's test against a healthy sandbox with the fault's proxy before it."""
    with proxied(target["STREAMSPACE_API_URL"], fault.rule) as url:
        chosen = [str(feature_of(fault.test)), *(["--name", f"^{fault.only}$"] if fault.only else [])]
        return run_suite({**target, **fault.settings, "STREAMSPACE_API_URL": url}, reports, *chosen, recorded=recorded)
