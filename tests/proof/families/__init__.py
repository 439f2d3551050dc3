"""The families of cases: each module of this package has a `cases()`. A new family is one new module."""

import pkgutil
from collections import Counter
from importlib import import_module

from tests.proof.case import Case


def all_cases() -> list[Case]:
    """Every case of every family, the families in the order of their modules' names."""
    found: list[Case] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        found += import_module(f"{__name__}.{module.name}").cases()
    twice = [case_id for case_id, times in Counter(case.id for case in found).items() if times > 1]
    if twice:
        raise ValueError(f"two cases have the id {', '.join(twice)}")
    return found
