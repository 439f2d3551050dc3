"""Templates: created, changed with a history, protected while in use."""

from collections.abc import Callable

from tests.support.streamspace_stack import Api, FakeAgent, eventually

TEMPLATE = {
    "name": "custom-firefox",
    "displayName": "Custom Firefox",
    "description": "Firefox with custom settings",
    "image": "streamspace/firefox:latest",
    "category": "browsers",
    "resources": {"cpu": "1000m", "memory": "2Gi"},
    "vnc": {"port": 5900},
}


def test_creation(api: Api) -> None:
    answer = api.http.post("/api/v1/templates", json=TEMPLATE)
    assert answer.status_code == 201
    created = answer.json()
    assert {key: created[key] for key in TEMPLATE} == TEMPLATE
    assert (created["id"], created["version"]) == ("custom-firefox", 1)
    listed = api.http.get("/api/v1/templates").json()
    assert [template["id"] for template in listed["templates"]] == ["firefox-browser", "custom-firefox"]
    assert listed["total"] == 2
    again = api.http.post("/api/v1/templates", json=TEMPLATE)
    assert (again.status_code, again.json()["error"]) == (409, "template_exists")


def test_absent_fields_keep_their_value(api: Api) -> None:
    api.http.post("/api/v1/templates", json=TEMPLATE)
    changed = api.http.put("/api/v1/templates/custom-firefox", json={"image": "streamspace/firefox:v2"}).json()
    assert changed["version"] == 2
    kept = {key: changed[key] for key in TEMPLATE if key != "image"}
    assert kept == {key: value for key, value in TEMPLATE.items() if key != "image"}
    changed = api.http.put("/api/v1/templates/custom-firefox", json={"resources": {"cpu": "2"}}).json()
    assert (changed["version"], changed["resources"]) == (3, {"cpu": "2", "memory": "2Gi"})


def test_a_change_that_is_refused_changes_nothing(api: Api) -> None:
    api.http.post("/api/v1/templates", json=TEMPLATE)
    for wrong in ({"image": "::"}, {"name": "other"}, {"resources": {"cpu": "x"}}, {"image": None}, {"id": "x"}):
        assert api.http.put("/api/v1/templates/custom-firefox", json=wrong).status_code == 400
    assert api.http.get("/api/v1/templates/custom-firefox").json()["version"] == 1
    assert api.http.put("/api/v1/templates/none", json={}).status_code == 404


def test_versions_are_listed_oldest_first(api: Api) -> None:
    api.http.post("/api/v1/templates", json=TEMPLATE)
    api.http.put("/api/v1/templates/custom-firefox", json={"image": "streamspace/firefox:v2"})
    versions = api.http.get("/api/v1/templates/custom-firefox/versions").json()["versions"]
    assert [(version["version"], version["image"]) for version in versions] == [
        (1, "streamspace/firefox:latest"),
        (2, "streamspace/firefox:v2"),
    ]
    assert versions[0]["createdAt"] <= versions[1]["createdAt"]
    assert versions[0].keys() == {"version", "image", "resources", "createdAt"}


def test_session_keeps_its_template_version(api: Api, agent: Callable[..., FakeAgent]) -> None:
    worker = agent("a")
    api.http.post("/api/v1/templates", json=TEMPLATE)
    old = api.create(template="custom-firefox")
    api.http.put("/api/v1/templates/custom-firefox", json={"image": "streamspace/firefox:v2"})
    new = api.create(template="custom-firefox")
    assert (api.session(old["sessionId"])["image"], old["templateVersion"]) == ("streamspace/firefox:latest", 1)
    assert (new["image"], new["templateVersion"]) == ("streamspace/firefox:v2", 2)
    assert [command["session"]["image"] for command in worker.commands] == [old["image"], new["image"]]


def test_a_template_in_use_cannot_be_deleted(api: Api, agent: Callable[..., FakeAgent]) -> None:
    agent("a")
    api.http.post("/api/v1/templates", json=TEMPLATE)
    sessions = [api.create(template="custom-firefox")["sessionId"] for _ in range(2)]
    refusal = api.http.delete("/api/v1/templates/custom-firefox")
    assert refusal.status_code == 409
    assert refusal.json() == {"error": "template_in_use", "message": "Template in use by 2 sessions"}
    for session in sessions:
        api.http.delete(f"/api/v1/sessions/{session}")
    eventually(lambda: api.http.get("/api/v1/sessions").json()["total"] == 0)
    assert api.http.delete("/api/v1/templates/custom-firefox").status_code == 204
    assert api.http.get("/api/v1/templates/custom-firefox/versions").status_code == 404
    assert api.http.delete("/api/v1/templates/custom-firefox").status_code == 404


def test_template_change_reaches_the_agents(api: Api, agent: Callable[..., FakeAgent]) -> None:
    worker = agent("a")

    def images() -> list[str]:
        news = [message for message in worker.received if "templates" in message]
        return [template["image"] for template in news[-1]["templates"]]

    assert images() == ["streamspace/firefox:latest"]
    api.http.post("/api/v1/templates", json=TEMPLATE | {"image": "streamspace/firefox:v1"})
    eventually(lambda: images() == ["streamspace/firefox:latest", "streamspace/firefox:v1"])
    api.http.delete("/api/v1/templates/custom-firefox")
    eventually(lambda: images() == ["streamspace/firefox:latest"])


def test_resources_that_no_node_could_ever_hold(api: Api, agent: Callable[[str], FakeAgent]) -> None:
    agent("agent-a")
    huge = {"cpu": "9", "memory": "1Gi"}
    refused = api.http.post("/api/v1/templates", json=TEMPLATE | {"resources": huge})
    assert (refused.status_code, refused.json()["error"]) == (422, "insufficient_capacity")
    assert api.http.get("/api/v1/templates").json()["total"] == 1
    assert api.http.post("/api/v1/templates", json=TEMPLATE).status_code == 201
    refused = api.http.put("/api/v1/templates/custom-firefox", json={"resources": {"memory": "100Gi"}})
    assert (refused.status_code, refused.json()["error"]) == (422, "insufficient_capacity")
    assert api.http.get("/api/v1/templates/custom-firefox").json()["version"] == 1
