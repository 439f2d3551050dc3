"""What is expected of templates in use: each expectation is seen to fail for each reason that it has, and to hold."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions import actions as sessions_actions
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.provision import PLACES_OF_POD, Provision, Provisioned
from streamspace_acceptance.domain.templates import actions, template_beside
from streamspace_acceptance.domain.templates import change as template_change
from streamspace_acceptance.domain.templates.actions import TemplateUse
from streamspace_acceptance.domain.templates.change import NOT_KEPT, TemplateChange
from streamspace_acceptance.domain.templates.created_template import CreatedTemplate
from streamspace_acceptance.domain.templates.deletion import Deletion, Leftovers
from streamspace_acceptance.domain.templates.registry import TemplateRegistry
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.profile import load
from tests.acceptance.domain.test_templates import READ, unmet, unproven
from tests.support.main_containers import CalmCluster
from tests.support.samples import SESSION, Json, answer, pod

# 2.2

V1 = Provision("firefox:v1", "500m", "1Gi")
V2 = Provision("firefox:v2", "1000m", "2Gi")
SENT = {"image": "firefox:v2", "resources": {"cpu": "1000m", "memory": "2Gi"}}
OLD: Json = {**READ, "image": "firefox:v1", "resources": {"cpu": "500m", "memory": "1Gi"}}
NEW: Json = {**OLD, **SENT, "version": 2, "updatedAt": "2026-01-02T00:00:00Z"}


TOLD = {"error": "database", "message": "It did not answer."}


def change(*, made_answer: Any = None, after: Any = None, listed: tuple[Json, ...] = (NEW,)) -> TemplateChange:
    return TemplateChange(OLD, SENT, made_answer or answer(NEW), after or answer(NEW), listed)


def test_a_change_is_read_back() -> None:
    expect.templates.changed(change())
    expect.templates.changed(change(listed=()))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (change(made_answer=answer({}, 500)), "answered 500"),
        (change(after=answer({}, 404)), "answered 404"),
        (change(made_answer=answer(OLD)), "in the answer, image"),
        (change(made_answer=answer(TOLD), after=answer(OLD)), f"answered 200 : {json.dumps(TOLD)}"),
        (change(after=answer({**NEW, "resources": {"cpu": "1000m", "memory": "1Gi"}})), "resources.memory"),
        (change(after=answer({**NEW, "displayName": "x"})), "displayName"),
        (change(listed=(OLD,)), "in the list, image"),
    ],
)
def test_a_change_that_is_not(wrong: TemplateChange, says: str) -> None:
    assert says in unmet(expect.templates.changed, wrong)


def test_a_change_that_does_not_last_says_so() -> None:
    flipped = replace(change(after=answer(OLD)), likely=NOT_KEPT)
    assert f"likely:   {NOT_KEPT}" in unmet(expect.templates.changed, flipped)


def test_a_change_behind_a_cache_names_the_cache() -> None:
    stale = replace(change(after=answer(OLD)), kept="Age: 7")
    assert "likely:   the API answers from a cache (Age: 7)" in unmet(expect.templates.changed, stale)


def provisioned(
    given: Provision = V1, pods: tuple[Pod, ...] = (pod(),), restarts: int = 0, **said: Provision
) -> Provisioned:
    places = dict.fromkeys(("API", "Kubernetes", *PLACES_OF_POD), given)
    return Provisioned(SESSION, pods, restarts, {**places, **said})


def test_a_session_has_what_was_asked_for() -> None:
    expect.templates.provisioned(provisioned(V2), SENT)
    expect.templates.provisioned(
        provisioned(Provision("firefox:v2", "1", "2048Mi"), API=Provision(None, None, None)), SENT
    )


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (provisioned(V1), "firefox:v1"),
        (provisioned(V2, API=V1), "API: firefox:v1"),
        (provisioned(replace(V2, memory="1Gi")), "memory 1Gi"),
        (provisioned(replace(V2, cpu=None)), "lacks an image"),
        (replace(provisioned(V2), said={"API": V2}), "lacks an image"),
        (provisioned(V2, pods=()), "0 pods"),
        (provisioned(V2, pods=(pod(), pod(uid="uid-2"))), "2 pods"),
    ],
)
def test_a_session_that_has_something_else(session: Provisioned, says: str) -> None:
    assert says in unmet(expect.templates.provisioned, session, SENT)


def test_a_session_that_nothing_happened_to() -> None:
    expect.templates.unaffected(provisioned(), provisioned(), frozenset({"uid-1"}))


@pytest.mark.parametrize(
    ("now", "uids", "says"),
    [
        (provisioned(V2), {"uid-1"}, "firefox:v2"),
        (provisioned(API=replace(V1, image=None)), {"uid-1"}, "None"),
        (replace(provisioned(), said={}), {"uid-1"}, "None, before"),
        (provisioned(), {"uid-1", "uid-2"}, "another pod"),
        (provisioned(pods=(pod(uid="uid-2"),)), {"uid-1"}, "another pod"),
        (provisioned(restarts=1), {"uid-1"}, "started again 1 times"),
        (provisioned(pods=(pod(ready=False),)), {"uid-1"}, SESSION),
        (provisioned(pods=()), {"uid-1"}, "no pod"),
    ],
)
def test_a_session_that_something_happened_to(now: Provisioned, uids: set[str], says: str) -> None:
    assert says in unmet(expect.templates.unaffected, provisioned(), now, frozenset(uids))


REFUSED = Unmet("POST sessions", expected="a new session", actual="409", likely="x")


@pytest.mark.parametrize(("given", "is_new"), [(V2, True), (V1, False)])
def test_session_of_the_first_user_right_after_the_change_has_it(
    monkeypatch: pytest.MonkeyPatch, given: Provision, is_new: bool
) -> None:
    scenario = changing(monkeypatch, lambda: SimpleNamespace(wait_for_running_pod=lambda **_: pod()))
    monkeypatch.setattr(provision, "look", lambda _: provisioned(given))
    actions.make_change(scenario, "firefox:v2", {"cpu": "1000m", "memory": "2Gi"})
    assert scenario.asked == ["testuser"]
    found = actions.session_at_once(scenario)
    if is_new:
        expect.templates.provisioned(*found)
    else:
        assert "created from the former template" in unmet(expect.templates.provisioned, *found)


def test_session_that_is_refused_right_after_the_change_fails_the_criterion_about_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> Any:
        raise REFUSED

    scenario = changing(monkeypatch, refuse)
    actions.make_change(scenario, "firefox:v2", {"cpu": "1000m", "memory": "2Gi"})
    assert "actual:   409" in unmet(actions.session_at_once, scenario)


def changing(monkeypatch: pytest.MonkeyPatch, request: Callable[[], Any]) -> Any:
    """A scenario whose template can be changed, and of which a session is then requested."""
    asked: list[str] = []

    def request_new(_: object, user: str, __: object) -> Any:
        asked.append(user)
        return request()

    monkeypatch.setattr(sessions_actions, "request_new", request_new)
    monkeypatch.setattr(template_change, "make", lambda *_: change())
    monkeypatch.setattr(template_beside, "add", lambda _: None)
    results = Results()
    results.put(TemplateUse("testuser", [], "Running", provisioned()))
    results.put(CreatedTemplate(OLD, answer(OLD, 201), "t"))
    clients: Any = SimpleNamespace(profile=load(), api=SimpleNamespace(profile=load()), cluster=None, stays={})
    clients.budgets = Budgets(0.001)
    results.put(TemplateRegistry(clients))
    return SimpleNamespace(results=results, clients=clients, asked=asked)


class _Results(dict[Any, Any]):
    find = dict.get


def looked_at(monkeypatch: pytest.MonkeyPatch, *looks: Provisioned, events: tuple[Json, ...] = ()) -> Any:
    """A scenario whose session is seen so, look by look; before the change, all was well."""
    left, cluster = list(looks), CalmCluster()
    cluster.kubernetes_events = events
    monkeypatch.setattr(provision, "look", lambda _: left.pop(0) if len(left) > 1 else left[0])
    session = SimpleNamespace(
        subject="session s", pods=lambda: list(looks[0].pods), served_by=lambda: frozenset({"uid-1"})
    )
    return SimpleNamespace(
        results=_Results(
            {
                TemplateUse: TemplateUse("testuser", [session], "Running", provisioned()),  # type: ignore[list-item]
                CreatedTemplate: SimpleNamespace(accepted_id="t"),
            }
        ),
        clients=SimpleNamespace(budgets=Budgets(0.001), cluster=cluster),
    )


@pytest.mark.parametrize(("later", "keeps"), [(True, True), (False, False)])
def test_probe_that_fails_for_a_moment_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, later: bool, keeps: bool
) -> None:
    scenario = looked_at(monkeypatch, provisioned(pods=(pod(ready=False),)), provisioned(pods=(pod(ready=later),)))
    found = actions.before_and_now(scenario)
    if keeps:
        expect.templates.unaffected(*found)
    else:
        unmet(expect.templates.unaffected, *found)


def test_running_session_that_the_cluster_took_is_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    preempted = {
        "reason": "Preempted",
        "message": "Preempted by pod 5f0c on node n",
        "involvedObject": {"uid": "uid-1"},
    }
    other = provisioned(pods=(pod(uid="uid-2"),))
    assert "somebody else's pod" in unproven(actions.before_and_now, looked_at(monkeypatch, other, events=(preempted,)))
    assert "another pod" in unmet(expect.templates.unaffected, *actions.before_and_now(looked_at(monkeypatch, other)))


def version(number: object, template: Json) -> Json:
    return {"version": number, "image": template["image"], "resources": template["resources"]}


def history(*versions: Json) -> Any:
    return answer({"versions": list(versions)})


def test_a_history_holds_both() -> None:
    expect.templates.history_kept(change(), history(version(1, OLD), version(2, NEW)))
    expect.templates.history_kept(change(), history(version(2, NEW), version(1, OLD)))
    expect.templates.history_kept(change(), history(version("1", OLD), version("2", NEW)))


@pytest.mark.parametrize(
    "marks", [("3f9ac1", "b7c1e0"), ("2026-11-30T10:00:00Z", "2026-11-30T10:00:01Z"), ("first", "second"), ("a", "7")]
)
def test_versions_that_are_no_numbers_need_only_differ(marks: tuple[str, str]) -> None:
    first, second = marks
    expect.templates.history_kept(change(), history(version(first, OLD), version(second, NEW)))
    expect.templates.history_kept(change(), history(version(second, NEW), version(first, OLD)))


@pytest.mark.parametrize(
    "wrong",
    [
        history(),
        history(version(1, OLD)),
        history(version(2, NEW)),
        history(version(2, OLD), version(1, NEW)),
        history(version(1, OLD), version(1, NEW)),
        history(version(1, NEW), version(2, NEW)),
        history(version("3f9a", OLD), version("3f9a", NEW)),
        history(version("", OLD), version("b7c1", NEW)),
        history(version("3f9a", NEW), version("b7c1", NEW)),
        history(version(None, OLD), version(None, NEW)),
        history(version(1, OLD), {"version": 2}),
        answer({"versions": None}),
        answer({}, 500),
    ],
)
def test_a_history_that_does_not(wrong: Any) -> None:
    unmet(expect.templates.history_kept, change(), wrong)


@pytest.mark.parametrize("name", ["template", "spec", "snapshot"])
def test_versions_may_hold_the_template_in_an_object(name: str) -> None:
    held = [{"version": number, "author": {"name": "admin"}, name: content} for number, content in ((1, OLD), (2, NEW))]
    expect.templates.history_kept(change(), history(*held))
    unmet(expect.templates.history_kept, change(), history(held[0], {**held[1], name: OLD}))


@pytest.mark.parametrize("status", [404, 405, 501])
def test_no_history_is_no_failure(status: int) -> None:
    assert "no history" in unproven(expect.templates.history_kept, change(), answer({}, status))


# 2.3

PLACES = frozenset({"the API", "the API's list", "Kubernetes"})


def deletion(
    status: int = 409, users: int = 2, message: str = "Template in use by 2 sessions", **changes: Any
) -> Deletion:
    said = answer({"error": "x", "message": message}, status, method="DELETE")
    return replace(Deletion("delete-test-1a2b3c", users, PLACES, PLACES, said, message, PLACES, ()), **changes)


@pytest.mark.parametrize("status", [400, 409])
def test_a_refused_deletion_leaves_everything(status: int) -> None:
    expect.deletions.refused_in_use(deletion(status))
    expect.deletions.refused_in_use(deletion(status, again=answer({}, 409, method="DELETE")))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (deletion(204), "204"),
        (deletion(500), "500"),
        (deletion(404), "404"),
        (deletion(after=PLACES - {"Kubernetes"}), "gone from Kubernetes"),
        (deletion(lost=("s",)), "session s is not what it was"),
        (deletion(again=answer({}, 204, method="DELETE")), "requested again, it is answered 204"),
    ],
)
def test_a_deletion_that_should_have_been_refused(wrong: Deletion, says: str) -> None:
    assert says in unmet(expect.deletions.refused_in_use, wrong)


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (1, "Template in use by 1 sessions"),
        (1, "in use by 1 session"),
        (12, "delete-test-2 has 12 active sessions."),
        (2, "Version 1 has 2 sessions"),
        (2, "Two sessions still use this template"),
        (2, "2 currently-running sessions"),
        (2, "in use (active_sessions=2)"),
        (2, "in use: activeSessions: 2"),
        (2, "Template is in use. Session count: 2"),
    ],
)
def test_a_refusal_that_counts(users: int, message: str) -> None:
    expect.deletions.says_how_many(deletion(users=users, message=message))


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Template in use",
        "Template in use by 1 sessions",
        "in use by 12 sessions",
        "by 2 sessions and 3 sessions",
        "2",
        "in use by at least one session",
        "Version 2 has 1 session",
    ],
)
def test_a_refusal_that_does_not(message: str) -> None:
    unmet(expect.deletions.says_how_many, deletion(message=message))


@pytest.mark.parametrize(
    ("fields", "is_right"),
    [
        ({"sessions": 2}, True),
        ({"details": {"activeSessions": 2}}, True),
        ({"sessions": ["s-1", "s-2"]}, True),
        ({"session_count": 3}, False),
        ({"maxSessions": 2}, False),
        ({"sessions": True}, False),
    ],
)
def test_a_field_of_the_refusal_may_count(fields: Json, is_right: bool) -> None:
    said = answer({"error": "in_use", "message": "The template is in use", **fields}, 409, method="DELETE")
    refused = deletion(message="The template is in use", answer=said)
    assert refused.counts_rightly is is_right


def test_without_a_refusal_there_is_no_count() -> None:
    unproven(expect.deletions.says_how_many, deletion(204))


def test_a_deletion_is_accepted() -> None:
    expect.deletions.deleted(deletion(204, users=0))
    expect.deletions.deleted(deletion(200, users=0))
    assert "409" in unmet(expect.deletions.deleted, deletion(users=0))
    assert "202" in unmet(expect.deletions.deleted, deletion(202, users=0))


def test_absence_shows_something_only_where_it_was_seen_before() -> None:
    expect.deletions.nothing_left(deletion(204))
    assert "Kubernetes" in unproven(expect.deletions.nothing_left, deletion(204, before=PLACES - {"Kubernetes"}))


GONE = Leftovers("delete-test-1a2b3c", answer({}, 404), answer(READ, 201), 1)


def test_what_is_deleted_is_forgotten() -> None:
    expect.deletions.forgotten(GONE)
    expect.deletions.forgotten(replace(GONE, versions=None))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(GONE, session=answer({}, 201)), "a session of it is still to be had: 201"),
        (replace(GONE, again=answer({}, 409)), "its name is still taken: 409"),
        (replace(GONE, versions=3), "has had 3 versions"),
    ],
)
def test_what_is_only_put_out_of_sight(wrong: Leftovers, says: str) -> None:
    assert says in unmet(expect.deletions.forgotten, wrong)
