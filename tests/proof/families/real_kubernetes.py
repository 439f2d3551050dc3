"""The embedded product on a real Kubernetes, which is built on the first use: also called `make real`."""

from collections.abc import Set
from functools import partial

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.families import healthy
from tests.proof.real_surroundings import Surroundings, as_it_is, few_rights, immediate_binding, sidecar_first
from tests.proof.register import plan_test_of
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "real"
ON_A_REAL_ONE = ("--kubernetes", "real")
UNSEEN_NODES = "1.1c-2"
"""What no node can hold is unknown to a user who does not see the nodes."""
OF_IMAGES = frozenset({"0-2", "0-3", "0-5"})
"""It runs from images there, and `up` leads to a kubectl and a Helm. Nothing needs Docker."""
NEED_OF_DOCKER = "0-4"
OF_PODS = ("1.1a", "1.1b", "1.1c", "1.2", "1.4", "2.2")


def cases() -> list[Case]:
    return [
        _case("phases-0-to-3", as_it_is),
        _case("few-rights", few_rights, unproven={UNSEEN_NODES, NEED_OF_DOCKER}),
        _case("immediate-binding", immediate_binding, OF_PODS),
        _case("sidecar-first", sidecar_first, OF_PODS),
        _case("two-nodes", as_it_is, (*OF_PODS, "3.1", "3.4"), nodes=2),
    ]


def _case(
    name: str, around: Surroundings, tests: tuple[str, ...] = (), unproven: Set[str] = frozenset(), nodes: int = 1
) -> Case:
    case_id = f"{FAMILY}/{name}"
    return Case(case_id, (), seconds(case_id), Load.QUIET, partial(_check, around, tests, unproven, nodes))


def _check(around: Surroundings, tests: tuple[str, ...], unproven: Set[str], nodes: int, lane: Lane) -> Outcome:
    """A healthy product gets the verdicts that it gets on the small Kubernetes, but for what is `unproven`."""
    chosen = " or ".join(f"@test-{test}" for test in tests) or healthy.NO_LOAD
    reports = lane.folder()
    with embedded(lane.sandbox_name(), *ON_A_REAL_ONE, "--nodes", str(nodes)) as target:
        run = run_suite(
            around(target, reports.with_suffix(".kubeconfig")), reports, f"--tags={chosen}", "-D", "gate=off"
        )
    wanted = healthy.criteria_without_load() | OF_IMAGES
    if tests:
        wanted = {criterion for criterion in wanted if plan_test_of(criterion)["id"] in tests}
    missing = sorted(criterion for criterion in unproven if not run.reasons.get(criterion))
    problems = [f"no reason is given for {', '.join(missing)}"] if missing else []
    if wrong := sorted((wanted - unproven) ^ run.of("PROVEN")):
        problems.append(
            f"not the wanted verdicts: {', '.join(f'{criterion} {run.verdicts.get(criterion)}' for criterion in wrong)}"
        )
    return Outcome.of(run, set(), problems)
