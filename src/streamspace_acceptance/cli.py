"""The commands of `streamspace-acceptance`; `behave` itself runs the tests."""

from __future__ import annotations

import argparse
import select
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
CUT_OFF = 128 + signal.SIGPIPE
"""The exit status if nobody reads the rest of the output, as in shells."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 success, 1 failure, 2 invalid input (nothing was done), INTERRUPTED, CUT_OFF."""
    given = _parser().parse_args(arguments)
    return run(lambda: given.run(given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Checks, reports and maintenance beside `behave`, which runs the tests."
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {version(NAME)}")
    shtab.add_argument_to(parser, help="print a script that completes the commands in this shell")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, description: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=description, description=f"{description[0].upper()}{description[1:]}.")
        command.set_defaults(run=run)
        return command

    add("doctor", "check the environment, with advice for each failed check", _doctor)
    add("report", "write the reports of the last run again, and report.html", _report)
    decide = add("decide", "print the decision of the last run", _decide)
    decide.add_argument(
        "--require", choices=[str(word) for word in DecisionWord], help="exit with 1 for any other decision"
    )
    verify = add("verify", "check a conformance.yaml against the verdict.json beside it", _verify)
    verify.add_argument("file", type=Path, help="the conformance.yaml")
    sweep = add("sweep", "remove what killed runs left on the target of the settings", _sweep)
    sweep.add_argument("--forget", action="store_true", help="drop the records of targets that no longer exist")
    run = add("run", "run shards side by side on one target, and merge their reports", _run_in_shards)
    run.add_argument("-j", "--jobs", type=int, required=True, help="number of shards; the last one runs alone")
    run.add_argument("--tags", action="append", default=[], help="as for behave")
    run.add_argument("-D", dest="options", action="append", default=[], metavar="NAME=VALUE", help="as for behave")
    shards = add("shards", "divide a run among several runners, and print each one's command", _shards)
    shards.add_argument("count", type=int, nargs="?", help="number of runners")
    shards.add_argument("--tags", action="append", default=[], help="as for behave, and the same for each shard")
    shards.add_argument("--json", action="store_true", help="print a matrix for a CI system")
    shards.add_argument("--record", action="store_true", help=f"write {DURATIONS} from the last run")
    merge = add("merge", "merge the reports of all shards into one set", _merge)
    merge.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the reports of a shard")
    merge.add_argument("--into", type=Path, required=True, metavar="DIR", help="folder for the merged reports")
    profile = add("profile", "compare a contract profile with the StreamSpace of the settings", _check_profile)
    check = profile.add_subparsers(required=True, metavar="COMMAND").add_parser("check", help="print each difference")
    check.add_argument("profile", nargs="?", help="a built-in profile or a file (default: STREAMSPACE_PROFILE)")
    explain = add("explain", "explain a criterion: its limit, its scenarios and the code that judges it", _explain)
    explain.add_argument("criterion", help="an id of plan/criteria.toml, such as 1.1e-5")
    add("sentences", "print all sentences that scenarios can use", _sentences)
    add("lint", "check features and steps against the project's rules", _lint)
    add("init", "write features, steps and settings into the current folder", _init)
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
    except BrokenPipeError:
        if not _is_cut_off():
            raise
        return CUT_OFF


def _is_cut_off() -> bool:
    """Whether nobody reads standard output any more, as after `| head`; a connection may have broken as well."""
    output = select.poll()
    output.register(sys.stdout, select.POLLOUT)
    return any(event & select.POLLERR for _, event in output.poll(0))


def _report(_given: argparse.Namespace) -> int:
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


def _decide(given: argparse.Namespace) -> int:
    """Print the last run's decision; 1 if another one is required."""
    folder = ReportFolder(Settings.from_environment().reports)
    killed_runs.complete(_say)
    try:
        decision = decide(read(folder.verdicts))
    except VerdictFileError as error:
        raise SetupProblem(f"There is no decision: {error}. Run `behave` first.") from error
    sys.stdout.write(f"{redact(decision.sentence)}\n")
    return int(given.require is not None and decision.word != given.require)


# Each command imports only what it needs: the clients of product, cluster and browser take over a second.


def _sweep(given: argparse.Namespace) -> int:
    from streamspace_acceptance.target.run_start import forget_now, sweep_now  # noqa: PLC0415

    if given.forget:
        return forget_now()
    killed_runs.complete(_say)
    return sweep_now()


def _doctor(_given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.doctor.run import doctor  # noqa: PLC0415

    return doctor()


def _init(_given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.init.init import init  # noqa: PLC0415

    return init()


def _explain(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.explain import explain  # noqa: PLC0415

    return explain(given.criterion)


def _verify(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.verify import verify  # noqa: PLC0415

    return verify(given.file)


def _shards(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands import shards  # noqa: PLC0415

    if given.record:
        return shards.record()
    if given.count is None or given.count < 1:
        raise SetupProblem("Set the number of runners: `streamspace-acceptance shards 3`.")
    return shards.show(given.count, given.tags, as_json=given.json)


def _run_in_shards(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands import parallel  # noqa: PLC0415

    if given.jobs < 1:
        raise SetupProblem("Set the number of shards: `streamspace-acceptance run -j 3`.")
    return parallel.run(given.jobs, given.tags, given.options)


def _merge(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.merge import merge  # noqa: PLC0415

    return merge(given.folders, given.into)


def _check_profile(given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.profile.run import check  # noqa: PLC0415

    return check(given.profile)


def _sentences(_given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.sentences import sentences  # noqa: PLC0415

    return sentences()


def _lint(_given: argparse.Namespace) -> int:
    from streamspace_acceptance.commands.lint.cli import lint  # noqa: PLC0415

    return lint()


def _say(sentence: str) -> None:
    sys.stderr.write(redact(sentence) + "\n")


def program() -> NoReturn:
    """Run one command, and end the process with its status."""
    raise Ended(main())


if __name__ == "__main__":
    program()
