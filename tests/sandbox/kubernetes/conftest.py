"""With CONTRACT_KUBERNETES=real the tests of these folders run against a real Kubernetes, where it can pass them."""

import pytest

from tests.sandbox.kubernetes.differences import reason
from tests.support.real_cluster import is_wanted


@pytest.fixture(autouse=True)
def no_known_difference(request: pytest.FixtureRequest) -> None:
    difference = reason(request.node.name) if is_wanted() else None
    if difference is not None:
        pytest.skip(difference)
