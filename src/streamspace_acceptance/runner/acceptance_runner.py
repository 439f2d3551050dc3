"""The runner that `behave` uses here (see behave.ini): behave's own, with a memory and with manners.

It looks before it leaps (selection, preflight), writes down what behave forgets, keeps the ledger and the Allure
results whatever formatter is chosen, and fails whenever something that was asked for was not shown.
"""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Protocol, runtime_checkable

from behave.exception import ConfigError
from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.reporter.junit import JUnitReporter
from behave.runner import Context, Runner
from behave.runner_util import parse_features

from streamspace_acceptance import waiting
from streamspace_acceptance.evidence import attachments, run_facts
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction import streams
from streamspace_acceptance.reporting import junit, killed_runs, write_reports
from streamspace_acceptance.reporting.allure.formatter import VerdictAllureFormatter
from streamspace_acceptance.runner.process_exit import Ended
from streamspace_acceptance.runner.signals import Interrupted, SignalHandler
from streamspace_acceptance.settings import REPORTS
from streamspace_acceptance.troubleshooting import failure
from streamspace_acceptance.verdict import gates
from streamspace_acceptance.verdict.judgement import (
    EXIT_STATUS,
    Judgement,
    Verdict,
    failed_for_what_does_not_apply,
    judge_run,
    judge_scenario,
)
from streamspace_acceptance.verdict.ledger import VERDICT_FILE, Ledger
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.run_record import Problem, RunRecord, describe
from streamspace_acceptance.verdict.selection import check_paths, select

RESULTS = REPORTS / "allure-results"
CLEAN_UP_SECONDS = 10.0
"""After a signal, for all waits together; with the last calls and an embedded target's end a run is over in 20 s."""

_TWICE = "again: what it has not cleaned up is removed at the next start, or by `streamspace-acceptance sweep`"

# behave skips a hook that environment.py does not define; these the runner needs itself.
_NEEDED_HOOKS = ("before_all", "before_step", "after_step", "after_scenario", "after_all")


@runtime_checkable
class RunObserver(Protocol):
    """A formatter that wants more than behave tells: the ledger, and the end of a scenario after its cleanups."""

    def run_started(self, record: RunRecord, ledger: Ledger) -> None:
        """Before the first hook."""

    def scenario_finished(self, scenario: Any) -> None:
        """After the scenario's cleanups."""

    def run_ended(self) -> None:
        """At the very end, whatever happened; maybe after `close`."""


