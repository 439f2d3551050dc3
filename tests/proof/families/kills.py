"""Kills and interrupts: a run that ends at any moment leaves nothing behind once it is swept."""

from tests.proof.case import Case
from tests.proof.marked_tests import case_of, files

FOLDER = "safety"
EVERY_KIND_OF_WORK = {"STREAMSPACE_KILLS": "9", "STREAMSPACE_TERMS": "9"}


def cases() -> list[Case]:
    return [case_of("kills", path, EVERY_KIND_OF_WORK) for path in files({FOLDER})]
