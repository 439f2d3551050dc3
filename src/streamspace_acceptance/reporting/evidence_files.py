"""The attachments once more, under names that tell what they show: `evidence/1.1a/1.1a-1-answer.txt`.

The Markdown reports, JUnit and verdict.json name these. Allure needs its own names, which must be unique in one folder.
Both are the same file on disk where the file system has hard links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.attachments import WAITS
from streamspace_acceptance.evidence.report_folder import EVIDENCE, RESULTS, ReportFolder
from streamspace_acceptance.verdict.scenario_result import Json

BEYOND, OF_THE_RUN = "beyond-the-plan", "run"
"""Folders for attachments that belong to no test."""
_LONGEST = 80
_OTHER = re.compile(r"[^a-z0-9.]+")


class EvidenceFiles:
    """The telling names of one run in `folder`."""

    def __init__(self, folder: ReportFolder) -> None:
        self._folder = folder
        self._linked: dict[str, str] = {}

    def publish(self, document: Json) -> None:
        """Give each attachment in `document` its `path`, and put the file there. Criteria then name these paths."""
        taken: set[str] = set()
        paths: dict[str, str] = {}
        for prefix, attachment in _attachments(document):
            path = _free(prefix, attachment, taken)
            taken.add(path)
            paths[attachment.get("path", "")] = paths[f"{RESULTS}/{attachment['file']}"] = path
            attachment["path"] = path
            self._link(attachment["file"], path)
        for line in document["criteria"]:
            if "evidence" in line:
                line["evidence"] = [paths.get(named, named) for named in line["evidence"]]

    def _link(self, file: str, path: str) -> None:
        source, target = self._folder.results / file, self._folder.path / path
        if self._linked.get(path) == file or not source.exists():  # `verify` names a file that somebody has removed
            return
        files.link(source, target)
        self._linked[path] = file


def _attachments(document: Json) -> Iterator[tuple[str, Json]]:
    """Each attachment but the timelines of waits, with the beginning of its path."""
    for scenario in document["scenarios"]:
        folder = f"{EVIDENCE}/{scenario['test'] or BEYOND}/"
        example = next(iter(scenario["examples"].values()), "")
        owners = [(step["criterion"], step["attachments"]) for step in scenario["steps"]]
        for criterion, attachments in [*owners, (None, scenario["attachments"])]:
            parts = [criterion, example and _slug(example)]
            prefix = folder + "".join(f"{part}-" for part in parts if part)
            yield from ((prefix, attachment) for attachment in attachments if attachment["name"] != WAITS)
    yield from ((f"{EVIDENCE}/{OF_THE_RUN}/", attachment) for attachment in document["attachments"])


def _free(prefix: str, attachment: Json, taken: set[str]) -> str:
    """The path of an attachment, with a number if others have the same name."""
    suffix = Path(attachment["file"]).suffix
    name = prefix + (_slug(attachment["name"].removesuffix(suffix)) or "attachment")
    number, path = 1, f"{name}{suffix}"
    while path in taken:
        number += 1
        path = f"{name}-{number}{suffix}"
    return path


def _slug(text: str) -> str:
    """Text as a part of a file name: lower case, letters, digits and dots, with a hyphen for anything else."""
    return _OTHER.sub("-", text.lower())[:_LONGEST].strip("-.")
