"""The StreamSpace under test: the one that the settings name, or an embedded one that lives as long as the run.

Invalid settings are found here, before anything runs, and reported in one sentence (SetupProblem).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from streamspace_acceptance import proxies
from streamspace_acceptance.cluster import access, rights
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import selector
from streamspace_acceptance.cluster.port_forward import forwarded
from streamspace_acceptance.desktop import browser
from streamspace_acceptance.outcomes import SetupProblem, Unmet
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.calls import ProfileCalls, is_list
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import Profile, load
from streamspace_acceptance.settings import DEFAULT_PROFILE, Settings

SANDBOX = "streamspace-sandbox"
CLUSTER = "cluster"
NOT_INSTALLED = 127
"""The command's exit status without the extra [sandbox]."""
UP_SECONDS, DOWN_SECONDS = 120.0, 60.0
CONFIG_MAP = rights.CONFIG_MAP
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")


@dataclass(frozen=True)
class Target:
    """A StreamSpace that answered, and what it says of itself. `time_scale` multiplies the plan's seconds.

    `embedded`: whether this run has started it. `is_embedded`: whether it reports that it is an embedded one,
    also if a user has started it. It is not a release. `needs_no_images`: whether it reports that it runs without
    images and the tools that make them. `forwarded`: whether the suite itself leads to its API through Kubernetes.
    """

    api_url: str
    token: str
    namespace: str
    kubeconfig: tuple[Path, ...]
    browser: Path | None
    time_scale: float
    product_version: str
    kubernetes_version: str
    embedded: bool
    is_embedded: bool = False
    needs_no_images: bool = False
    forwarded: bool = False
    expired_token: str | None = None
    context: str | None = None

    @property
    def address(self) -> str:
        """The API's URL; of a port-forward, whose port differs from run to run, what it is."""
        return "a port-forward" if self.forwarded else self.api_url

    def describe(self) -> str:
        """The target in words, for the evidence."""
        kind = "embedded" if self.is_embedded else "deployed from images"
        return f"StreamSpace {self.product_version} at {self.address}, namespace {self.namespace}, {kind}"


@contextmanager
def open_target(settings: Settings) -> Iterator[Target]:
    """A target that was examined and can be tested; an embedded one is stopped at the end whatever happens.

    Raises SetupProblem.
    """
    program = browser.find(settings.browser)
    if not settings.embedded:
        with reached(settings) as there:
            yield survey(there, program)
        return
    name = f"behave-{os.getpid()}"
    try:
        found = Settings.from_environment(start_embedded(name, settings.profile))
        yield survey(replace(found, profile=settings.profile), program, embedded=True)
    finally:
        stop_embedded(name)


@contextmanager
def reached(settings: Settings) -> Iterator[Settings]:
    """The settings with the API's address, which may be that of a port-forward; SetupProblem where there is no way."""
    if settings.target is None:
        yield settings
        return
    if settings.target != CLUSTER:
        raise SetupProblem(
            f"STREAMSPACE_TARGET is {settings.target!r}: set it to '{CLUSTER}', for the StreamSpace in the namespace "
            "that the kubeconfig leads to, or unset it."
        )
    if settings.api_url is not None:
        raise SetupProblem(f"STREAMSPACE_API_URL and STREAMSPACE_TARGET={CLUSTER} are both set: unset one of them.")
    agents = load(settings.profile).agents
    cluster = _cluster(settings, embedded=False, besides=rights.FORWARDING)
    try:
        if not any(pod.ready for pod in cluster.pods(**agents.api_labels)):
            raise SetupProblem(
                f"No pod with {selector(agents.api_labels)} is Ready in namespace {settings.namespace}, so there is no "
                f"StreamSpace API to test: look at `kubectl get pods -n {settings.namespace}`."
            )
    except ClusterError as error:
        raise _kubernetes_problem(settings, error) from error
    with forwarded(cluster, agents.api_labels, agents.api_port) as address:
        yield replace(settings, api_url=f"http://{address}")


