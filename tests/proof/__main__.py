"""Run every case of every family of the proof (`make proof`).

It resumes an interrupted proof of the same code. Exit status: 0 if all selected cases are as expected, 1 if not, 2 for
a wrong call, 130 if it was interrupted.
"""

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.proof import breadth, table, weights
from tests.proof.case import Case, Result
from tests.proof.families import all_cases
from tests.proof.lanes import Lanes
from tests.proof.progress import Progress
from tests.proof.results import Results, fingerprint
from tests.proof.selection import NothingSelectedError, only, shard
from tests.support.project import PROJECT
from tests.surroundings import forget_targets

FOLDER = PROJECT / "reports" / "proof"
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _parser().parse_args(arguments)
    if options.counts:
        sys.stdout.write(breadth.describe())
        return 0
    try:
        cases = _selected(options)
    except NothingSelectedError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if options.list:
        sys.stdout.writelines(f"{case.id}\t{','.join(case.criteria) or '-'}\t{case.seconds:.0f} s\n" for case in cases)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell lets its background processes ignore the first
        signal.signal(number, _interrupt)
    forget_targets()
    return _prove(cases, options)


def _selected(options: argparse.Namespace) -> list[Case]:
    cases = only(all_cases(), options.only)
    if options.measured:
        cases = [case for case in cases if weights.is_measured(case.id)]
    return shard(cases, *options.shard) if options.shard else cases


def _prove(cases: Sequence[Case], options: argparse.Namespace) -> int:
    code = fingerprint()
    results = Results(options.folder / "results", code)
    if options.fresh:
        for case in cases:
            results.forget(case.id)
    found = {case.id: kept for case in cases if (kept := results.read(case.id)) is not None}
    try:
        _run([case for case in cases if case.id not in found], results, found, options)
        is_stopped = False
    except KeyboardInterrupt:
        is_stopped = True
        sys.stdout.write("Stopped; the same command goes on from here.\n")
    table.write(options.folder, cases, found, code)
    if options.record_weights:
        weights.record(result for result in found.values() if result.is_as_expected)
    red = [result for result in found.values() if not result.is_as_expected]
    sys.stdout.writelines(f"FAILED {result.id} - {'; '.join(result.outcome.problems)}\n" for result in red)
    sys.stdout.write(f"{options.folder / 'proof.md'}\n{len(found) - len(red)} passed, {len(red)} failed\n")
    return STOPPED if is_stopped else int(bool(red))


def _run(cases: Sequence[Case], results: Results, found: dict[str, Result], options: argparse.Namespace) -> None:
    progress = Progress(cases)
    progress.start(list(found.values()))

    def report(result: Result) -> None:
        results.write(result)
        found[result.id] = result
        progress.tell(result)

    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        Lanes(cases, Path(folder), report, busy=options.lanes).run()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _shard(text: str) -> tuple[int, int]:
    written = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
    if not written or int(written[1]) > int(written[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2/4")
    return int(written[1]), int(written[2])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    add = parser.add_argument
    about = "a family, a case's name, a criterion or a test of the plan; may be repeated"
    add("--only", action="append", default=[], metavar="WORD", help=about)
    add("--measured", action="store_true", help="only cases with a recorded time, which were as expected before")
    add("--shard", type=_shard, metavar="I/N", help="part I of N parts of about the same weight")
    add("--fresh", action="store_true", help="run the selected cases again, without kept results")
    add("--list", action="store_true", help="print the selected cases and run none")
    add("--counts", action="store_true", help="print the number of defects for each criterion, and run none")
    add("--lanes", type=int, default=2, help="number of busy cases that run side by side (default: %(default)s)")
    add("--folder", type=Path, default=FOLDER, help="folder for the table and the results (default: reports/proof)")
    add("--record-weights", action="store_true", help="write the measured seconds into weights.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
