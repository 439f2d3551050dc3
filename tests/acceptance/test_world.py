"""A failure is looked at once more with all that a scenario knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.domain.sessions import lost_pods, missing_images
from streamspace_acceptance.evidence.run_evidence import RunEvidence, collected
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.verdict.register import Criterion, Register, Test
from streamspace_acceptance.waiting import Recording
from streamspace_acceptance.world import World
from tests.support.samples import pod_json

TOLD = "s-1: the API says 404 while pod s-1-x Running 1/1"


def failure(actual: str) -> Unmet:
    return Unmet("session s-1", expected="Running", actual=actual, likely="x", timeline="+0.0 s Running")


def scenario(held: bool = True, deleted: str = "") -> Any:
    def check_held() -> None:
        if not held:
            raise ClusterError("somebody set spec.replicas back")

    disruptions = SimpleNamespace(check_held=check_held)
    told, registry = (lambda: iter([TOLD])), SimpleNamespace(sessions=[])
    world: Any = SimpleNamespace(
        disruptions=disruptions,
        registry=registry,
        _contradictions=told,
        _deleted=lambda: deleted,
        _run=run(None, []),
    )
    world._told_in_full = partial(World._told_in_full, world)
    world._gone = lambda _: ""
    return world


def run(crash: str | None, troubles: list[str]) -> Any:
    outages = SimpleNamespace(explain=lambda _: crash, note_trouble=lambda: troubles.append("a step did not pass"))
    return SimpleNamespace(outages=outages)


def test_failure_of_a_forgotten_session_tells_of_its_pod() -> None:
    found = World.reconsider(scenario(), failure("not listed for 12.0 s"))
    assert isinstance(found, Unmet)
    assert found.actual == f"not listed for 12.0 s; {TOLD}"
    assert found.timeline == "+0.0 s Running"


def test_failure_for_an_image_that_the_cluster_lacks_is_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    world = scenario()
    lacking = failure("Pending for 12.0 s; pod s-1-x Pending 0/1 (ErrImagePull: no such host)")
    monkeypatch.setattr(missing_images, "find", lambda _: "the cluster cannot get the image")
    found = World.reconsider(world, lacking)
    assert isinstance(found, Unproven)
    assert found.reason == "the cluster cannot get the image"
    monkeypatch.setattr(missing_images, "find", lambda _: None)
    assert World.reconsider(world, lacking) is lacking


@pytest.mark.parametrize(
    ("cpu", "words", "said", "excused"),
    [
        ("500m", "0/1 nodes are available: 1 Insufficient cpu.", {"cpu": "500m", "memory": "1Gi"}, True),
        ("520m", "0/1 nodes are available: 1 Too many pods.", {"cpu": "500m", "memory": "1Gi"}, True),
        ("5", "0/1 nodes are available: 1 Insufficient cpu.", {"cpu": "500m", "memory": "1Gi"}, False),
        ("500m", "0/2 nodes are available: 2 node(s) were unschedulable.", {"cpu": "500m", "memory": "1Gi"}, True),
        ("5", "0/2 nodes are available: 2 node(s) were unschedulable.", {"cpu": "500m", "memory": "1Gi"}, False),
        ("500m", "pod has unbound immediate PersistentVolumeClaims", {"cpu": "500m", "memory": "1Gi"}, False),
        ("500m", "0/1 nodes are available: 1 Insufficient cpu.", {}, False),
    ],
    ids=["full", "many pods", "asks for more", "cordoned", "asks for more of those", "no volume", "nothing said"],
)
def test_session_without_room_on_any_node_is_unproven(
    cpu: str, words: str, said: dict[str, str], excused: bool
) -> None:
    raw = pod_json(phase="Pending", ready=False, started=False, node=None)
    raw["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu, "memory": "1Gi"}}
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    raw["status"]["conditions"].append(condition)
    session = SimpleNamespace(
        id="s-1",
        subject="session s-1",
        listed_pods=lambda: [Pod.of(raw)],
        changes=Recording(),
        cluster=SimpleNamespace(events=list, claims=list),
        api=SimpleNamespace(session=lambda _: {"resources": said}),
    )
    world = scenario()
    world.registry.sessions = [session]
    found = World.reconsider(world, failure("Pending for 12.0 s"))
    assert isinstance(found, Unproven) is excused
    assert not excused or words in str(found)
    other = Unmet("session s-2", expected="Running", actual="Pending", likely="x")
    assert World.reconsider(world, other) is other
    cut_short = Unproven("3 in a row failed, so this one was given 4 s alone")
    cut_short.__cause__ = failure("Pending for 4.0 s")
    told = World.reconsider(world, cut_short)
    assert (words in str(told)) if excused else told is cut_short


@pytest.mark.parametrize(
    ("subject", "former", "is_told"),
    [
        ("session s-1, desktop", frozenset(), True),
        ("the page in the browser, used again after 11.1 s", frozenset(), True),
        ("session s-1, desktop", frozenset({"uid-1"}), False),
        ("session s-1", frozenset(), False),
    ],
    ids=["desktop", "page", "ended by the suite", "no desktop"],
)
def test_desktop_whose_pod_is_gone_tells_so(
    monkeypatch: pytest.MonkeyPatch, subject: str, former: frozenset[str], is_told: bool
) -> None:
    world, unmet = scenario(), failure("no noVNC screen").with_parts(subject=subject)
    world.results = SimpleNamespace(find=lambda _: SimpleNamespace(former=former, session="s-1"))
    world._gone = partial(World._gone, world)
    monkeypatch.setattr(lost_pods, "gone", lambda _: "its pod s-1-x was deleted meanwhile")
    found = World.reconsider(world, unmet)
    assert isinstance(found, Unmet)
    assert found.likely == ("its pod s-1-x was deleted meanwhile; x" if is_told else "x")
    assert found.actual == "no noVNC screen"


def test_error_in_a_pod_that_was_taken_away_is_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ClusterError("exec in pod s-1-x: Handshake status 404 Not Found")
    assert World.reconsider(scenario(), lost) is lost
    monkeypatch.setattr(lost_pods, "find", lambda _: "its pod s-1-x was taken away")
    assert str(World.reconsider(scenario(), lost)) == "its pod s-1-x was taken away"


def test_any_other_failure_stays_as_it_is() -> None:
    unmet = failure("Pending for 12.0 s")
    assert World.reconsider(scenario(), unmet) is unmet


def test_failure_under_a_disruption_taken_back_is_an_error() -> None:
    with pytest.raises(ClusterError, match="somebody set"):
        World.reconsider(scenario(held=False), failure("Pending for 12.0 s"))


@pytest.mark.parametrize("error", [failure("Pending for 12.0 s"), NoAnswer("GET /sessions: refused")])
def test_failure_beside_a_deleted_pod_of_the_product_is_unproven(error: Exception) -> None:
    found = World.reconsider(scenario(deleted="pod streamspace-api-1 was deleted"), error)
    assert isinstance(found, Unproven)
    assert found.reason.startswith("pod streamspace-api-1 was deleted")
    with pytest.raises(ClusterError, match="somebody set"):
        World.reconsider(scenario(held=False, deleted="an agent was deleted"), failure("Pending for 12.0 s"))


@pytest.mark.parametrize(("rollout", "told"), [(None, "pod a was deleted"), ("its scripts", "")])
def test_pods_that_the_scenario_itself_replaced_excuse_nothing(rollout: object, told: str) -> None:
    world: Any = World.__new__(World)
    relied = SimpleNamespace(deleted=lambda: "pod a was deleted")
    world.__dict__ |= {"deployment": SimpleNamespace(rollout=rollout), "results": {ReliedPods: relied}}
    assert world._deleted() == told


def test_no_answer_after_a_crash_is_unproven() -> None:
    def within_a_run(crash: str | None) -> Any:
        return SimpleNamespace(_run=run(crash, []), _deleted=lambda: "")

    refused = NoAnswer("GET /sessions: refused")
    found = World.reconsider(within_a_run("a server crashed: panic"), refused)
    assert isinstance(found, Unproven)
    assert found.reason == "a server crashed: panic (GET /sessions: refused)"
    assert World.reconsider(within_a_run(None), refused) is refused


@pytest.mark.parametrize(
    ("error", "is_trouble"),
    [
        (failure("Pending"), True),
        (NoAnswer("refused"), True),
        (ClusterError("list pods: refused"), True),
        (Unproven("no template was described"), True),
        (NotApplicable("there is no Docker"), False),
    ],
)
def test_every_error_of_a_step_may_tell_of_an_outage(error: Exception, is_trouble: bool) -> None:
    world, troubles = scenario(), list[str]()
    world._run = run(None, troubles)
    assert World.reconsider(world, error) is error
    assert bool(troubles) is is_trouble


def judging(sentence: str, *, accepted: bool = False, reason: str = "") -> Any:
    """A world in the middle of a Then of test 1.1a, whose answer was 202."""
    criterion = Criterion("1.1a-1", "text", sentence, words=("calls.create_session.status",))
    register = Register((Test("1.1a", 1, "P0", "title", (criterion,)),))
    profile = SimpleNamespace(name="own", no_counterpart={"1.1a-1": reason} if reason else {})
    run = SimpleNamespace(register=register, settings=SimpleNamespace(accept_deviations=accepted))
    scenario = World.__new__(World)
    scenario.__dict__ |= {"_run": run, "clients": SimpleNamespace(profile=profile)}
    return scenario


@contextmanager
def a_then(tmp_path: Path, sentence: str) -> Iterator[Any]:
    evidence = RunEvidence(tmp_path)
    step = SimpleNamespace(name=sentence, step_type="then")
    evidence.owner = step
    evidence.deviate(Deviation("calls.create_session.status", "201", "202"))
    with collected(evidence):
        yield SimpleNamespace(effective_tags=["test-1.1a"], all_steps=[step])


def test_words_that_are_the_criterion_fail_unless_accepted(tmp_path: Path) -> None:
    with a_then(tmp_path, "it is 201") as statement:
        with pytest.raises(Unmet, match="accept-deviations"):
            judging("it is 201").check_words(statement)
        judging("it is 201", accepted=True).check_words(statement)
        judging("it is another sentence").check_words(statement)


def test_criterion_without_a_counterpart_does_not_apply(tmp_path: Path) -> None:
    with a_then(tmp_path, "it is 201") as statement:
        judging("it is 201").check_counterpart(statement)
        with pytest.raises(NotApplicable, match="by the contract profile own: nothing says so"):
            judging("it is 201", reason="nothing says so").check_counterpart(statement)
