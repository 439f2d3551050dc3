"""Answers of the API that are expected where objects may go at any moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from streamspace_sandbox.kubernetes.machinery.errors import ApiError


@contextmanager
def ignoring(*codes: int) -> Iterator[None]:
    """Leave the block at an `ApiError` with one of these codes; any other error passes through."""
    try:
        yield
    except ApiError as error:
        if error.code not in codes:
            raise
