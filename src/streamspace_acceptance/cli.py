"""streamspace-acceptance: the commands beside `behave` itself."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import shtab

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting import killed_runs, write_reports
from streamspace_acceptance.reporting.allure import html_report
from streamspace_acceptance.runner.process_exit import Ended
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.verdict.decision import DecisionWord, decide
from streamspace_acceptance.verdict.shards import DURATIONS
from streamspace_acceptance.verdict.verdict_file import VerdictFileError, read

NAME = "streamspace-acceptance"
INTERRUPTED = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as in shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 success, 1 failure, 2 invalid input (nothing was done), INTERRUPTED."""
    given = _parser().parse_args(arguments)
    with_arguments: dict[str, Callable[[], int]] = {
        "decide": lambda: _decide(given.require),
        "explain": lambda: _explain(given.criterion),
        "merge": lambda: _merge(given.folders, given.into),
        "profile": lambda: _check_profile(given.profile),
        "run": lambda: _run_in_shards(given),
        "shards": lambda: _shards(given),
        "sweep": lambda: _forget() if given.forget else _sweep(),
        "verify": lambda: _verify(given.file),
    }
    return run(with_arguments.get(given.command) or COMMANDS[given.command][1])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="`behave` runs the tests; these are the commands beside it."
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {version(NAME)}")
    shtab.add_argument_to(parser, help="print a script that completes the commands in this shell")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (description, _) in COMMANDS.items():
        command = commands.add_parser(name, help=description, description=f"{description[0].upper()}{description[1:]}.")
        if name == "sweep":
            command.add_argument("--forget", action="store_true", help="drop the records of targets that are gone")
    deciding = commands.add_parser("decide", help=_DECIDE, description=f"{_DECIDE[0].upper()}{_DECIDE[1:]}.")
    deciding.add_argument(
        "--require", choices=[str(word) for word in DecisionWord], help="exit with 1 for any other word"
    )
    explaining = commands.add_parser("explain", help=_EXPLAIN, description=f"{_EXPLAIN[0].upper()}{_EXPLAIN[1:]}.")
    explaining.add_argument("criterion", help="an id of plan/criteria.toml, such as 1.1e-5")
    verifying = commands.add_parser("verify", help=_VERIFY, description=f"{_VERIFY[0].upper()}{_VERIFY[1:]}.")
    verifying.add_argument("file", type=Path, help="a conformance.yaml, beside the verdict.json of its run")
    running = commands.add_parser("run", help=_RUN, description=f"{_RUN[0].upper()}{_RUN[1:]}.")
    running.add_argument("-j", "--jobs", type=int, required=True, help="how many shards; the last one runs alone")
    running.add_argument("--tags", action="append", default=[], help="as for behave")
    running.add_argument("-D", dest="options", action="append", default=[], metavar="NAME=VALUE", help="as for behave")
    dividing = commands.add_parser("shards", help=_SHARDS, description=f"{_SHARDS[0].upper()}{_SHARDS[1:]}.")
    dividing.add_argument("count", type=int, nargs="?", help="how many runners there are")
    dividing.add_argument("--tags", action="append", default=[], help="as for behave, and the same for each shard")
    dividing.add_argument("--json", action="store_true", help="print a matrix for a CI system")
    dividing.add_argument("--record", action="store_true", help=f"write {DURATIONS} from the last run")
    merging = commands.add_parser("merge", help=_MERGE, description=f"{_MERGE[0].upper()}{_MERGE[1:]}.")
    merging.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the reports of a shard")
    merging.add_argument("--into", type=Path, required=True, help="the folder for the reports of the whole run")
    profiles = commands.add_parser("profile", help=_PROFILE, description=f"{_PROFILE[0].upper()}{_PROFILE[1:]}.")
    checking = profiles.add_subparsers(dest="action", required=True).add_parser("check", help=_PROFILE)
    checking.add_argument("profile", nargs="?", help="a built-in profile or a file (default: STREAMSPACE_PROFILE)")
    return parser


def run(command: Callable[[], int]) -> int:
    """Run `command`; invalid input and Ctrl-C end it with one sentence."""
    try:
        return command()
    except SetupProblem as problem:
        _say(problem.sentence)
        return 2
    except KeyboardInterrupt:
        _say("Interrupted. Run it again to finish.")
        return INTERRUPTED


