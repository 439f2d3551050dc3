"""Behave's hooks: they wire the run to its target and each scenario to its world, and decide nothing."""

from behave.model import Scenario, Step
from behave.runner import Context

from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target.run import Run
from streamspace_acceptance.troubleshooting import desktop_media
from streamspace_acceptance.world import World


def before_all(context: Context) -> None:
    """The target is looked at, or an embedded one started; it ends with the run."""
    context.run = Run(Settings.from_environment(options=context.config.userdata))
    context.add_cleanup(context.run.close)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Whatever the scenario makes is removed when it is over."""
    context.world = World(context.run, context.add_cleanup, scenario.effective_tags)


def after_step(context: Context, step: Step) -> None:
    """A failed Then hides no other; after a failed Given or When nothing can be shown."""
    context.scenario.continue_after_failed_step = step.step_type == "then"


def after_scenario(context: Context, _scenario: Scenario) -> None:
    """Every desktop that was opened leaves a picture."""
    desktop_media.show(context.world.desktops)
