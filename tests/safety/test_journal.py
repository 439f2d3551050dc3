"""What is on record is on disk as a whole or not at all, and what is not on record is not begun. In process."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamspace_acceptance import journal, lock_files
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import guard
from tests.acceptance.disruption.test_disruptions import Breakage

HERE = {"namespace_uid": "here", "api_url": "http://x", "namespace": "n"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "streamspace-acceptance"


@contextmanager
def room_for(more: int, path: Path) -> Iterator[None]:
    """The file may grow by so many bytes and no further, as on a disk that is full: the last write is a part of one."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_nothing_is_begun_that_the_disk_has_no_room_for() -> None:
    with journal.keep(HERE) as own:
        broken, disruptions = Breakage("a"), Disruptions()
        with (
            room_for(20, own.path),
            pytest.raises(lock_files.RecordError, match=r"changes nothing that it cannot record: free some space"),
        ):
            disruptions.apply(broken)
        disruptions.revert_all()
        assert broken.story == []
        assert len(lines(own.path)) == 1  # nothing is there of the part that had room
        disruptions.apply(broken)
        assert broken.story == ["apply a"]
        assert [line["intent"] for line in lines(own.path)[1:]] == [2]  # type: ignore[index]
        disruptions.revert_all()
    assert journal.all_paths() == []


def test_what_is_undone_on_a_full_disk_is_looked_for_once_more() -> None:
    with journal.keep(HERE) as own:
        entry = journal.record_intent("session")
        with room_for(5, own.path), pytest.raises(lock_files.RecordError):
            journal.record_revert(entry)
        own.path.rename(own.path.with_suffix(".kept"))  # the run would take it away: nothing is left
    (path,) = lock_files.paths("kept")
    with journal.acquire_stale(path) as left:
        assert left is not None
        with room_for(5, path), pytest.raises(lock_files.RecordError):
            left.record_revert(left.entries[0])
        assert len(left.entries) == 1
        left.record_revert(left.entries[0])
    with journal.acquire_stale(path) as left:
        assert left is not None
        assert left.entries == []


@pytest.mark.parametrize(
    "torn",
    [
        b'{"intent": 3, "ki',
        b"\xff\xfe\x00",
        b"\0" * 512,
        b'{"outcome": 9, "id": "x"}\n',
        b'{"undone": 9}\n',
        b"[1]\n",
        b"7",
    ],
    ids=["torn", "no text", "zeros", "an outcome of nothing", "an end of nothing", "a list", "a number"],
)
def test_a_garbled_line_says_nothing_and_hides_nothing(torn: bytes) -> None:
    with journal.keep(HERE) as own:
        journal.record_outcome(journal.record_intent("session", user="u"), id="s-1")
        journal.record_intent("disruption", kind="cut")
    with own.path.open("ab") as file:
        file.write(torn)
    for open_ones in (["session", "disruption"], ["disruption"]):
        with journal.acquire_stale(own.path) as left:
            assert left is not None
            assert left.target == HERE
            assert [entry.kind for entry in left.entries] == open_ones
            if len(open_ones) > 1:
                assert left.entries[0].outcome == {"id": "s-1"}
                left.record_revert(left.entries[0])


def test_no_folder_to_write_to_is_told_before_anything_begins(state: Path) -> None:
    state.parent.mkdir(exist_ok=True)
    state.write_text("a file")
    with pytest.raises(lock_files.RecordError, match="XDG_STATE_HOME"), journal.keep(HERE):
        pytest.fail("it must not begin")


def test_what_was_killed_before_it_was_seen_goes_in_time(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "old.new").touch()
    (state / "young.new").touch()
    long_ago = time.time() - lock_files.BEGUN_SECONDS - 1
    os.utime(state / "old.new", (long_ago, long_ago))
    with journal.keep(HERE) as own:
        assert {path.name for path in state.iterdir()} == {"young.new", own.path.name}


def test_two_runs_at_once_on_one_target_only_where_that_was_said() -> None:
    alone, shared = (
        Settings.from_environment({"NAMESPACE": "n", "STREAMSPACE_SHARED_NAMESPACE": name}) for name in ("", "n")
    )
    elsewhere = lock_files.LockedFile(journal.KIND, {"target": {"namespace_uid": "there"}})
    with journal.keep(HERE) as own:
        assert journal.active(HERE) == []
        guard.check_no_other_run(alone, journal.active(HERE))
        other = lock_files.LockedFile(journal.KIND, {"target": HERE})
        assert journal.active(HERE) == [other.path]
        with pytest.raises(SetupProblem, match=f"Another run uses namespace n.*{other.path.name}.*wait until it ends"):
            guard.check_no_other_run(alone, journal.active(HERE))
        guard.check_no_other_run(shared, journal.active(HERE))
        other.close()
        assert journal.active(HERE) == []  # a dead one is the sweep's
        assert own.path.exists()
    elsewhere.close()
