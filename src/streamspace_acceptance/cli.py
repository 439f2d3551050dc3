"""streamspace-acceptance: what is beside `behave` itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from streamspace_acceptance.lint.cli import lint
from streamspace_acceptance.reporting import html
from streamspace_acceptance.safety.beginning import sweep_now
from streamspace_acceptance.verdict.outcomes import SetupProblem


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 when all is well, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="streamspace-acceptance",
        description="The tests themselves are run by `behave`; this is what is beside them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("report", help="make one HTML file of the last run and print where it is")
    commands.add_parser("sweep", help="remove what killed runs left on the target that the settings name")
    commands.add_parser("lint", help="hold features and steps to the house's rules")
    chosen = parser.parse_args(arguments)
    try:
        return _COMMANDS[chosen.command]()
    except SetupProblem as problem:
        sys.stderr.write(problem.sentence + "\n")
        return 1


def _report() -> int:
    sys.stdout.write(f"The report is {html.build().resolve()}: open it in a browser.\n")
    return 0


_COMMANDS: dict[str, Callable[[], int]] = {"report": _report, "lint": lint, "sweep": sweep_now}


if __name__ == "__main__":
    sys.exit(main())
