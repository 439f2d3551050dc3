"""`streamspace-acceptance lint`."""

from __future__ import annotations

import sys
from pathlib import Path

import streamspace_acceptance
from streamspace_acceptance.commands.lint.code import check_loop_variables, check_pauses, check_steps
from streamspace_acceptance.commands.lint.features import check_features
from streamspace_acceptance.commands.lint.figures import check_figures
from streamspace_acceptance.commands.lint.register import check_register, without_sentence
from streamspace_acceptance.commands.lint.sentences import check_sentences
from streamspace_acceptance.commands.lint.wording import check_wording
from streamspace_acceptance.verdict.register import REGISTER, Register

FEATURES, STEPS = Path("features"), Path("steps")
SOURCES, TESTS = Path("src"), Path("tests")


def lint() -> int:
    """Print every broken rule of this checkout; 1 when there is one."""
    plan = Register.load(REGISTER)
    package = Path(streamspace_acceptance.__file__).parent
    findings = [
        *check_register(REGISTER, plan),
        *check_figures(REGISTER, plan),
        *check_features(FEATURES, plan),
        *check_sentences(FEATURES, STEPS),
        *check_steps(STEPS),
        *check_pauses(package, allowed=package / "clock.py"),
        *check_loop_variables(SOURCES, STEPS, TESTS),
        *check_wording(Path()),
    ]
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    features = len(list(FEATURES.rglob("*.feature")))
    pending = len(without_sentence(plan))
    sys.stdout.write(f"{features} features: {len(findings)} findings; {pending} criteria have no sentence yet\n")
    return 1 if findings else 0
