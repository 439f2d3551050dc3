"""Nothing that a run writes holds a secret, in whatever spelling: after a run that passed, failed, crashed, was killed.

Eight kinds of canaries are planted where a real product might spill them: the administrator's password and the token
in answers of the API, the VNC token in addresses, credentials in the kubeconfig, a cookie, the address of a database,
a password typed into the desktop, a variable of a pod.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from kubernetes import client

from tests.proof.proxy import Reply, Rule, proxied
from tests.safety import canary_secrets
from tests.support.place import Place
from tests.support.project import PROJECT

PLANTED = Path(__file__).with_name("planted_secrets.py")
POD, SECRET = "streamspace-k8s-agent-canary", "canary"
RUN_SECONDS = 480
CHOSEN = {
    "kubeconfig": 'kube/+c4nary"=Zq7fJ2mW',
    "cookie": "cookie.c4nary.Hv83KdPqX2",
    "database URL": "db+c4nary=Rt5wYb9L",
    "typed password": "typed/c4nary+Mn4xQs6T",
    "pod variable": "env/c4nary+Pz1kGd8V==",
}
pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def database(password: str) -> str:
    """The address under which an API might look for its database."""
    return f"postgres://streamspace:{password}@streamspace-postgres:5432/streamspace"


class Spilling(Rule):
    """Answers say every secret in every spelling, and set a cookie. `broken`: a script of noVNC does not come."""

    def __init__(self, spilt: dict[str, str], *, broken: bool) -> None:
        self._spilt = spilt
        self._broken = broken
        self.vnc_tokens: set[str] = set()

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        missing = self._broken and path.endswith("/rfb.js")
        return Reply(404, "text/plain", b"no such script") if missing else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if "html" in reply.content_type:
            return self._with_cookie(replace(reply, body=reply.body.replace(b"<head>", b"<head>" + self._page(), 1)))
        if "json" not in reply.content_type:
            return reply
        said = json.loads(reply.body)
        if path.endswith("/connect") and "url" in said:
            self.vnc_tokens |= {token for values in parse_qs(urlsplit(said["url"]).query).values() for token in values}
        if method == "GET" and path.startswith("/api/v1/sessions/"):
            said["message"] = " , ".join(self._said())
            reply = replace(reply, body=json.dumps(said).encode())
        return self._with_cookie(reply)

    def _said(self) -> list[str]:
        secrets = [*self._spilt.values(), *self.vnc_tokens]
        return [spelling for secret in secrets for spelling in canary_secrets.spelt(secret)]

    def _with_cookie(self, reply: Reply) -> Reply:
        return replace(reply, headers={"Set-Cookie": f"sid={CHOSEN['cookie']}; Path=/"})

    def _page(self) -> bytes:
        script = (
            "const field = document.createElement('input'); field.value = document.cookie;"
            "console.log(document.cookie);"
            "addEventListener('load', () => { field.setAttribute('data-seen', document.cookie);"
            "document.body.append(field); });"
        )
        return f"<script>{script}</script>".encode()


@dataclass(frozen=True)
class Planted:
    """A sandbox in which canaries are planted. `secrets`: kind -> secret, the VNC token not yet among them."""

    place: Place
    secrets: dict[str, str]
    folder: Path

    @property
    def spilt(self) -> dict[str, str]:
        """What the API spills: all but what it cannot know; of the database its whole address."""
        known = {kind: secret for kind, secret in self.secrets.items() if kind != "typed password"}
        return known | {"database URL": database(self.secrets["database URL"])}


@pytest.fixture(scope="module")
def planted(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("canaries")
    core: Any = client.CoreV1Api(place.client())
    namespace = place.environment["NAMESPACE"]
    data = core.read_namespaced_secret("streamspace-admin-credentials", namespace).data
    secrets = {
        "admin password": base64.b64decode(data["password"]).decode(),
        "token": place.environment["STREAMSPACE_TEST_TOKEN"],
        **CHOSEN,
    }
    core.create_namespaced_secret(
        namespace,
        client.V1Secret(metadata=client.V1ObjectMeta(name=SECRET), string_data={"api-key": secrets["pod variable"]}),
    )
    core.create_namespaced_pod(namespace, pod(secrets))
    _write_kubeconfig(Path(place.environment["KUBECONFIG"]), folder / "kubeconfig", secrets["kubeconfig"])
    yield Planted(place, secrets, folder)
    core.delete_namespaced_pod(POD, namespace)
    core.delete_namespaced_secret(SECRET, namespace)


def pod(secrets: dict[str, str]) -> dict[str, object]:
    """A pod that has secrets in its variables and annotations, and logs them in every spelling, all the time."""
    spilt = secrets | {"database URL": database(secrets["database URL"])}
    lines = "\n".join(
        f"{kind} seen as {spelling}" for kind, secret in spilt.items() for spelling in canary_secrets.spelt(secret)
    )
    variables = [
        {"name": "THIRD_PARTY_API_KEY", "value": secrets["pod variable"]},
        {"name": "DATABASE_URL", "value": spilt["database URL"]},
        {"name": "LINES", "value": base64.b64encode(lines.encode()).decode()},
    ]
    script = 'while :; do echo "$LINES" | base64 -d; echo "Admin password: $P"; sleep 1; done'
    container = {
        "name": "canary",
        "image": "streamspace/firefox:latest",
        "command": ["/bin/sh", "-c", script],
        "args": ["--redis-password", secrets["pod variable"], f"--dsn={spilt['database URL']}"],
        "env": variables,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    applied = json.dumps({"kind": "Pod", "spec": {"containers": [container]}})
    metadata = {
        "name": POD,
        "labels": {"app": "streamspace-k8s-agent"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied, "store": spilt["database URL"]},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _write_kubeconfig(source: Path, target: Path, secret: str) -> None:
    document = yaml.safe_load(source.read_text())
    user = {"token": secret, "password": secret, "client-key-data": base64.b64encode(secret.encode()).decode()}
    document["users"].append({"name": "canary", "user": user})
    target.write_text(yaml.safe_dump(document))


@dataclass(frozen=True)
class Left:
    """What a run left: its exit status, and where which canary was found."""

    status: int
    leaks: dict[str, list[str]]
    names: list[str]


def run(planted: Planted, how: str, *, broken: bool = False) -> Left:
    """One run of test 1.1d, its reports made, what it left swept; then everything is scanned."""
    own = planted.folder / f"{how}{'-broken' * broken}"
    # Chromium takes no long path for its socket, and a worker's temporary folder is one.
    folders = {"reports": own / "reports", "state": own / "state", "tmp": Path(tempfile.mkdtemp(prefix="canary-"))}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    rule = Spilling(planted.spilt, broken=broken)
    with proxied(planted.place.environment["STREAMSPACE_API_URL"], rule) as url:
        environment = planted.place.environment | {
            "STREAMSPACE_API_URL": url,
            "KUBECONFIG": str(planted.folder / "kubeconfig"),
            "STREAMSPACE_REPORTS": str(folders["reports"]),
            "XDG_STATE_HOME": str(folders["state"]),
            "TMPDIR": str(folders["tmp"]),
            "CANARY_TYPED": planted.secrets["typed password"],
            "CANARY_SAID": " , ".join(
                spelling for secret in planted.spilt.values() for spelling in canary_secrets.spelt(secret)
            ),
        }
        status, console = _behave(how, environment)
        for command in ("report", "sweep"):
            console += _tool(command, environment)
    secrets = planted.secrets | {f"VNC token {number}": token for number, token in enumerate(sorted(rule.vnc_tokens))}
    assert rule.vnc_tokens, console
    places = canary_secrets.files(*folders.values()) | {"console": console.encode()}
    shutil.rmtree(folders["tmp"])
    return Left(status, canary_secrets.found(secrets, places), sorted(places))


def _behave(how: str, environment: dict[str, str]) -> tuple[int, str]:
    started = subprocess.Popen(
        [sys.executable, str(PLANTED), how],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    said = ""
    if how == "wait":
        while not said.endswith("typed\n"):
            line = started.stdout.readline()
            assert line, said
            said += line
        started.kill()
    rest, _ = started.communicate(timeout=RUN_SECONDS)
    return started.returncode, said + rest


def _tool(command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "streamspace_acceptance.cli", command],
        cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.whole
def test_a_run_that_passes(planted: Planted) -> None:
    left = run(planted, "on")
    assert left.status == 0
    assert any(name.endswith(".webp") for name in left.names)
    assert left.leaks == {}


def test_a_run_that_fails(planted: Planted) -> None:
    left = run(planted, "on", broken=True)
    assert left.status == 1
    assert any(name.endswith(".zip") for name in left.names)
    assert left.leaks == {}


@pytest.mark.whole
def test_a_run_whose_hook_crashes(planted: Planted) -> None:
    left = run(planted, "crash")
    assert left.status == 2
    assert left.leaks == {}


def test_a_run_that_is_killed(planted: Planted) -> None:
    left = run(planted, "wait")
    assert left.status == -9
    assert left.leaks == {}


def test_the_scan_finds_every_kind_where_nothing_is_masked(planted: Planted) -> None:
    left = run(planted, "bare", broken=True)
    kinds = {kind.rstrip(" 0123456789") for kind in left.leaks}
    assert kinds == {*planted.secrets, "VNC token"}
    traces = {kind for kind, places in left.leaks.items() if any(".zip!" in place for place in places)}
    assert {"cookie", "typed password", "VNC token"} <= {kind.rstrip(" 0123456789") for kind in traces}
    assert all(any("report.html" in place for place in places) for places in left.leaks.values())
