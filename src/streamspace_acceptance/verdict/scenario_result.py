"""The scenarios of a run as verdict.json holds them: steps, times, verdicts, attachments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streamspace_acceptance.evidence.attachments import WAITS
from streamspace_acceptance.evidence.run_evidence import Attachment
from streamspace_acceptance.verdict.judgement import Verdict

Json = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """The five lines of a failure."""

    subject: str
    expected: str
    actual: str
    timeline: str
    likely: str


@dataclass(frozen=True)
class Judged:
    """A verdict with its reason; `causes` is what the cluster reported meanwhile, `trace` a traceback."""

    verdict: Verdict
    reason: str = ""
    causes: tuple[str, ...] = ()
    failure: Failure | None = None
    trace: str | None = None

    @property
    def headline(self) -> str:
        """The first line of the reason."""
        return self.reason.partition("\n")[0]

    @property
    def explanation(self) -> str:
        """The reason, and a line for each cause."""
        return "\n".join([self.reason, *(f"seen:     {cause}" for cause in self.causes)])


@dataclass(frozen=True)
class StepResult:
    """One sentence with its keyword; `criterion` is the id of the criterion that it proves, if any.

    `line` is its line in the feature file, where that is known.
    """

    sentence: str
    criterion: str | None
    seconds: float
    judged: Judged
    attachments: tuple[Attachment, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario. `test` is None beyond the plan; `began` is None if it did not begin.

    `place` names it in the project, its file first. `running`: it had not ended when this was written.
    """

    id: str
    name: str
    feature: str
    place: str
    description: str
    tags: tuple[str, ...]
    examples: dict[str, str]
    test: str | None
    began: datetime | None
    seconds: float
    running: bool
    judged: Judged
    steps: tuple[StepResult, ...]
    attachments: tuple[Attachment, ...]
    line: int | None = None

    @property
    def file(self) -> str:
        """The feature file."""
        return self.place.partition(": ")[0]

    @property
    def criteria(self) -> tuple[str, ...]:
        """The ids of the criteria that it proves, in its order."""
        return tuple(step.criterion for step in self.steps if step.criterion is not None)

    @property
    def headline(self) -> str:
        """The verdict in one line: `1.1b-1: expected Running within 60 s; Pending for 60.0 s`."""
        failure = self.judged.failure
        if failure is None:
            return self.judged.headline
        criterion = next((step.criterion for step in self.steps if step.judged.failure == failure), None)
        return f"{criterion or failure.subject}: expected {failure.expected}; {failure.actual}"

    def evidence(self) -> list[Attachment]:
        """All attachments: pictures first, since they show most, and the timelines of waits last."""
        steps = [attachment for step in self.steps for attachment in step.attachments]
        return sorted(
            [*steps, *self.attachments],
            key=lambda attachment: (is_wait(attachment), not attachment.type.startswith("image/")),
        )


@dataclass(frozen=True)
class ProblemResult:
    """A problem beside the steps: `where` is a hook or clean-up, of a `scenario`, a `feature` or the run."""

    where: str
    feature: str | None
    test: str | None
    scenario: str | None
    judged: Judged

    @property
    def name(self) -> str:
        """The hook or clean-up and its owner."""
        return f"{self.where} of {self.scenario or self.feature or 'the whole run'}"


def is_wait(attachment: Attachment) -> bool:
    """Whether it holds the timelines of waits, which prove nothing by themselves; a failure shows its own."""
    return attachment.name == WAITS


def scenario_of(item: Json) -> ScenarioResult:
    """The scenario in `item`; KeyError or ValueError if it is not as the schema demands."""
    return ScenarioResult(
        id=item["id"],
        name=item["name"],
        feature=item["feature"],
        place=item["place"],
        description=item["description"],
        tags=tuple(item["tags"]),
        examples=item["examples"],
        test=item["test"],
        began=None if item["began"] is None else datetime.fromisoformat(item["began"]),
        seconds=item["seconds"],
        running=item["running"],
        judged=judged_of(item),
        steps=tuple(
            StepResult(
                step["sentence"],
                step["criterion"],
                step["seconds"],
                judged_of(step),
                attachments_of(step["attachments"]),
                step.get("line"),
            )
            for step in item["steps"]
        ),
        attachments=attachments_of(item["attachments"]),
        line=item.get("line"),
    )


def problem_of(item: Json) -> ProblemResult:
    """The problem in `item`."""
    return ProblemResult(item["where"], item["feature"], item["test"], item["scenario"], judged_of(item))


def judged_of(item: Json) -> Judged:
    """The verdict in `item`."""
    return Judged(
        Verdict(item["verdict"]), item["reason"], tuple(item.get("causes", ())), failure_of(item), item.get("trace")
    )


def failure_of(item: Json) -> Failure | None:
    """The parts of a failure in `item`."""
    parts = item.get("failure")
    return None if parts is None else Failure(**parts)


def attachments_of(items: Sequence[Json]) -> tuple[Attachment, ...]:
    """The attachments in `items`."""
    return tuple(Attachment(item["name"], item["file"], item["type"], item.get("path", "")) for item in items)
