"""streamspace-acceptance: what is beside `behave` itself."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from streamspace_acceptance.commands.doctor.run import doctor
from streamspace_acceptance.commands.init.init import init
from streamspace_acceptance.commands.lint.cli import lint
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting import killed_runs, write_reports
from streamspace_acceptance.reporting.allure import html_report
from streamspace_acceptance.runner.process_exit import Ended
from streamspace_acceptance.settings import REPORTS
from streamspace_acceptance.target.run_start import sweep_now
from streamspace_acceptance.verdict.ledger import VERDICT_FILE
from streamspace_acceptance.verdict.verdict_file import VerdictFileError

STOPPED = 128 + signal.SIGINT
"""By Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 when all is well, 1 when not, 2 when the input is bad and nothing was done, STOPPED."""
    parser = argparse.ArgumentParser(
        prog="streamspace-acceptance",
        description="The tests themselves are run by `behave`; this is what is beside them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="check the environment, and say what to do about what is wrong with it")
    commands.add_parser("report", help="make the reports of the last run again, and one HTML file")
    commands.add_parser("sweep", help="remove what killed runs left on the target that the settings name")
    commands.add_parser("init", help="write features, steps and settings into the current folder")
    commands.add_parser("lint", help="hold features and steps to the house's rules")
    chosen = parser.parse_args(arguments)
    try:
        return _COMMANDS[chosen.command]()
    except SetupProblem as problem:
        _say(problem.sentence)
        return 2
    except KeyboardInterrupt:
        _say("Stopped. The same command does the rest.")
        return STOPPED


def _report() -> int:
    killed_runs.complete(_say)
    summary = _papers()
    sys.stdout.write(f"The summary is {summary.resolve()}.\n")
    sys.stdout.write(f"The report is {html_report.build().resolve()}: open it in a browser.\n")
    return 0


def _sweep() -> int:
    killed_runs.complete(_say)
    return sweep_now()


def _papers() -> Path:
    if not VERDICT_FILE.exists():
        raise SetupProblem(f"There are no results in {REPORTS}: run `behave` first.")
    try:
        return write_reports.write(REPORTS)
    except VerdictFileError as error:
        raise SetupProblem(f"The last run cannot be reported: {error}. Run `behave` again.") from error


_COMMANDS: dict[str, Callable[[], int]] = {
    "report": _report,
    "doctor": doctor,
    "init": init,
    "lint": lint,
    "sweep": _sweep,
}


def _say(sentence: str) -> None:
    sys.stderr.write(redact(sentence) + "\n")


def program() -> NoReturn:
    """Run one subcommand as a program of its own, and end it with its status."""
    raise Ended(main())


if __name__ == "__main__":
    program()