class AcceptanceRunner(Runner):  # type: ignore[misc]  # behave is untyped
    """Runs the selected scenarios; `run` answers whether the run failed, as behave wants it."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.hooks: dict[str, Callable[..., None]]
        self.record = RunRecord()
        self._ledger = Ledger(Register.load(), self.record)
        self._gates = gates.Gates(self._ledger.plan, self.record)
        self._gates_lifted = False
        self._reported = False
        self._junit_files = {junit.JUNIT_FILE}
        self._interruption = SignalHandler(self._note_interruption)

    def run(self) -> NoReturn:
        """Runs, and raises Ended with the status of the worst verdict, 0 when all is proven.

        behave itself knows one status for all that is not well, so this does not return to it. Bad input is told in
        one sentence, before anything has started.
        """
        with streams.redacted_output(self.config.outputs):
            status = self._run_to_the_end()
        raise Ended(status)

    def _run_to_the_end(self) -> int:
        try:
            with self._interruption.handled(), waiting.shutdown_deadline() as self._hasten:
                return self._run_and_judge()
        except (SetupProblem, ParserError, ConfigError) as problem:
            return _refuse(problem)
        except Interrupted as stopped:
            sys.stderr.write(f"The run was {stopped} {_TWICE if self.record.selected else 'before it began'}.\n")
            return EXIT_STATUS[Verdict.BROKEN]
        except (Exception, KeyboardInterrupt):  # noqa: BLE001  # told in full, and the status says broken
            # Not a step's, which are judged: behave itself, a formatter or a module of steps broke down.
            sys.stderr.write(traceback.format_exc())
            return EXIT_STATUS[Verdict.BROKEN]

    def _run_and_judge(self) -> int:
        check_paths(self.config.paths)
        self._gates_lifted = gates.are_lifted(self.config.userdata)
        failed = super().run()
        if self.record.setup_problem is not None:
            return _refuse(self.record.setup_problem)
        verdict = Verdict.PROVEN if self.config.dry_run else self._judged().verdict
        explained = self._reported and failed_for_what_does_not_apply(self.record)
        if failed and verdict is Verdict.PROVEN and not explained:
            verdict = Verdict.BROKEN  # behave saw something that has left no trace in the record
        return EXIT_STATUS[verdict]

    def run_with_paths(self) -> bool:
        """Load, select, then run."""
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        locations = [one for one in self.feature_locations() if not self.config.exclude(one)]
        self.features.extend(gates.in_order(parse_features(locations, language=self.config.lang), self._ledger.plan))
        self.record.selected = select(self.features, self.config)
        self.record.parsed = [scenario for feature in self.features for scenario in feature.walk_scenarios()]
        self.formatters = make_formatters(self.config, self.config.outputs)
        if self.config.dry_run:
            return bool(self.run_model())
        return self._run_for_real()

    def load_hooks(self, filename: str | None = None) -> None:
        """Load environment.py, and watch its hooks."""
        super().load_hooks(filename)
        for name in _NEEDED_HOOKS:
            self.hooks.setdefault(name, _no_hook)
        for name, hook in list(self.hooks.items()):
            if name.startswith(("before_", "after_")):
                self.hooks[name] = self._watched(name, hook)

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Run a hook; only steps and the start of the run may be broken off by a signal."""
        if hook_name in ("after_step", "after_all"):
            self._interruption.forbid()
        if hook_name == "after_step":
            self.record.measured(args[0], attachments.take_figures())
        if hook_name == "after_scenario":
            self._collect_evidence(args[0])
        passed = bool(super().run_hook(hook_name, *args))
        if hook_name == "before_all":
            self._interruption.forbid()
        if hook_name == "before_step" and not self.aborted:
            self._interruption.allow()
        if hook_name == "after_all":
            self.record.end()
            self._note_late_interruption()
        return passed

    def _run_for_real(self) -> bool:
        self._replace_behaves_junit()
        killed_runs.complete(_say, move_aside_in=REPORTS)
        with killed_runs.on_record(REPORTS, self.record.began, self._junit_files, lambda: self._reported):
            return self._run_on_record()

    def _run_on_record(self) -> bool:
        write_reports.begin(REPORTS)
        allure = VerdictAllureFormatter(RESULTS, self.config, self._ledger, self.record)
        self.formatters.append(allure)
        self._put_on_disk()
        for scenario in self.record.selected:
            scenario.run = self._followed(scenario, scenario.run)
        for observer in self._observers():
            observer.run_started(self.record, self._ledger)
        self.context.on_cleanup_error = self._note_cleanup_error
        stop_observing = waiting.observe(attachments.WaitTimelines())
        try:
            failed = bool(self.run_model())
        except BaseException:
            # behave itself or a formatter broke down; what the run has made must go all the same.
            self.context._do_remaining_cleanups()
            raise
        finally:
            stop_observing()
            for observer in self._observers():
                observer.run_ended()
            self._put_on_disk()
            self._reported = self._report()
        return failed or not self._reported

    def _report(self) -> bool:
        """Write what people read. The verdicts are on disk by now: what goes wrong here, `report` can try again."""
        if self.record.setup_problem is not None:
            return True
        try:
            write_reports.write(REPORTS)
        except Exception as error:  # noqa: BLE001  # nothing that is about paper may hide what the run has shown
            sys.stderr.write(f"The reports could not be written: {describe(error)}\n")
            return False
        return True

    def _replace_behaves_junit(self) -> None:
        """`--junit` says that the file is wanted in behave's `--junit-directory` as well."""
        if self.config.junit:
            self._junit_files.add(Path(self.config.junit_directory) / junit.JUNIT_FILE.name)
        reporters = self.config.reporters
        self.config.reporters = [one for one in reporters if not isinstance(one, JUnitReporter)]

    def _put_on_disk(self) -> None:
        """What holds if the run is killed now: the running scenario is broken, and what was not reached unproven."""
        self._ledger.write(VERDICT_FILE, run_facts.facts())
        run_facts.write_properties(RESULTS)
        for path in self._junit_files:
            junit.write(path, self.record)

    def _observers(self) -> list[RunObserver]:
        return [formatter for formatter in self.formatters if isinstance(formatter, RunObserver)]

    def _followed(self, scenario: Any, run: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """`scenario.run`, noted when it has ended with all its cleanups."""

        @functools.wraps(run)
        def followed(runner: Any) -> bool:
            if self.record.interruption:
                return True
            if self._is_gated(scenario):
                return False
            self.record.begin(scenario)
            self._put_on_disk()
            try:
                return run(runner)
            except KeyboardInterrupt as stopped:
                self.record.problems.append(Problem("clean-up", scenario, stopped))
                raise
            finally:
                self.record.finish(scenario)
                self._put_on_disk()
                for observer in self._observers():
                    observer.scenario_finished(scenario)

        return followed

    def _is_gated(self, scenario: Any) -> bool:
        """Whether what `scenario` builds on has not passed; then it is noted and told as not run."""
        reason = None if self._gates_lifted else self._gates.closed_for(scenario)
        if reason is not None:
            scenario.skip_reason = reason
            self._put_on_disk()
            for observer in self._observers():
                observer.scenario_finished(scenario)
        return reason is not None

    def _watched(self, name: str, hook: Callable[..., None]) -> Callable[..., None]:
        """A hook whose error is written down before behave prints and forgets it."""

        @functools.wraps(hook)
        def watched(context: Any, *args: Any) -> None:
            try:
                hook(context, *args)
                if name == "before_step" and self.record.interruption:
                    raise Interrupted(self.record.interruption)  # noqa: TRY301  # the step must not begin
            except SetupProblem as problem:
                self._note(name, context, args, problem)
                self._give_up()
            except (Exception, KeyboardInterrupt) as error:
                self._note(name, context, args, error)
                raise

        return watched

    def _give_up(self) -> None:
        """End the run without running anything; what is set up already is undone by after_all and the cleanups."""
        self.hook_failures += 1
        self.features.clear()

    def _collect_evidence(self, scenario: Any) -> None:
        """After a failure, and before the cleanups take the evidence away."""
        world = getattr(self.context, "world", None)
        verdict = judge_scenario(scenario, self.record).verdict
        if world is not None and verdict in (Verdict.FAILED, Verdict.BROKEN):
            self.record.saw(scenario, map(str, failure.collect(world)))

    def _note(self, name: str, context: Any, args: tuple[Any, ...], error: BaseException) -> None:
        statement = _running_statement(context) if name.endswith("_tag") else next(iter(args), None)
        self.record.problems.append(Problem(name, statement, error))

    def _note_cleanup_error(self, context: Any, cleanup: Callable[[], None], error: Exception) -> None:
        name = getattr(cleanup, "__name__", type(cleanup).__name__)
        self.record.problems.append(Problem(f"cleanup {name}", _running_statement(context), error))

    def _note_interruption(self, phrase: str) -> None:
        self.record.interruption = phrase
        self.aborted = True
        self._hasten(CLEAN_UP_SECONDS)
        self._note_late_interruption()

    def _note_late_interruption(self) -> None:
        """A run that was stopped is never as good as one that was not, even where nothing else tells of it."""
        stopped, over = self.record.interruption, self.record.ended is not None
        if stopped and over and self._judged().verdict is Verdict.PROVEN:
            self.record.problems.append(Problem("the end", None, Interrupted(stopped)))

    def _judged(self) -> Judgement:
        return judge_run(self.record, [entry.judgement for entry in self._ledger.entries()])


def _running_statement(context: Any) -> Any:
    """The scenario that runs, else the feature, else None for the run as a whole."""
    return getattr(context, "scenario", None) or getattr(context, "feature", None)


def _no_hook(_context: Any, *_args: Any) -> None:
    """Stands in for a hook that environment.py does not define."""


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _refuse(problem: Exception) -> int:
    """Tell of bad input in its own sentence. Nothing was shown, and the product is not to blame."""
    _say(problem.sentence if isinstance(problem, SetupProblem) else str(problem))
    return EXIT_STATUS[Verdict.BROKEN]
