"""The tests of all other folders that `make test` leaves out."""

from tests.proof.case import Case
from tests.proof.families.kills import FOLDER
from tests.proof.marked_tests import case_of, files


def cases() -> list[Case]:
    return [case_of("tests", path, {}) for path in files({FOLDER}, beside=True)]
