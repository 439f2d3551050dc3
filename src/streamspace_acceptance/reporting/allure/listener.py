"""allure-behave's listener, mended where it tells untruths.

allure-behave 2.16 looks at a scenario's steps alone: an error in a hook or a cleanup leaves the scenario green,
skipped or missing, behave's newer statuses are unknown to it, and reasons are lost. Here every status comes from
the same judgement that the ledger uses, after the scenario's cleanups have run.
"""

from __future__ import annotations

import time
import traceback
import uuid
from pathlib import Path
from typing import Any

import allure_commons
import behave
from allure_behave.listener import AllureListener
from allure_commons.model2 import Attachment, Label, StatusDetails, TestResult, TestStepResult
from allure_commons.types import AttachmentType, LabelType, Severity

from streamspace_acceptance.reporting.allure.labels import PHASES, identify, label
from streamspace_acceptance.verdict.judgement import (
    UNFINISHED,
    Judgement,
    Verdict,
    judge_problem,
    judge_scenario,
    judge_steps,
    worst,
)
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.run_record import Problem, RunRecord

STATUSES = {
    Verdict.PROVEN: "passed",
    Verdict.FAILED: "failed",
    Verdict.BROKEN: "broken",
    Verdict.UNPROVEN: "skipped",
}
_BEHAVE = Path(behave.__file__).parent


