"""Equivalent products: what changes nothing that a user or the plan asks for.

Every criterion is proven of a product behind a proxy that only looks different. Of a product in other surroundings,
which are variants of the sandbox, every criterion has the verdict that `must` names, or is proven.
"""

from functools import partial

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.families.proxy_faults import load_of
from tests.proof.proxy_case import ProxyFault, case_id, run_against
from tests.proof.proxy_catalogue import PRODUCTS
from tests.proof.register import NOT_OF_THE_EMBEDDED, mostly_waits, plan_test
from tests.proof.running import Run, embedded, run_suite
from tests.proof.surroundings import SURROUNDINGS, Surroundings
from tests.proof.weights import seconds

FAMILY = "equivalent"
SAMPLE = {"an API of other JSON (1.2)", "sidecar-first"}
UNPROVEN, PERFORMANCE = 3, 4
TOO_BUSY = "this machine is too busy"


def cases() -> list[Case]:
    return [_case(product) for product in PRODUCTS] + [_case_of(variant) for variant in SURROUNDINGS]


def _case(product: ProxyFault) -> Case:
    return Case(
        id := case_id(FAMILY, product),
        _criteria(product.test),
        seconds(id),
        load_of(product),
        partial(_check, product),
        sample=product.name in SAMPLE,
    )


def _case_of(surroundings: Surroundings) -> Case:
    phases = {plan_test(test)["phase"] for test in surroundings.tests}
    load = Load.WAITING if all(map(mostly_waits, surroundings.tests)) else Load.BUSY
    return Case(
        id := f"{FAMILY}/{surroundings.variant}",
        _criteria(*surroundings.tests),
        seconds(id),
        Load.QUIET if PERFORMANCE in phases else load,
        partial(_check_surroundings, surroundings, surroundings.tests),
        sample=surroundings.variant in SAMPLE,
        check_quickly=partial(_check_surroundings, surroundings, surroundings.tests[:1]),
    )


def _criteria(*tests: str) -> tuple[str, ...]:
    return tuple(criterion["id"] for test in tests for criterion in plan_test(test)["criteria"])


def _check(product: ProxyFault, lane: Lane) -> Outcome:
    """Every criterion is PROVEN, but for figures that this machine was too busy to take."""
    run = run_against(product, lane.healthy(), lane.folder(), recorded=product.name in SAMPLE)
    applicable = set(_criteria(product.test)) - NOT_OF_THE_EMBEDDED
    open_ones = sorted(
        criterion for criterion in applicable & run.of("UNPROVEN") if TOO_BUSY not in run.reasons[criterion]
    )
    problems = [f"UNPROVEN: {', '.join(open_ones)}"] if open_ones else []
    if run.status not in (0, UNPROVEN):
        problems.append(f"exit status {run.status}")
    return Outcome.of(run, set(), problems)


def _check_surroundings(surroundings: Surroundings, tests: tuple[str, ...], lane: Lane) -> Outcome:
    chosen = " or ".join(f"@test-{test}" for test in tests)
    with embedded(lane.sandbox_name(), "--fault", surroundings.variant) as target:
        run = run_suite(target, lane.folder(), f"--tags={chosen}", "-D", "gate=off", recorded=False)
    problems = [
        problem for criterion in _criteria(*tests) if (problem := _problem(criterion, run, surroundings)) is not None
    ]
    if "beyond the plan: " in run.console:
        problems.append("a healthy product is said to fail beyond the plan")
    red = {criterion: run.reasons[criterion] for criterion in sorted(run.of("FAILED"))}
    wanted = tuple(sorted(id for id, (verdict, _) in surroundings.must.items() if verdict == "FAILED"))
    return Outcome(wanted, red, tuple(problems), run.console if problems else "")


def _problem(criterion: str, run: Run, surroundings: Surroundings) -> str | None:
    """How the verdict over a criterion differs from the wanted one; None if it does not."""
    if criterion in NOT_OF_THE_EMBEDDED:
        return None
    verdict, words = surroundings.must.get(criterion, ("PROVEN", ""))
    found, reason = run.verdicts.get(criterion, "missing"), run.reasons.get(criterion, "")
    is_wanted = found in verdict.split(" or ") and (found == "PROVEN" or words in reason)
    return None if is_wanted else f"{criterion} is {found} and not {verdict} {words}: {reason}"
