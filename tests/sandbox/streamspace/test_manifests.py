"""The deployed objects, and the objects that the agent creates for a command."""

from streamspace_sandbox.streamspace.agent import objects
from streamspace_sandbox.streamspace.api.settings import ApiSettings
from streamspace_sandbox.streamspace.deployment import COMPONENTS, manifests

COMMAND = {
    "name": "testuser-firefox-browser-7f3a",
    "user": "testuser",
    "template": "firefox-browser",
    "image": "streamspace/firefox:latest",
    "cpu": "1000m",
    "memory": "2Gi",
    "vncPort": 5900,
}


def test_components_have_a_deployment_and_a_service() -> None:
    deployed = list(manifests(0.1))
    for kind in ("Deployment", "Service"):
        named = {manifest["metadata"]["name"]: manifest for manifest in deployed if manifest["kind"] == kind}
        assert tuple(named) == COMPONENTS
        assert all(manifest["metadata"]["labels"]["app"] == name for name, manifest in named.items())
    assert all(
        len(manifest["spec"]["template"]["spec"]["containers"]) == 1
        for manifest in deployed
        if manifest["kind"] == "Deployment"
    )


def test_config_map_states_time_scale_and_embedded() -> None:
    [config] = [manifest for manifest in manifests(0.1) if manifest["metadata"]["name"] == "streamspace-config"]
    assert config["data"] == {"version": "v2.0-beta.1", "deployment": "embedded", "time-scale": "0.1"}


def test_config_map_states_images() -> None:
    config = next(m for m in manifests(0.1, from_images=True) if m["metadata"]["name"] == "streamspace-config")
    assert config["data"]["runs-from"] == "images"


def test_manifests_pods_get_no_service_links() -> None:
    """Kubernetes would set STREAMSPACE_API_PORT and its like in every pod."""
    for manifest in manifests(0.1):
        if manifest["kind"] == "Deployment":
            assert manifest["spec"]["template"]["spec"]["enableServiceLinks"] is False, manifest["metadata"]["name"]


def test_api_settings_ignore_service_links() -> None:
    required = ("POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB", "REDIS_HOST", "REDIS_PASSWORD")
    environment = dict.fromkeys((*required, "SIGNING_KEY", "AGENT_TOKEN"), "x")
    links = {"STREAMSPACE_API_PORT": "tcp://10.96.0.1:8080", "STREAMSPACE_POSTGRES_PORT": "tcp://10.96.0.2:5432"}
    settings = ApiSettings.from_environment(environment | links)
    assert (settings.listen_port, settings.postgres_port) == (8080, 5432)
    assert ApiSettings.from_environment(environment | {"LISTEN_PORT": "9090"}).listen_port == 9090


def test_session_objects_follow_its_command() -> None:
    session = objects.session(COMMAND, "agent-1", "cmd-1")
    session["metadata"]["uid"] = "u"
    name = COMMAND["name"]
    deployment = objects.deployment(session)
    pod = deployment["spec"]["template"]
    [desktop] = pod["spec"]["containers"]
    assert (deployment["metadata"]["name"], desktop["name"]) == (name, "desktop")
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["metadata"]["ownerReferences"][0]["kind"] == "Session"
    assert pod["metadata"]["labels"] == {
        "session": name,
        "app.kubernetes.io/component": "session",
        "stream.space/user": "testuser",
        "stream.space/agent": "agent-1",
    }
    size = {"cpu": "1000m", "memory": "2Gi"}
    assert desktop["resources"] == {"requests": size, "limits": size}
    assert desktop["readinessProbe"]["tcpSocket"] == {"port": 5900}
    assert {"name": "home", "mountPath": "/home/user"} in desktop["volumeMounts"]
    claim = objects.claim(session)
    assert (claim["metadata"]["name"], claim["metadata"]["labels"]["session"]) == (f"{name}-home", name)
    session["spec"]["state"] = "hibernated"
    assert objects.deployment(session)["spec"]["replicas"] == 0
