"""The catalogue of sentences in docs/ is the one that `streamspace-acceptance sentences` prints."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.project import PROJECT


@pytest.mark.slow
def test_sentences_page_is_up_to_date() -> None:
    command = [sys.executable, "-m", "streamspace_acceptance.cli", "sentences"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout == (PROJECT / "docs" / "sentences.md").read_text(), (
        "run: streamspace-acceptance sentences > docs/sentences.md"
    )
    assert "not used yet" not in done.stdout
