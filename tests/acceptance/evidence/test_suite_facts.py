"""Facts about the suite itself: by which commit a run was made."""

from __future__ import annotations

import re
from pathlib import Path

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.run_evidence import RunEvidence


def test_run_facts_name_the_commit_of_the_suite(tmp_path: Path) -> None:
    facts = run_facts.of_run(RunEvidence(tmp_path))
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", facts[run_facts.SUITE_COMMIT])
    assert facts[run_facts.PLAN_VERSION]
