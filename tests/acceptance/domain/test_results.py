"""The typed store of a scenario's results."""

import pytest

from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.outcomes import Unproven


def test_results_keep_the_last_of_each_type() -> None:
    results = Results()
    results.put("first")
    results.put(7)
    assert results.put("second") == "second"
    assert (results[str], results[int], results.find(float)) == ("second", 7, None)


def test_a_missing_result_is_unproven_with_its_reason() -> None:
    results = Results({str: "no text was typed (see 1.1e-2)"})
    with pytest.raises(Unproven, match="no text was typed"):
        results[str]
    with pytest.raises(Unproven, match="no earlier step has made a float"):
        results[float]
