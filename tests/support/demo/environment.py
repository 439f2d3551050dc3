"""Hooks, of which the environment variable DEMO_HOOK names one that fails."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import allure
from behave.model import Feature, Scenario, Step
from behave.runner import Context

from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp

FAILING = os.environ.get("DEMO_HOOK", "")


def _hook(name: str) -> None:
    if name == FAILING:
        raise RuntimeError(f"{name} went wrong")
    if f"terminate in {name}" == FAILING:
        os.kill(os.getpid(), signal.SIGTERM)
    if f"attach in {name}" == FAILING:
        allure.attach("noted", name=f"from {name}", attachment_type=allure.attachment_type.TEXT)


def _leak() -> None:
    raise RuntimeError("session left behind")


def _leave_template() -> None:
    raise CleanupFailure("templates left behind: t", answered_by="the template is created")


def _leave_session() -> None:
    raise FoundByCleanUp("session s stays", "the product does not finish the deletion of sessions")


def before_all(context: Context) -> None:
    context.add_cleanup(lambda: Path("stopped").write_text("the target"))
    _hook("before_all")
    if FAILING == "cleanup of the run":
        context.add_cleanup(_leak)


def after_all(context: Context) -> None:
    _hook("after_all")


def before_feature(context: Context, feature: Feature) -> None:
    _hook("before_feature")
    if FAILING == "cleanup of a feature":
        context.add_cleanup(_leak)


def after_feature(context: Context, feature: Feature) -> None:
    _hook("after_feature")


def before_scenario(context: Context, scenario: Scenario) -> None:
    context.add_cleanup(lambda: Path("deleted").write_text("the session"))
    _hook("before_scenario")
    if FAILING == "finding of each scenario":
        context.add_cleanup(_leave_session)
    if FAILING == "cleanup of a scenario":
        context.add_cleanup(_leak)
    if FAILING == "leak of 2.1" and "test-1.2" in scenario.effective_tags:
        context.add_cleanup(_leave_template)
    if FAILING == "skip":
        scenario.skip("needs a cluster with two nodes")


def after_scenario(context: Context, scenario: Scenario) -> None:
    _hook("after_scenario")


def before_step(context: Context, step: Step) -> None:
    _hook("before_step")


def after_step(context: Context, step: Step) -> None:
    _hook("after_step")
    if step.step_type == "then":
        context.scenario.continue_after_failed_step = True


def before_tag(context: Context, tag: str) -> None:
    _hook("before_tag")


def after_tag(context: Context, tag: str) -> None:
    _hook("after_tag")