class VerdictListener(AllureListener):  # type: ignore[misc]  # allure_behave is untyped
    """Writes one result for each selected scenario, and one for each error that belongs to none of them."""

    def __init__(self, config: Any, plan: Register, record: RunRecord) -> None:
        super().__init__(config)
        self._plan = plan
        self._record = record
        self.current_scenario_uuid: str | None = None
        self._uuids: dict[int, str] = {}
        self._scenario: Any = None
        self._result: TestResult | None = None
        self._step: TestStepResult | None = None
        self._reached = 0
        self._settled: list[tuple[Any, TestResult]] = []

    def announce(self) -> None:
        """Write every selected scenario as not run, before the first one starts."""
        for scenario in self._record.selected:
            self._uuids[id(scenario)] = _new_id()
            self._report_not_run(scenario)

    def start_scenario(self, scenario: Any) -> None:
        """Open the scenario's result; on disk it is broken until it ends."""
        super().start_scenario(scenario)
        self._scenario, self._reached = scenario, 0
        result = self._result = self.logger.get_test(self.current_scenario_uuid)
        result.uuid = self._uuids.get(id(scenario), result.uuid)
        identify(result, scenario)
        label(result, scenario, self._plan)
        self._report_unfinished()

    def stop_scenario(self, scenario: Any) -> None:
        """Close the result with the verdict; a scenario that was not selected leaves none."""
        self.logger.drop_test(self.current_scenario_uuid)
        result, self._result, self._step = self._result, None, None
        self.current_scenario_uuid = self.current_step_uuid = None
        self.steps.clear()
        if result is not None and self._record.is_selected(scenario):
            self._close_steps(result, scenario, self._reached)
            judged = judge_scenario(scenario, self._record)
            _settle(result, judged)
            result.stop = _now()
            allure_commons.plugin_manager.hook.report_result(result=result)
            self.group_context.append_test(result.uuid)
            if judged.verdict is Verdict.FAILED:
                self._settle_again()
            self._settled.append((scenario, result))
        self.group_context.exit()

    def start_behave_step(self, step: Any) -> None:
        """Open the step; what is attached from now on is attached to it."""
        super().start_behave_step(step)
        self._reached += 1
        self._step = self.logger.get_item(self.current_step_uuid)

    def stop_behave_step(self, result: Any) -> None:
        """Close the step with its verdict. An undefined step, for one, gets here as well."""
        if self._step is None:
            return
        judged = judge_steps(self._scenario, self._record)
        index = next(index for index, one in enumerate(self._scenario.all_steps) if one is result)
        _settle(self._step, judged[index])
        self.logger.stop_step(self.current_step_uuid, stop=_now())
        self._step = None
        self._report_unfinished()

    @allure_commons.hookimpl
    def attach_data(self, body: str | bytes, name: str, attachment_type: Any, extension: str) -> None:
        """Attach to the running step, else to the running scenario, else to the run. From any thread."""
        target = self._step or self._result
        if target is None:
            self.global_attach_data(body, name, attachment_type, extension)
            return
        if isinstance(attachment_type, AttachmentType):
            attachment_type, extension = attachment_type.mime_type, attachment_type.extension
        source = f"{_new_id()}-attachment.{extension or 'txt'}"
        allure_commons.plugin_manager.hook.report_attached_data(body=body, file_name=source)
        target.attachments.append(Attachment(source=source, name=name, type=attachment_type))

    def finish(self) -> None:
        """Say of every scenario that never ended why, and of every error outside a scenario what it was."""
        self._settle_again()
        for scenario in self._record.selected:
            if not self._record.has_finished(scenario):
                self._report_not_run(scenario)
        selected = {id(one) for one in self._record.selected}
        steps = {id(step) for one in self._record.selected for step in one.all_steps}
        for problem in self._record.problems:
            if id(problem.statement) not in selected | steps:
                self._report_problem(problem)

    def _settle_again(self) -> None:
        """A leak may be judged otherwise by now, since the failure that came after has answered for it."""
        for scenario, result in self._settled:
            before = result.status
            _settle(result, judge_scenario(scenario, self._record))
            if result.status != before:
                allure_commons.plugin_manager.hook.report_result(result=result)

    def _report_unfinished(self) -> None:
        if self._result is not None and self._record.is_selected(self._scenario):
            _settle(self._result, Judgement(Verdict.BROKEN, UNFINISHED))
            self._result.stop = _now()
            allure_commons.plugin_manager.hook.report_result(result=self._result)

    def _report_not_run(self, scenario: Any) -> None:
        result = TestResult(uuid=self._uuids[id(scenario)], name=scenario.name, start=_now(), stop=_now())
        result.description = "\n".join(scenario.description)
        identify(result, scenario)
        label(result, scenario, self._plan)
        self._close_steps(result, scenario, 0)
        _settle(result, worst(judge_steps(scenario, self._record)))
        allure_commons.plugin_manager.hook.report_result(result=result)

    def _report_problem(self, problem: Problem) -> None:
        owner = problem.statement.name if problem.statement is not None else "the whole run"
        result = TestResult(uuid=_new_id(), name=f"{problem.where} of {owner}", start=_now(), stop=_now())
        result.fullName = result.historyId = result.testCaseId = result.name
        test = self._plan.test_of(problem.statement.tags) if problem.statement is not None else None
        labels = {LabelType.SEVERITY: Severity.BLOCKER.value, LabelType.FEATURE: "Hooks and clean-up"}
        if test is not None:
            labels |= {LabelType.EPIC: PHASES[test.phase], LabelType.FEATURE: f"{test.id} {test.title}"}
        result.labels.extend(Label(name=name, value=value) for name, value in labels.items())
        _settle(result, judge_problem(problem, self._record))
        allure_commons.plugin_manager.hook.report_result(result=result)

    def _close_steps(self, result: TestResult, scenario: Any, reached: int) -> None:
        """Add the steps behind the first `reached` ones, so that the report shows the whole scenario."""
        judged = judge_steps(scenario, self._record)
        for step, judgement in list(zip(scenario.all_steps, judged, strict=True))[reached:]:
            closed = TestStepResult(name=f"{step.keyword} {step.name}", start=_now(), stop=_now())
            _settle(closed, judgement)
            result.steps.append(closed)


def _now() -> int:
    """Allure's clock: milliseconds since the epoch."""
    return round(time.time() * 1000)


def _new_id() -> str:
    return str(uuid.uuid4())


def own_trace(error: BaseException) -> str:
    """The traceback without behave's own frames, which are the same for every step."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not Path(frame.filename).is_relative_to(_BEHAVE)]
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])


def _settle(item: Any, judged: Judgement) -> None:
    """Give a result or a step its status, with the reason and, where there is one, the traceback."""
    item.status = STATUSES[judged.verdict]
    item.statusDetails = None
    if judged.reason:
        trace = own_trace(judged.error) if judged.error is not None else None
        item.statusDetails = StatusDetails(message=judged.told, trace=trace)
