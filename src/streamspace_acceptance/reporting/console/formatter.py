"""The formatter that `behave` uses here when none is asked for."""

from __future__ import annotations

from typing import Any

from behave.formatter.base import Formatter
from rich.text import Text

from streamspace_acceptance import waiting
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.console import formatting, summary_table
from streamspace_acceptance.reporting.console.terminal import ConsoleScreen
from streamspace_acceptance.verdict.judgement import Judgement, Verdict, judge_problem, judge_scenario, judge_steps
from streamspace_acceptance.verdict.ledger import Ledger
from streamspace_acceptance.verdict.register import Criterion
from streamspace_acceptance.verdict.run_record import Problem, RunRecord

_STEP_INDENT = 2
_BLOCK_INDENT = 11


class ConsoleFormatter(Formatter):  # type: ignore[misc]  # behave is untyped
    """Each sentence with its verdict when it ends, the running wait below it, and a table at the end."""

    name = "streamspace.console"
    description = "Each step with its verdict, and the running wait"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self._screen = ConsoleScreen(self.open())
        self._record: RunRecord | None = None
        self._ledger: Ledger | None = None
        self._folder: ReportFolder | None = None
        self._feature: Any = None
        self._scenario: Any = None
        self._printed: set[int] = set()
        self._target_printed = False
        self._last_reason = ""
        self._finished = 0
        self._stop_observing = waiting.observe(self._screen)

    def run_started(self, ledger: Ledger, folder: ReportFolder) -> None:
        """Print how much there is to do."""
        self._record, self._ledger, self._folder = ledger.record, ledger, folder
        record = ledger.record
        scenarios, criteria = len(record.selected), len(ledger.entries())
        self._screen.line()
        title = Text("StreamSpace acceptance", "bold")
        counts = f" · {_count(scenarios, 'scenario', 'scenarios')}, {_count(criteria, 'criterion', 'criteria')}"
        part = f" · shard {record.division.shard}" if record.division is not None else ""
        self._screen.line(Text().append_text(title).append(counts + part))
        self._screen.start()
        self._screen.doing(formatting.sentence("", "getting ready"))

    def feature(self, feature: Any) -> None:
        """Its title is printed with its first selected scenario."""
        self._feature = feature

    def scenario(self, scenario: Any) -> None:
        """Print the titles."""
        if self._record is None or not self._record.is_selected(scenario):
            return
        if self._feature is not None:
            self._print_target()
            self._print_feature()
        self._scenario = scenario
        self._screen.line(Text(scenario.name, "cyan"), indent=_STEP_INDENT)
        self._screen.doing(formatting.sentence("", "getting ready"))

    def match(self, _match: Any) -> None:
        """A step begins: behave announces its match."""
        running = next((step for step in self._steps() if id(step) not in self._printed), None)
        if running is not None:
            self._screen.doing(formatting.sentence(running.keyword, running.name))

    def result(self, step: Any) -> None:
        """A step has ended."""
        if self._record is None or self._scenario is None:
            return
        self._screen.doing(None)
        steps, judgements = self._steps(), judge_steps(self._scenario, self._record)
        judged = next(judged for candidate, judged in zip(steps, judgements, strict=True) if candidate is step)
        self._print(step, judged)
        self._block(judged)
        if step is steps[-1] or not step.status.is_passed():
            self._screen.doing(formatting.sentence("", "cleaning up"))

    def scenario_finished(self, scenario: Any) -> None:
        """Print the steps that were not reached, and what went wrong around them."""
        if self._record is None:
            return
        self._screen.doing(None)
        if scenario is not self._scenario:
            self._print_not_begun(scenario)
            self._finished += 1
            return
        self._finished += 1
        for step, judged in zip(scenario.all_steps, judge_steps(scenario, self._record), strict=True):
            if id(step) not in self._printed:
                self._print(step, judged)
        for problem in self._record.problems_of(scenario):
            self._problem(problem)
        self._print_causes(scenario)
        if scenario.skip_reason:
            self._block(judge_scenario(scenario, self._record))
        self._scenario = None

    def close(self) -> None:
        """The summary table. Errors outside every scenario come before it."""
        self._screen.doing(None)
        self._screen.stop()
        self._stop_observing()
        if self._record and self._ledger and self._folder and self._record.setup_problem is None:
            scenarios = [id(scenario) for scenario in self._record.selected]
            steps = [id(step) for scenario in self._record.selected for step in scenario.all_steps]
            for problem in self._record.problems:
                if id(problem.statement) not in scenarios and id(problem.statement) not in steps:
                    self._problem(problem)
            summary_table.show(self._screen, self._ledger, self._folder, everything=self.config.verbose)
        super().close()

    def run_ended(self) -> None:
        """Leave the terminal as it was, even if behave never came to close."""
        self._screen.stop()

    def _print_not_begun(self, scenario: Any) -> None:
        """One line for a scenario that was not run; its reason only if it is a new one."""
        judged = judge_scenario(scenario, self._record)  # type: ignore[arg-type]  # there is one by now
        if self._feature is not None:
            self._print_feature()
        mark = formatting.mark(judged)
        self._screen.marked(mark, Text(scenario.name, "dim"), _STEP_INDENT)
        if judged.reason != self._last_reason:
            self._block(judged)
        self._last_reason = judged.reason

    def _print_feature(self) -> None:
        """Its title, and how far the run is."""
        self._screen.line()
        self._screen.line(Text(self._feature.name, "bold").append_text(self._progress()))
        self._feature = None

    def _print_target(self) -> None:
        """Print the target once, as soon as it is known."""
        facts = self._record.evidence.facts if self._record is not None else {}
        if facts and not self._target_printed:
            self._target_printed = True
            self._screen.line(
                Text(" · ".join(f"{name} {redact(value)}" for name, value in facts.items()), "bright_black")
            )

    def _steps(self) -> list[Any]:
        return list(self._scenario.all_steps) if self._scenario is not None else []

    def _print(self, step: Any, judged: Judgement) -> None:
        self._printed.add(id(step))
        content = formatting.sentence(step.keyword, step.name, judged.verdict)
        criterion = self._criterion_of(step)
        details = [
            "" if criterion is None else criterion.id,
            self._figures(step, criterion),
            formatting.seconds(step.duration),
        ]
        content.append_text(formatting.aside(" · ".join(filter(None, details))))
        self._screen.marked(formatting.mark(judged), content, _STEP_INDENT)

    def _block(self, judged: Judgement) -> None:
        if judged.verdict is not Verdict.PROVEN:
            for line in formatting.failure(judged):
                self._screen.line(line, indent=_BLOCK_INDENT)

    def _problem(self, problem: Problem) -> None:
        if self._record is None:
            return
        judged = judge_problem(problem, self._record)
        place = "seen by the clean-up" if problem.is_finding else "outside the steps"
        self._screen.marked(formatting.mark(judged), Text(place), _STEP_INDENT)
        self._block(judged)

    def _print_causes(self, scenario: Any) -> None:
        """Prints the likely causes found after the scenario, beside its failure."""
        for line in formatting.causes(self._record.causes_of(scenario) if self._record is not None else ()):
            self._screen.line(line, indent=_BLOCK_INDENT)

    def _figures(self, step: Any, criterion: Criterion | None) -> str:
        """The figures of the step, with the limit of its criterion."""
        if self._record is None:
            return ""
        evidence = self._record.evidence
        return formatting.figures(criterion, evidence.figures_of(step), run_facts.time_scale(evidence.facts))

    def _progress(self) -> Text:
        """`3 of 46 · 9 criteria proven · 0 failed`: the scenarios so far, and what they have shown."""
        if self._record is None or self._ledger is None:
            return Text()
        counts = self._ledger.counts()
        shown = f"{counts[Verdict.PROVEN]} criteria proven · {counts[Verdict.FAILED]} failed"
        return formatting.aside(f"{self._finished} of {len(self._record.selected)} · {shown}")

    def _criterion_of(self, step: Any) -> Criterion | None:
        if self._ledger is None or self._scenario is None or step.step_type != "then":
            return None
        test = self._ledger.plan.test_of(self._scenario.effective_tags)
        return test.criterion_of(step.name) if test is not None else None


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
