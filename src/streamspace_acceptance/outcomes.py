"""The outcomes of a check other than success, and how each one reads in a report.

Four verdicts, never three: a step that returns has PROVEN its criterion, `Unmet` says the product FAILED it,
`Unproven` says that it could not be shown, and every other exception says that the check itself is BROKEN.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

JUDGED_AT_ONCE = "judged at once"


class Unmet(AssertionError):
    """The product does not do what a criterion asks for.

    The five lines are always printed, in this order: subject, expected, actual, timeline, likely.
    """

    def __init__(self, subject: str, *, expected: str, actual: str, likely: str, timeline: str = "") -> None:
        self.subject = subject
        self.expected = expected
        self.actual = actual
        self.timeline = timeline or JUDGED_AT_ONCE
        self.likely = likely
        super().__init__(self.render())

    def with_parts(self, *, subject: str | None = None, actual: str | None = None, likely: str | None = None) -> Unmet:
        """The same failure with the given parts replaced."""
        return Unmet(
            self.subject if subject is None else subject,
            expected=self.expected,
            actual=self.actual if actual is None else actual,
            timeline=self.timeline,
            likely=self.likely if likely is None else likely,
        )

    def render(self) -> str:
        """The failure as console and report show it: one line for each part."""
        return "\n".join(
            (
                _line(self.subject),
                f"expected: {_line(self.expected)}",
                f"actual:   {_line(self.actual)}",
                f"timeline: {_line(self.timeline)}",
                f"likely:   {_line(self.likely)}",
            )
        )


def _line(part: str) -> str:
    """A part on its one line: what a product says is not to be read as the next part."""
    return " ".join(part.splitlines())


class Unproven(Exception):
    """A criterion could not be shown, because something that it depends on is missing."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotApplicable(Unproven):
    """A criterion is about something that this target declares not to have.

    It is UNPROVEN, and counts neither for nor against the run: it closes no gate and changes no exit status.
    """


class SetupProblem(Exception):
    """Bad input, found before anything runs: one sentence that says what is wrong and what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class CleanupFailure(Exception):
    """Something that the scenario made could not be removed: the sentence names it.

    `answered_by` is the Then sentence of the plan, if there is one, that looks at this very removal: where that one
    has seen the product fail, the leak says nothing new and breaks no scenario.
    """

    def __init__(self, sentence: str, answered_by: str | None = None) -> None:
        self.answered_by = answered_by
        super().__init__(sentence)


class FoundByCleanUp(CleanupFailure):
    """The clean-up found a defect of the product: it left what it was to remove, or one of its servers crashed.

    The plan has no criterion about it, so it changes no verdict: the run reports it beyond the plan. `kind` says what
    is wrong without naming the objects: of each kind the run tells once, with the number of scenarios after which it
    was found again.
    """

    def __init__(self, sentence: str, kind: str) -> None:
        self.sentence = sentence
        self.kind = kind
        self.again = 0
        super().__init__(sentence)

    def __str__(self) -> str:
        times = "1 further scenario" if self.again == 1 else f"{self.again} further scenarios"
        return f"{self.kind}: {self.sentence}{f' (and after {times})' if self.again else ''}"


def require(thing: T | None, otherwise: str) -> T:
    """The result of an earlier step; Unproven with `otherwise` as the reason when there is none."""
    if thing is None:
        raise Unproven(otherwise)
    return thing


@contextmanager
def unproven_if_failed(cause: str | None) -> Iterator[None]:
    """Turns Unmet into Unproven if there is a `cause`, for which another criterion fails.

    Without a cause a failure does not change.
    """
    try:
        yield
    except Unmet as unmet:
        if cause is None:
            raise
        raise Unproven(f"{cause}; {unmet.actual}") from unmet
