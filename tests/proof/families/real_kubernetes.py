"""The embedded product on a real Kubernetes, which is built on the first use: also called `make real`."""

from pathlib import Path

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.families import healthy
from tests.proof.few_rights import kubeconfig_of_few_rights
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "real"
ON_A_REAL_ONE = ("--kubernetes", "real")
NODES = "nodes"


def cases() -> list[Case]:
    checks = {"phases-0-to-3": _check, "few-rights": _check_few_rights}
    return [Case(id := f"{FAMILY}/{name}", (), seconds(id), Load.QUIET, check) for name, check in checks.items()]


def _check(lane: Lane) -> Outcome:
    """A healthy product gets the verdicts that it gets on the small Kubernetes."""
    with embedded(lane.sandbox_name(), *ON_A_REAL_ONE) as target:
        run = run_suite(target, lane.folder(), healthy.WITHOUT_LOAD)
    return Outcome.of(run, set(), healthy.problems_of(run, healthy.criteria_without_load()))


def _check_few_rights(lane: Lane) -> Outcome:
    """With the Roles alone the same, but for what no node can hold: the user does not see the nodes."""
    with embedded(lane.sandbox_name(), *ON_A_REAL_ONE) as target:
        mine = kubeconfig_of_few_rights(Path(target["KUBECONFIG"]), lane.folder().with_suffix(".kubeconfig"))
        run = run_suite(target | {"KUBECONFIG": str(mine)}, lane.folder(), healthy.WITHOUT_LOAD)
    wanted = healthy.criteria_without_load() - {"1.1c-2"}
    problems = healthy.problems_of(run, wanted)
    if NODES not in run.reasons["1.1c-2"]:
        problems.append(f"1.1c-2 does not say that nodes may not be listed: {run.reasons['1.1c-2']}")
    return Outcome.of(run, set(), problems)
