"""conformance.yaml: what a run shows of a StreamSpace's conformance to the plan, for others to read and verify.

Every value follows from verdict.json, so `streamspace-acceptance verify` can compare both. docs/conformance.md
describes the fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import VERDICTS
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.judgement import NOT_SHOWN, Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult

SCHEMA = "urn:streamspace-acceptance:conformance:1"
PLAN = "StreamSpace v2.0-beta.1 Integration Test Plan"
CORE, EXTENDED = "core", "extended"
"""The parts of the plan: its P0 and its P1 criteria."""
Document = dict[str, Any]


def render(run: RunResult, verdicts: Path) -> str:
    """The file for `run`, of which `verdicts` is the verdict.json."""
    head = "# What this run shows of conformance to the plan. Check it with: streamspace-acceptance verify FILE\n"
    written = yaml.safe_dump(document(run, verdicts), sort_keys=False, allow_unicode=True, width=110)
    return head + written


def document(run: RunResult, verdicts: Path) -> Document:
    """The content of the file, with plain values only."""
    facts, decision = run.environment, decide(run)
    return {
        "schema": SCHEMA,
        "plan": {"title": PLAN, "version": _fact(facts, run_facts.PLAN_VERSION), "criteria": len(list(run.lines()))},
        "suite": {
            "version": _fact(facts, run_facts.SUITE_VERSION),
            "commit": _fact(facts, run_facts.SUITE_COMMIT),
        },
        "product": {
            "name": "StreamSpace",
            "version": _fact(facts, run_facts.PRODUCT_VERSION),
            "kubernetes": _fact(facts, run_facts.KUBERNETES_VERSION),
            "target": _fact(facts, run_facts.TARGET),
        },
        "contract_profile": facts.get(run_facts.PROFILE, "plan"),
        "time_scale": run.time_scale,
        "run": {
            "began": run.began.isoformat(timespec="seconds"),
            "ended": None if run.ended is None else run.ended.isoformat(timespec="seconds"),
            "tester": run.tester,
        },
        "decision": {"word": str(decision.word), "sentence": decision.sentence},
        CORE: _part(list(run.lines("P0")), whole=True),
        EXTENDED: _part(list(run.lines("P1")), whole=False),
        "unsupported": [_named(line) for line in run.lines() if not line.applies],
        "deviations": {
            "accepted": run.accepts_deviations,
            "met": [asdict(deviation) for deviation in run.deviations],
        },
        "reproduce": _reproduce(run),
        "results": {"file": VERDICTS, "sha256": digest(verdicts)},
    }


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _part(lines: Sequence[CriterionResult], *, whole: bool) -> Document:
    """Criteria of one priority: conformant if all are proven; unless `whole`, those that do not apply may lack."""
    applying = [line for line in lines if line.applies]
    proven = [line for line in applying if line.verdict is Verdict.PROVEN]
    failed = [line for line in applying if line.verdict is Verdict.FAILED]
    rest = [line for line in applying if line.verdict in NOT_SHOWN]
    is_shown = proven and len(proven) == len(lines if whole else applying)
    return {
        "result": "not conformant" if failed else "conformant" if is_shown else "incomplete",
        "criteria": len(lines),
        "proven": len(proven),
        "failed": [_named(line) for line in failed],
        "not_shown": [_named(line) for line in rest],
        "unsupported": [line.id for line in lines if not line.applies],
    }


def _named(line: CriterionResult) -> Document:
    return {"id": line.id, "name": line.text, "reason": line.headline}


def _fact(facts: dict[str, str], name: str) -> str:
    return facts.get(name, run_facts.UNKNOWN)


def _reproduce(run: RunResult) -> list[str]:
    """The commands that run the same again, on a checkout of the suite's commit."""
    facts = run.environment
    commit, profile = facts.get(run_facts.SUITE_COMMIT, run_facts.UNKNOWN), facts.get(run_facts.PROFILE)
    checkout = f"git checkout {commit.removesuffix('-dirty')} && make suite"
    version = _fact(facts, run_facts.SUITE_VERSION)
    wheel = f"pip install streamspace_acceptance-{version}-py3-none-any.whl && streamspace-acceptance init"
    namespace = _fact(facts, "Namespace")
    given = [f"export STREAMSPACE_API_URL=... STREAMSPACE_TEST_TOKEN=... KUBECONFIG=... NAMESPACE={namespace}"]
    options = f" -D profile={profile}" if profile else ""
    options += " -D accept-deviations" if run.accepts_deviations else ""
    options += f" {facts[run_facts.OPTIONS]}" if run_facts.OPTIONS in facts else ""
    tests = [test for test in run.tests if test.asked]
    tags = "" if len(tests) == len(run.tests) else " --tags=" + ",".join(f"@test-{test.id}" for test in tests)
    return [
        wheel if commit == run_facts.UNKNOWN else checkout,
        *([] if run.embedded else given),
        f"behave{options}{tags}",
    ]
