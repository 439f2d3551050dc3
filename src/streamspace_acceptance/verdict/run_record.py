"""The events of a run beside its steps: hooks and cleanups that failed, an interruption, times, evidence.

behave keeps little of this (it prints the exception of `before_all` or of a cleanup and drops it), so the runner
notes it here, for the ledger and for every formatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from streamspace_acceptance.clock import now
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.outcomes import FoundByCleanUp, SetupProblem


@dataclass(frozen=True)
class Problem:
    """An error outside the steps. `where` reads "before_scenario" or "cleanup delete_session".

    `statement` is the feature, scenario or step that it belongs to; None for the whole run.
    """

    where: str
    statement: Any
    error: BaseException

    @property
    def reason(self) -> str:
        """One line: what failed, and how."""
        if isinstance(self.error, SetupProblem):
            return self.error.sentence
        if isinstance(self.error, KeyboardInterrupt):
            return describe(self.error)
        if isinstance(self.error, FoundByCleanUp):
            return f"beyond the plan: {self.error}"
        return f"{self.where} failed: {describe(self.error)}"

    @property
    def is_finding(self) -> bool:
        """Whether it is a defect of the product that the clean-up has found: no scenario is broken for it."""
        return isinstance(self.error, FoundByCleanUp)

    @property
    def precedes(self) -> bool:
        """Whether it kept the steps from running."""
        return self.where.startswith("before_")


@dataclass
class RunRecord:
    """The record of one run. `parsed` holds behave's scenarios, `selected` those that are to run, in that order.

    `running` is the scenario that has begun and has not ended with its clean-ups, `running_step` its step. `ended` is
    set when nothing is left to be judged; a run that was killed has none. Times are in UTC. `division` is the whole run
    of which this one is a shard (shards.Division).
    """

    evidence: RunEvidence
    tester: str = ""
    parsed: list[Any] = field(default_factory=list)
    selected: list[Any] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    interruption: str | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    running: Any = None
    running_step: Any = None
    division: Any = None
    _since: float = field(default_factory=now)
    _began: dict[int, float] = field(default_factory=dict)
    _ended: dict[int, float] = field(default_factory=dict)
    _causes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Note a problem. A finding of a kind that was found before counts at the first one."""
        error = problem.error
        if isinstance(error, FoundByCleanUp):
            for known in self.problems:
                if isinstance(known.error, FoundByCleanUp) and known.error.kind == error.kind:
                    known.error.again += 1
                    return
        self.problems.append(problem)

    @property
    def setup_problem(self) -> SetupProblem | None:
        """The bad input that ended the run before it began."""
        return next((problem.error for problem in self.problems if isinstance(problem.error, SetupProblem)), None)

    def is_selected(self, scenario: Any) -> bool:
        """Whether this run was asked to run `scenario`."""
        return any(selected is scenario for selected in self.selected)

    def end(self) -> None:
        """Note that the run finished."""
        self.ended = self._moment(now())

    def begin(self, scenario: Any) -> None:
        """Note that `scenario` runs."""
        self.running = self.evidence.owner = scenario
        self._began[id(scenario)] = now()

    def begin_step(self, step: Any) -> None:
        """Note that `step` runs."""
        self.running_step = self.evidence.owner = step

    def finish_step(self) -> None:
        """Note that the running step ended."""
        self.running_step, self.evidence.owner = None, self.running

    def finish(self, scenario: Any) -> None:
        """Note that `scenario` ran to its end, its cleanups included."""
        self.running = self.running_step = self.evidence.owner = None
        self._ended[id(scenario)] = now()

    def began_at(self, scenario: Any) -> datetime | None:
        """When `scenario` began; None as long as it has not."""
        began = self._began.get(id(scenario))
        return None if began is None else self._moment(began)

    def seconds_of(self, scenario: Any) -> float:
        """How long `scenario` took, or has taken by now."""
        began = self._began.get(id(scenario))
        return 0.0 if began is None else self._ended.get(id(scenario), now()) - began

    def _moment(self, at: float) -> datetime:
        """A moment of the monotonic clock, by the time when the run began: the machine's clock may be set meanwhile."""
        return self.began + timedelta(seconds=at - self._since)

    def problems_of(self, *statements: Any) -> Iterator[Problem]:
        """The problems that belong to one of `statements` (None: to the whole run), oldest first."""
        return (problem for problem in self.problems if any(problem.statement is statement for statement in statements))

    def scenario_of(self, problem: Problem) -> str | None:
        """The name of the scenario to which `problem` belongs, itself or by one of its steps; None for none."""
        owners = (
            scenario
            for scenario in self.selected
            if any(part is problem.statement for part in (scenario, *scenario.all_steps))
        )
        return next((str(owner.name) for owner in owners), None)

    def saw(self, scenario: Any, causes: Iterable[str]) -> None:
        """Keep the errors that the cluster reported while `scenario` ran."""
        self._causes[id(scenario)] = tuple(causes)

    def causes_of(self, scenario: Any) -> tuple[str, ...]:
        """The errors that the cluster reported while `scenario` ran."""
        return self._causes.get(id(scenario), ())


def describe(error: BaseException) -> str:
    """An exception as one text: its class, unless it is an assertion, and its message."""
    message = str(error).strip()
    if isinstance(error, AssertionError):
        return message or "an assertion without a message"
    if isinstance(error, KeyboardInterrupt):
        return message or "interrupted"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