def survey(settings: Settings, program: Path | None, *, embedded: bool = False) -> Target:
    """Looks at the target that the settings name, from the outside in; SetupProblem for the first thing wrong."""
    profile = load(settings.profile)
    url = checked_url(settings)
    if settings.token is None:
        raise SetupProblem("STREAMSPACE_TEST_TOKEN is not set: set it to the token from the login call.")
    if settings.repo is not None and not Path(settings.repo).is_dir():
        raise SetupProblem(
            f"STREAMSPACE_REPO names {settings.repo}, which is not a directory: set it to a StreamSpace checkout."
        )
    proxies.proxy_for(url)  # a proxy of a wrong kind is told before anything is asked
    _check_api(url, settings.token, profile)
    cluster = _cluster(settings, embedded=embedded)
    try:
        config = cluster.config_map(CONFIG_MAP)
        return Target(
            api_url=url,
            token=settings.token,
            namespace=settings.namespace,
            kubeconfig=tuple(settings.kubeconfig_files()),
            browser=program,
            time_scale=read_time_scale(config),
            product_version=config.get("version", "unknown"),
            kubernetes_version=cluster.version(),
            embedded=embedded,
            is_embedded=is_embedded(config),
            needs_no_images=needs_no_images(config),
            forwarded=settings.target is not None,
            expired_token=settings.expired_token,
            context=settings.context,
        )
    except ClusterError as error:
        raise _kubernetes_problem(settings, error) from error


def is_embedded(config: Mapping[str, str]) -> bool:
    """Whether a target says in its ConfigMap that it is an embedded StreamSpace."""
    return config.get("deployment") == "embedded"


def needs_no_images(config: Mapping[str, str]) -> bool:
    """Whether a target says in its ConfigMap that its Kubernetes runs it without images."""
    return is_embedded(config) and config.get("runs-from") != "images"


def checked_url(settings: Settings) -> str:
    """The API's base URL; SetupProblem when it is missing or not a URL."""
    url = settings.api_url
    if url is None:
        raise SetupProblem("STREAMSPACE_API_URL is not set: set it to the base URL of the StreamSpace API.")
    if not url.startswith(("http://", "https://")):
        raise SetupProblem(f"STREAMSPACE_API_URL is {url!r}, which is not an http:// or https:// URL: correct it.")
    return url


def _check_api(url: str, token: str, profile: Profile) -> None:
    call = profile.calls["list_sessions"]
    try:
        with HttpClient(url, token) as http:
            calls = ProfileCalls(http, profile)
            answer = calls.call_once("list_sessions")
            is_one = _lists_sessions(answer, profile) or (_may_be_wrong(answer) and _reports_health(calls))
    except NoAnswer as error:
        raise SetupProblem(_no_streamspace(url, error)) from error
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise SetupProblem(
            f"StreamSpace at {url} refuses the token in STREAMSPACE_TEST_TOKEN ({answer.status}): "
            "log in again and set the new one."
        )
    if not is_one:
        names = ", or let a contract profile name that path (calls, docs/profiles.md)" if answer.location else ""
        raise SetupProblem(
            f"The server at STREAMSPACE_API_URL={url} is not a StreamSpace API ({answer.status}{_where(answer)} to "
            f"{call.method} {call.to()}): correct the URL{names}."
        )


def _no_streamspace(url: str, error: NoAnswer) -> str:
    trouble = tls.trouble(error)
    if trouble is not None:
        return f"StreamSpace cannot be asked at STREAMSPACE_API_URL={url}: {trouble}."
    if error.__cause__ is None:  # somebody has answered, but not the API
        return f"No StreamSpace answers at STREAMSPACE_API_URL={url}: {error}."
    reason = _ERRNO.sub("", " ".join(str(error.__cause__).split())) or type(error.__cause__).__name__
    return f"No StreamSpace answers at STREAMSPACE_API_URL={url}: start it or correct the URL ({reason})."


def _where(answer: Answer) -> str:
    return f", a redirect to {answer.location}," if answer.location else ""


def _lists_sessions(answer: Answer, profile: Profile) -> bool:
    try:
        return answer.ok and is_list(answer.object(), profile.fields["sessions"])
    except Unmet:
        return False


