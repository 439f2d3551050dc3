"""`streamspace-acceptance run -j N`: a run in N shards side by side on one target, with one set of reports."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from streamspace_acceptance.commands.merge import merge
from streamspace_acceptance.commands.shards import used
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target.target import start_embedded, stop_embedded
from streamspace_acceptance.verdict.selection import check_options
from streamspace_acceptance.verdict.shards import OPTION, Shard

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(count: int, tags: Sequence[str], options: Sequence[str]) -> int:
    """Run the shards, the exclusive one after the others, and merge them. The exit status is that of `merge`."""
    given = dict(option.partition("=")[::2] for option in options)
    check_options(given)
    shards = used(count, tags)
    settings = Settings.from_environment(options=given)
    folders = {shard: settings.reports.with_name(f"{settings.reports.name}-shard-{shard.number}") for shard in shards}
    running = _Running()
    with running.signals_forwarded(), _target(settings, alone=len(shards) == 1) as variables:
        for folder in (settings.reports, *folders.values()):
            write_reports.begin(ReportFolder(folder))  # else an earlier run's results pass for those of a lost shard
        for together in (
            [shard for shard in shards if not shard.exclusive],
            [shard for shard in shards if shard.exclusive],
        ):
            if not running.is_interrupted:
                running.run({shard: _command(shard, tags, options) for shard in together}, folders, variables)
    return merge(list(folders.values()), settings.reports)


@contextmanager
def _target(settings: Settings, *, alone: bool) -> Iterator[dict[str, str]]:
    """The variables of the target that all shards test: a given one, or an embedded one that ends with the run."""
    if not settings.embedded:
        if not alone and settings.shared_namespace is None:
            raise SetupProblem(
                "Each shard sees the sessions of the others: set "
                f"STREAMSPACE_SHARED_NAMESPACE={settings.namespace} if nobody else works there."
            )
        yield {}
        return
    name = f"run-{os.getpid()}"
    try:
        variables = start_embedded(name, settings.profile)
        namespace = Settings.from_environment(variables).namespace
        yield variables | {"STREAMSPACE_SHARED_NAMESPACE": namespace}
    finally:
        stop_embedded(name)


def _command(shard: Shard, tags: Sequence[str], options: Sequence[str]) -> list[str]:
    beside = Path(sys.executable).with_name("behave")
    behave = str(beside) if beside.exists() else shutil.which("behave") or "behave"
    return [
        behave,
        "-D",
        f"{OPTION}={shard}",
        *(f"--tags={tag}" for tag in tags),
        *(part for option in options for part in ("-D", option)),
    ]


class _Running:
    """The shards that run. A signal reaches each of them once, and no further one begins."""

    def __init__(self) -> None:
        self.is_interrupted = False
        self._processes: list[subprocess.Popen[str]] = []

    def run(
        self, commands: Mapping[Shard, Sequence[str]], folders: Mapping[Shard, Path], variables: Mapping[str, str]
    ) -> None:
        """Run them side by side, each line of theirs with the shard's number, until all have ended."""
        readers = []
        for shard, command in commands.items():
            if self.is_interrupted:
                break
            # Unbuffered: else a line shows when a few hundred have come.
            own = {"STREAMSPACE_REPORTS": str(folders[shard]), "PYTHONUNBUFFERED": "1"}
            # In a session of its own: the terminal's Ctrl-C would reach it besides the signal from here.
            process = subprocess.Popen(
                command,
                env=os.environ | variables | own,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._processes.append(process)
            readers.append(threading.Thread(target=_show, args=(shard, process), name=f"shard {shard}"))
            readers[-1].start()
        for reader in readers:
            reader.join()
        for process in self._processes:
            process.wait()
        self._processes.clear()

    @contextmanager
    def signals_forwarded(self) -> Iterator[None]:
        """Signals go to the shards, which clean up; without shards they end this process as usual."""
        earlier = {number: signal.signal(number, self._forward) for number in FORWARDED}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self.is_interrupted = True
        if not self._processes:
            raise KeyboardInterrupt
        for process in self._processes:
            process.send_signal(number)


def _show(shard: Shard, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None, "it was asked for"  # noqa: S101
    with process.stdout as lines:  # closed also when nobody reads this process's output: the shard would wait for ever
        for line in lines:
            sys.stdout.write(redact(f"[{shard}] {line.rstrip()}") + "\n")
            sys.stdout.flush()
