"""Equivalent products: what changes nothing that a user or the plan asks for, of which every criterion is proven."""

from functools import partial

from tests.proof.case import Case, Lane, Outcome
from tests.proof.families.proxy_faults import load_of
from tests.proof.proxy_faults import EQUIVALENT_PRODUCTS, ProxyFault, case_id, run_against
from tests.proof.register import plan_test
from tests.proof.weights import seconds

FAMILY = "equivalent"
SAMPLE = {"a slow line"}


def cases() -> list[Case]:
    return [_case(product) for product in EQUIVALENT_PRODUCTS]


def _case(product: ProxyFault) -> Case:
    return Case(
        id := case_id(FAMILY, product),
        tuple(criterion["id"] for criterion in plan_test(product.test)["criteria"]),
        seconds(id),
        load_of(product),
        partial(_check, product),
        sample=product.name in SAMPLE,
    )


def _check(product: ProxyFault, lane: Lane) -> Outcome:
    run = run_against(product, lane.healthy(), lane.folder())
    return Outcome.of(run, set(), [] if run.status == 0 else [f"exit status {run.status} and not 0"])
