"""The runner that `behave` uses here (see behave.ini).

It checks the selection before anything starts, notes what behave forgets, keeps the run's files whatever formatter is
chosen, and fails whenever something that was asked for was not shown.
"""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

from behave.exception import ConfigError
from behave.formatter._registry import make_formatters
from behave.parser import ParserError
from behave.reporter.junit import JUnitReporter
from behave.runner import Context, Runner, the_step_registry  # not that of behave.step_registry, which behave resets
from behave.runner_util import parse_features

from streamspace_acceptance import deviations, waiting
from streamspace_acceptance.evidence import attachments, judged, run_evidence, run_facts
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.measuring import capacity_search
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction import redactor, streams
from streamspace_acceptance.reporting import killed_runs
from streamspace_acceptance.reporting.allure import attach_hook
from streamspace_acceptance.runner import report_permissions, sentence_figures
from streamspace_acceptance.runner.observer import RunObserver
from streamspace_acceptance.runner.process_exit import Ended
from streamspace_acceptance.runner.run_files import RunFiles
from streamspace_acceptance.runner.signals import Interrupted, SignalHandler
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.verdict import gates, run_document, shards
from streamspace_acceptance.verdict.judgement import (
    EXIT_STATUS,
    Judgement,
    Verdict,
    failed_for_what_does_not_apply,
    judge_run,
    judge_scenario,
)
from streamspace_acceptance.verdict.ledger import Ledger
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.run_record import Problem, RunRecord
from streamspace_acceptance.verdict.selection import check_options, check_paths, select

CLEAN_UP_SECONDS = 10.0
"""After a signal, for all waits together; with the last calls and the end of an embedded target it takes 20 s."""

_TWICE = "twice: the next run, or `streamspace-acceptance sweep`, removes what it has not cleaned up"

# behave skips a hook that environment.py does not define; these the runner needs itself.
_NEEDED_HOOKS = ("before_all", "before_step", "after_step", "after_scenario", "after_all")


