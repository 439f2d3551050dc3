"""A large file in a home: one that is kept, one that is garbled, and a home that does not take it."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.domain.sessions import home
from streamspace_acceptance.domain.sessions.home import SavedFile
from streamspace_acceptance.outcomes import Unmet
from tests.support.samples import pod

POD = pod()


def _session(folder: Path, trouble: ExecResult | None = None) -> Any:
    """A session whose pod is this machine; `trouble`: what comes of the attempt to save a large file."""

    def execute(_pod: object, command: list[str], *, seconds: float = 10.0) -> ExecResult:
        if trouble is not None and home.LARGE_FILE in command:
            return trouble
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
        return ExecResult(done.stdout, done.stderr, done.returncode)

    profile = SimpleNamespace(home=str(folder))
    return cast("Any", SimpleNamespace(api=SimpleNamespace(profile=profile), cluster=SimpleNamespace(execute=execute)))


def _saved(folder: Path, trouble: ExecResult | None = None) -> tuple[Any, SavedFile]:
    session = _session(folder, trouble)
    return session, home.save(session, POD, "test.txt", "test data")


def test_home_as_it_was_saved_is_kept(tmp_path: Path) -> None:
    session, saved = _saved(tmp_path)
    expect.homes.saved(saved, home.find(session, POD, saved))
    assert home.is_kept(session, POD, saved)


@pytest.mark.parametrize("at", [0, home.LARGE_BYTES // 2, home.LARGE_BYTES])
def test_large_file_of_which_a_byte_changed_is_not_kept(tmp_path: Path, at: int) -> None:
    session, saved = _saved(tmp_path)
    with Path(saved.large_path).open("r+b") as file:
        file.seek(at)
        file.write(b"\0")
    assert not home.is_kept(session, POD, saved)
    with pytest.raises(Unmet, match="checksum and bytes"):
        expect.homes.kept(saved, home.find(session, POD, saved))


def test_home_without_room_for_a_large_file_is_told(tmp_path: Path) -> None:
    session, saved = _saved(tmp_path, ExecResult("", "head: No space left on device", 1))
    with pytest.raises(Unmet, match="No space left on device"):
        expect.homes.saved(saved, home.find(session, POD, saved))


def test_desktop_without_the_program_saves_no_large_file(tmp_path: Path) -> None:
    session, saved = _saved(tmp_path, ExecResult("", "yes: not found", 127))
    expect.homes.saved(saved, home.find(session, POD, saved))
