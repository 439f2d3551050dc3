"""The healthy run sees when a criterion's evidence shows nothing."""

from pathlib import Path

import pytest
from PIL import Image

from tests.proof.families.healthy import without_proof
from tests.proof.running import Run


def run(*files: Path) -> Run:
    return Run(0, "", {"1.2-1": "PROVEN"}, {}, set(), {}, {"1.2-1": list(files)})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("pod,Ready\na,1/1\n", None),
        ("pod,Ready\n", "a table without rows"),
        ("address,answer\nws://x?token=[redacted] refused\n", "different lengths"),
    ],
)
def test_table_of_evidence_has_rows_of_one_length(tmp_path: Path, text: str, fault: str | None) -> None:
    table = tmp_path / "pods.csv"
    table.write_text(text)
    problems = without_proof(run(table))
    assert [fault in problem for problem in problems if fault] == ([True] if fault else [])
    assert bool(problems) is bool(fault)


def test_picture_of_evidence_has_more_than_one_colour(tmp_path: Path) -> None:
    picture = tmp_path / "desktop.png"
    Image.new("RGB", (10, 10), "white").save(picture)
    assert "a picture of one colour" in without_proof(run(picture))[0]


def test_criterion_without_evidence_is_named() -> None:
    assert "nothing but waits: 1.2-1" in without_proof(run())[0]