class AcceptanceRunner(Runner):  # type: ignore[misc]  # behave is untyped
    """Runs the selected scenarios; `run` answers whether the run failed, as behave wants it."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.hooks: dict[str, Callable[..., None]]
        settings = Settings.from_environment()
        self._folder, self._repo = ReportFolder(settings.reports), settings.repo
        self.record = RunRecord(RunEvidence(self._folder.results), settings.tester)
        self._ledger = Ledger(Register.load(), self.record)
        self._gates = gates.Gates(self._ledger.plan, self.record)
        self._gates_lifted = False
        self._files = RunFiles(self._folder, self._ledger, self.record)
        self._interruption = SignalHandler(self._note_interruption)

    def run(self) -> NoReturn:
        """Run, and raise Ended with the status of the worst verdict, 0 when all is proven.

        behave itself knows one status for everything but success, so this does not return to it. Invalid input is
        reported in one sentence, before anything has started.
        """
        with redactor.of_this_run(), streams.redacted_output(self.config.outputs):
            status = self._run_to_the_end()
        raise Ended(status)

    def _run_to_the_end(self) -> int:
        try:
            with self._interruption.handled(), waiting.shutdown_deadline() as self._hasten:
                return self._run_and_judge()
        except (SetupProblem, ParserError, ConfigError) as problem:
            return _refuse(problem)
        except Interrupted as interrupted:
            sys.stderr.write(f"The run was {interrupted} {_TWICE if self.record.selected else 'before it began'}.\n")
            return EXIT_STATUS[Verdict.BROKEN]
        except (Exception, KeyboardInterrupt):  # noqa: BLE001  # printed in full, and the status is BROKEN's
            # Not an error of a step: behave itself, a formatter or a module of steps failed.
            sys.stderr.write(traceback.format_exc())
            return EXIT_STATUS[Verdict.BROKEN]

    def _run_and_judge(self) -> int:
        check_paths(self.config.paths)
        check_options(name for name, _ in self.config.userdata_defines or ())
        self._gates_lifted = gates.are_lifted(self.config.userdata)
        self._shard = shards.parse(self.config.userdata.get(shards.OPTION))
        capacity_search.read_ramp(self.config.userdata.get(capacity_search.OPTION))
        sentence_figures.check_register(self._ledger.plan)
        failed = super().run()
        if self.record.setup_problem is not None:
            return _refuse(self.record.setup_problem)
        verdict = Verdict.PROVEN if self.config.dry_run else self._judged().verdict
        explained = self._files.reported and failed_for_what_does_not_apply(self.record)
        if failed and verdict is Verdict.PROVEN and not explained:
            verdict = Verdict.BROKEN  # behave saw something that the record does not have
        return EXIT_STATUS[verdict]

    def run_with_paths(self) -> bool:
        """Load, select, then run."""
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        locations = [location for location in self.feature_locations() if not self.config.exclude(location)]
        self.features.extend(gates.in_order(parse_features(locations, language=self.config.lang), self._ledger.plan))
        self.record.selected = self._of_shard(select(self.features, self.config))
        sentence_figures.check_sentences(self.record.selected, the_step_registry)
        self.record.parsed = [scenario for feature in self.features for scenario in feature.walk_scenarios()]
        self.formatters = make_formatters(self.config, self.config.outputs)
        if self.config.dry_run:
            return bool(self.run_model())
        return self._run_for_real()

    def _of_shard(self, scenarios: list[Any]) -> list[Any]:
        """Those of `scenarios` that this shard runs; all without `-D shard`."""
        if self._shard is None:
            return scenarios
        if self._repo is not None and self._shard.of > 1:
            raise SetupProblem(
                "With STREAMSPACE_REPO phase 0 replaces the StreamSpace that the other shards use: run phase 0 "
                "first, then unset it for the shards."
            )
        placed = [(run_document.place_of(scenario), scenario) for scenario in scenarios]
        self.record.division = division = shards.divide(
            placed, self._shard, self._ledger.plan, gates=not self._gates_lifted
        )
        for scenario in division.others:
            scenario.run = _of_another_shard
        return list(division.own)

    def load_hooks(self, filename: str | None = None) -> None:
        """Load environment.py, and note the errors of its hooks."""
        super().load_hooks(filename)
        for name in _NEEDED_HOOKS:
            self.hooks.setdefault(name, _no_hook)
        for name, hook in list(self.hooks.items()):
            if name.startswith(("before_", "after_")):
                self.hooks[name] = self._watched(name, hook)

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Run a hook; a signal may interrupt only steps and the start of the run."""
        if hook_name in ("after_step", "after_all"):
            self._interruption.forbid()
        if hook_name == "before_step":
            self.record.begin_step(args[0])
            judged.attach_table_of(args[0])
            self._files.step_changed()
        if hook_name == "after_scenario":
            self._files.step_changed()
            self._collect_evidence(args[0])
        passed = bool(super().run_hook(hook_name, *args))
        if hook_name == "before_all":
            self._interruption.forbid()
            self._tell_options()
        if hook_name == "before_step" and not self.aborted:
            self._interruption.allow()
        if hook_name == "after_step":
            self.record.finish_step()
        if hook_name == "after_all":
            self.record.end()
            self._note_late_interruption()
        return passed

    def _tell_options(self) -> None:
        """Record the options that somebody needs who repeats the run."""
        given = self.config.userdata
        options = [f"-D {name}={given[name]}" for name in (gates.OPTION, capacity_search.OPTION) if name in given]
        if options:
            run_facts.record(run_facts.OPTIONS, " ".join(options))

    def _run_for_real(self) -> bool:
        self._replace_behaves_junit()
        report_permissions.require_own(self._folder.path)
        killed_runs.complete(_say, move_aside_in=self._folder)
        with ExitStack() as stack:
            stack.enter_context(
                killed_runs.on_record(
                    self._folder, self.record.began, self._files.junit_files, lambda: self._files.reported
                )
            )
            stack.enter_context(run_evidence.collected(self.record.evidence))
            stack.enter_context(attach_hook.installed())
            stack.callback(waiting.observe(attachments.WaitTimelines()))
            stack.callback(deviations.observe(self.record.evidence.deviate))
            return self._run_on_record()

    def _run_on_record(self) -> bool:
        self._files.begin()
        for scenario in self.record.selected:
            scenario.run = self._followed(scenario, scenario.run)
        for observer in self._observers():
            observer.run_started(self._ledger, self._folder)
        self.context.on_cleanup_error = self._note_cleanup_error
        try:
            failed = bool(self.run_model())
        except BaseException:
            # behave itself or a formatter failed; what the run has made must be removed all the same.
            self.context._do_remaining_cleanups()
            raise
        finally:
            for observer in self._observers():
                observer.run_ended()
            self._files.end()
        return failed or not self._files.reported

    def _replace_behaves_junit(self) -> None:
        """With `--junit` the file goes to behave's `--junit-directory` as well."""
        if self.config.junit:
            self._files.junit_files.add(Path(self.config.junit_directory) / self._folder.junit.name)
        reporters = self.config.reporters
        self.config.reporters = [reporter for reporter in reporters if not isinstance(reporter, JUnitReporter)]

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
            self._files.scenario_began(scenario)
            try:
                return run(runner)
            except KeyboardInterrupt as interrupted:
                self.record.problems.append(Problem("clean-up", scenario, interrupted))
                raise
            finally:
                self.record.finish(scenario)
                self._files.scenario_ended(scenario)
                for observer in self._observers():
                    observer.scenario_finished(scenario)

        return followed

    def _is_gated(self, scenario: Any) -> bool:
        """Whether a phase that `scenario` builds on has not passed; then it is noted as not run."""
        reason = None if self._gates_lifted else self._gates.closed_for(scenario)
        if reason is not None:
            scenario.skip_reason = reason
            self._files.scenario_not_run(scenario)
            for observer in self._observers():
                observer.scenario_finished(scenario)
        return reason is not None

    def _watched(self, name: str, hook: Callable[..., None]) -> Callable[..., None]:
        """A hook whose error is noted before behave prints and forgets it."""

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
        """End the run without running anything; after_all and the cleanups revert what is set up already."""
        self.hook_failures += 1
        self.features.clear()

    def _collect_evidence(self, scenario: Any) -> None:
        """After a failure, and before the cleanups take the evidence away."""
        world = getattr(self.context, "world", None)
        verdict = judge_scenario(scenario, self.record).verdict
        if world is not None and verdict in (Verdict.FAILED, Verdict.BROKEN):
            from streamspace_acceptance.troubleshooting import failure  # noqa: PLC0415 - a second that no other run needs

            self.record.saw(scenario, map(str, failure.collect(world)))

    def _note(self, name: str, context: Any, args: tuple[Any, ...], error: BaseException) -> None:
        statement = _running_statement(context) if name.endswith("_tag") else next(iter(args), None)
        self.record.problems.append(Problem(name, statement, error))

    def _note_cleanup_error(self, context: Any, cleanup: Callable[[], None], error: Exception) -> None:
        name = getattr(cleanup, "__name__", type(cleanup).__name__)
        self.record.add(Problem(f"cleanup {name}", _running_statement(context), error))

    def _note_interruption(self, phrase: str) -> None:
        self.record.interruption = phrase
        self.aborted = True
        self._hasten(CLEAN_UP_SECONDS)
        self._note_late_interruption()

    def _note_late_interruption(self) -> None:
        """An interrupted run is never PROVEN, even if nothing else shows the interruption."""
        interrupted, over = self.record.interruption, self.record.ended is not None
        if interrupted and over and self._judged().verdict is Verdict.PROVEN:
            self.record.problems.append(Problem("the end", None, Interrupted(interrupted)))

    def _judged(self) -> Judgement:
        return judge_run(self.record, [entry.judgement for entry in self._ledger.entries()])


def _running_statement(context: Any) -> Any:
    """The scenario that runs, else the feature, else None for the run as a whole."""
    return getattr(context, "scenario", None) or getattr(context, "feature", None)


def _no_hook(_context: Any, *_args: Any) -> None:
    """Stands in for a hook that environment.py does not define."""


def _of_another_shard(_runner: Any) -> bool:
    """Stands in for the run of a scenario that another shard runs: it has not failed here."""
    return False


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _refuse(problem: Exception) -> int:
    """Report invalid input in its own sentence. Nothing was shown, so the run is broken."""
    _say(problem.sentence if isinstance(problem, SetupProblem) else str(problem))
    return EXIT_STATUS[Verdict.BROKEN]
