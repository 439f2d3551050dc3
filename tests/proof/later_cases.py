"""Faults that show at a second look, at a second attempt or beside another session."""

from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import templates

LATER_FAULTS = [
    ProxyFault(
        "a change that is undone",
        templates.ChangesUndone(3.0),
        "2.2",
        {"2.2-1"},
        {"2.2-3", "2.2-4"},
        reason="did not last",
    ),
    ProxyFault(
        "a deletion that is refused once",
        templates.RefusesOnce(),
        "2.3",
        {"2.3-1"},
        only="An administrator tries to delete a template in use by .*",
        reason="requested again",
    ),
]
"""What a suite that looks twice must find."""
