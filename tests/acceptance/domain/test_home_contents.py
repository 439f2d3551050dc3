"""Files of several kinds in a home: what is kept is told from what is lost, or comes back."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.domain.sessions import home_contents


class _Here:
    """A pod that is this machine."""

    def execute(self, _pod: object, command: list[str]) -> ExecResult:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return ExecResult(done.stdout, done.stderr, done.returncode)


HERE, POD = cast("Any", _Here()), cast("Any", None)
RIGHTS, ME = "rights of a private file's owner and others", os.getuid()


def test_home_as_it_was_saved_does_not_differ(tmp_path: Path) -> None:
    folder = str(tmp_path / "a folder")
    first = home_contents.save(HERE, POD, folder, "mark")
    assert "a file that every second save deletes is there: yes" in first
    assert home_contents.differences(first, home_contents.tell(HERE, POD, folder)) == []
    second = home_contents.save(HERE, POD, folder, "another mark")
    assert home_contents.differences(first, second) == [
        "a file with an accent in its name says: another mark, not mark",
        "a file that every second save deletes is there: no, not yes",
    ]


def _followed(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").write_text("#!/bin/sh\n")


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda folder: (folder / "empty").unlink(), "an empty file is there, has content: no, no, not yes, no"),
        (lambda folder: (folder / "program").chmod(0o644), "a program may be run: no, not yes"),
        (lambda folder: (folder / "plain").chmod(0o755), "a plain file may be run: yes, not no"),
        (_followed, "a link leads to: nothing, not program"),
        (lambda folder: (folder / "empty folder").rmdir(), "an empty folder is there: no, not yes"),
        (lambda folder: (folder / "private").chmod(0o604), f"{RIGHTS}: rw-r-- of user {ME}, not rw---- of user {ME}"),
        (lambda folder: (folder / "deleted").touch(), "a file that every second save deletes is there: yes, not no"),
        (lambda folder: (folder / "many files" / "77").unlink(), "of a hundred files there are: 99, not 100"),
        (
            lambda folder: (folder / "naïve").rename(folder / "naive"),
            "a file with an accent in its name says: nothing, not mark",
        ),
    ],
)
def test_home_that_lost_a_kind_of_file_differs(tmp_path: Path, happens: Callable[[Path], object], says: str) -> None:
    home_contents.save(HERE, POD, str(tmp_path), "mark")
    saved = home_contents.save(HERE, POD, str(tmp_path), "mark")
    happens(tmp_path)
    assert home_contents.differences(saved, home_contents.tell(HERE, POD, str(tmp_path))) == [says]


def test_home_whose_group_changed_does_not_differ(tmp_path: Path) -> None:
    saved = home_contents.save(HERE, POD, str(tmp_path), "mark")
    (tmp_path / "private").chmod(0o660)  # as a node does it that gives a volume to the pod's group (fsGroup)
    assert home_contents.differences(saved, home_contents.tell(HERE, POD, str(tmp_path))) == []


def test_home_without_the_folder_differs_in_everything(tmp_path: Path) -> None:
    saved = home_contents.save(HERE, POD, str(tmp_path / "kinds"), "mark")
    found = home_contents.tell(HERE, POD, str(tmp_path / "elsewhere"))
    assert len(home_contents.differences(saved, found)) == len(saved.splitlines())


def test_rows_show_each_kind_as_saved_and_as_found() -> None:
    rows = home_contents.rows("a link leads to: program\nempty: yes", "a link leads to: nothing\nmore: 1")
    assert rows == [("a link leads to", "program", "nothing"), ("empty", "yes", "nothing"), ("more", "nothing", "1")]