def _report() -> int:
    folder = ReportFolder(Settings.from_environment().reports)
    killed_runs.complete(_say)
    if not folder.verdicts.exists():
        raise SetupProblem(f"There are no results in {folder.path}: run `behave` first.")
    try:
        write_reports.write(folder)
    except VerdictFileError as error:
        raise SetupProblem(f"The last run cannot be reported: {error}. Run `behave` again.") from error
    sys.stdout.write(f"Summary: {folder.summary.resolve()}\n")
    sys.stdout.write(f"Report:  {html_report.build(folder).resolve()} (open it in a browser)\n")
    return 0


def _decide(required: str | None) -> int:
    """Print the last run's decision; 1 if another one is required."""
    folder = ReportFolder(Settings.from_environment().reports)
    killed_runs.complete(_say)
    try:
        decision = decide(read(folder.verdicts))
    except VerdictFileError as error:
        raise SetupProblem(f"There is no decision: {error}. Run `behave` first.") from error
    sys.stdout.write(f"{redact(decision.sentence)}\n")
    return int(required is not None and decision.word != required)


# Each command imports what it alone needs: the clients of product, cluster and browser take over a second.


def _sweep() -> int:
    from streamspace_acceptance.target.run_start import sweep_now  # noqa: PLC0415

    killed_runs.complete(_say)
    return sweep_now()


def _forget() -> int:
    from streamspace_acceptance.target.run_start import forget_now  # noqa: PLC0415

    return forget_now()


def _doctor() -> int:
    from streamspace_acceptance.commands.doctor.run import doctor  # noqa: PLC0415

    return doctor()


def _init() -> int:
    from streamspace_acceptance.commands.init.init import init  # noqa: PLC0415

    return init()


def _explain(criterion: str) -> int:
    from streamspace_acceptance.commands.explain import explain  # noqa: PLC0415

    return explain(criterion)


def _verify(file: Path) -> int:
    from streamspace_acceptance.commands.verify import verify  # noqa: PLC0415

    return verify(file)


def _shards(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands import shards  # noqa: PLC0415

    if given.record:
        return shards.record()
    if given.count is None or given.count < 1:
        raise SetupProblem("Say among how many runners: `streamspace-acceptance shards 3`.")
    return shards.show(given.count, given.tags, as_json=given.json)


def _run_in_shards(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands import parallel  # noqa: PLC0415

    if given.jobs < 1:
        raise SetupProblem("Say how many shards: `streamspace-acceptance run -j 3`.")
    return parallel.run(given.jobs, given.tags, given.options)


def _merge(folders: Sequence[Path], into: Path) -> int:
    from streamspace_acceptance.commands.merge import merge  # noqa: PLC0415

    return merge(folders, into)


def _check_profile(profile: str | None) -> int:
    from streamspace_acceptance.commands.profile.run import check  # noqa: PLC0415

    return check(profile)


def _sentences() -> int:
    from streamspace_acceptance.commands.sentences import sentences  # noqa: PLC0415

    return sentences()


def _lint() -> int:
    from streamspace_acceptance.commands.lint.cli import lint  # noqa: PLC0415

    return lint()


_DECIDE = "print the decision of the last run; with --require GO, fail unless it is GO"
_EXPLAIN = "explain a criterion: its limit, its scenarios and the code that judges it"
_VERIFY = "check that a conformance.yaml is complete and agrees with the verdict.json beside it"
_RUN = "run the plan in shards side by side on one target, and make one set of reports"
_SHARDS = "divide the run among several runners, and print what each of them runs"
_MERGE = "make one set of reports, with one decision, from those of all shards"
_PROFILE = "compare a contract profile with the StreamSpace of the settings, without changing anything"
COMMANDS: dict[str, tuple[str, Callable[[], int]]] = {
    "doctor": ("check the environment, with advice for each failed check", _doctor),
    "report": ("write the reports of the last run again, and one HTML file", _report),
    "sweep": ("remove what killed runs left on the target of the settings", _sweep),
    "init": ("write features, steps and settings into the current folder", _init),
    "sentences": ("print the catalogue of sentences that scenarios can use", _sentences),
    "lint": ("check features and steps against the project's rules", _lint),
}


def _say(sentence: str) -> None:
    sys.stderr.write(redact(sentence) + "\n")


def program() -> NoReturn:
    """Run one subcommand as a program of its own, and end it with its status."""
    raise Ended(main())


if __name__ == "__main__":
    program()