def _may_be_wrong(answer: Answer) -> bool:
    """Whether a StreamSpace with a defect may give this answer to a request for its sessions."""
    return answer.ok or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _reports_health(calls: ProfileCalls) -> bool:
    """Whether the server tells its health as a StreamSpace does: then its wrong list of sessions is for the plan."""
    try:
        said = calls.call_as(None, "health").object().get(calls.profile.fields["health"])
    except (NoAnswer, Unmet):
        return False
    return isinstance(said, str)


def checked_kubeconfig(settings: Settings) -> list[Path]:
    """The kubeconfig files, none for the service account of this pod; SetupProblem when there is neither."""
    files = settings.kubeconfig_files()
    if not files and (settings.kubeconfig is not None or not access.is_in_a_pod()):
        looked = settings.kubeconfig or "~/.kube/config"
        raise SetupProblem(f"There is no kubeconfig at {looked}: set KUBECONFIG to the file that kubectl would use.")
    return files


def _cluster(settings: Settings, *, embedded: bool, besides: tuple[rights.Right, ...] = ()) -> Cluster:
    """The cluster of the settings, in which the user has all rights that every run needs, before anything is made."""
    files = checked_kubeconfig(settings)
    try:
        cluster = Cluster(files, settings.namespace, context=settings.context)
        denied = [] if embedded else rights.missing(cluster, (*rights.ALWAYS, *besides))
        if denied:
            raise SetupProblem(rights.sentence(denied, settings.namespace, rights.FILE))
        there = cluster.has_namespace()
    except ClusterError as error:
        raise _kubernetes_problem(settings, error) from error
    if not there:
        raise SetupProblem(
            f"Kubernetes has no namespace {settings.namespace!r}: deploy StreamSpace, or set NAMESPACE to where it is."
        )
    return cluster


def _kubernetes_problem(settings: Settings, error: ClusterError) -> SetupProblem:
    files = ", ".join(map(str, settings.kubeconfig_files()))
    by = f"the kubeconfig {files}" if files else "the service account of this pod"
    return SetupProblem(f"Kubernetes cannot be used with {by}: {error}. Try `kubectl get pods` with it.")


def read_time_scale(config: Mapping[str, str]) -> float:
    text = config.get("time-scale", "1")
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0.001 <= scale <= 100:
        raise SetupProblem(
            f"The ConfigMap {CONFIG_MAP} says time-scale {text!r}: set it to a number between 0.001 and 100."
        )
    return scale


def sandbox() -> str:
    """The embedded StreamSpace's own command; SetupProblem when it is not installed."""
    beside = Path(sys.executable).with_name(SANDBOX)
    found = str(beside) if beside.exists() else shutil.which(SANDBOX)
    if found is None:
        raise SetupProblem(
            "The embedded StreamSpace is not installed: run "
            "`pip install 'streamspace-acceptance[sandbox]'`, or set STREAMSPACE_API_URL to the StreamSpace to test."
        )
    return found


def start_embedded(name: str, profile: str) -> dict[str, str]:
    """Starts the embedded StreamSpace and gives the variables that it prints; its own sentence when it cannot start.

    It ends with this process at the latest.
    """
    command = [sandbox(), "up", "--name", name, "--owner-pid", str(os.getpid()), "--format", "json"]
    command += ["--contract", profile] if profile != DEFAULT_PROFILE else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=UP_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise SetupProblem(
            f"The embedded StreamSpace was not up within {UP_SECONDS:g} s: try `{SANDBOX} up`."
        ) from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise SetupProblem(lines[-1] if lines else f"`{SANDBOX} up` ended with {done.returncode} and said nothing.")
    variables: dict[str, str] = json.loads(done.stdout)
    return variables


def stop_embedded(name: str) -> None:
    command = [sandbox(), "down", "--name", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWN_SECONDS, check=False)
    if done.returncode not in (0, NOT_INSTALLED):
        raise RuntimeError(f"`{SANDBOX} down --name {name}` ended with {done.returncode}: {done.stderr.strip()}")
