"""The parts that all scenarios of a run share: its target, the clients for it, and one browser."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Thread

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster import capacity, rights
from streamspace_acceptance.cluster.kubernetes import Cluster, load_client
from streamspace_acceptance.cluster.watch import keeping_watches
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.domain.clients import Clients, roles
from streamspace_acceptance.domain.deployment import readiness
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.outages import Outages
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.redaction import redactor, secret_sources
from streamspace_acceptance.settings import DEFAULT_PROFILE, Settings
from streamspace_acceptance.target.run_start import guard_and_sweep
from streamspace_acceptance.target.target import Target, open_target
from streamspace_acceptance.verdict.register import Register


class Run:
    """The parts that all scenarios of a run share. Close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._open = ExitStack()
        try:
            self._begin(settings)
        except BaseException:
            self._open.close()  # an embedded target must not outlive a run that did not begin
            raise

    def _begin(self, settings: Settings) -> None:
        self.settings = settings
        self.register = Register.load()
        load(settings.profile)  # what is wrong with it is said before anything starts
        secret_sources.from_settings(settings)
        loading = Thread(target=load_client, name="load the Kubernetes client")
        loading.start()
        self._open.callback(loading.join)
        self.target = target = self._open.enter_context(open_target(settings))
        redactor.register_secret(target.token)
        redactor.register_secret(target.expired_token or "")
        for path in target.kubeconfig:
            redactor.register_kubeconfig(path)
        _tell(target)
        _tell_profile(settings)
        http = self._open.enter_context(HttpClient(target.api_url, target.token))
        profile, password = load(settings.profile), settings.vnc_password
        cluster = Cluster(target.kubeconfig, target.namespace, roles(profile), context=target.context)
        self._open.callback(lambda: run_facts.record(run_facts.CALLS, str(cluster.calls)))
        self._open.enter_context(keeping_watches(cluster))
        page = PageDescription.of(profile.viewer_page)
        browser = RunBrowser(target.browser, lambda url: tls.pin(url, http.trusted), page=page, password=password)
        api, budgets = StreamSpaceApi(http, profile, settings.user_password), Budgets(target.time_scale)
        self.clients = clients = Clients(
            api,
            cluster,
            budgets,
            browser,
            settings.netadmin_image,
            password,
            target.expired_token,
            user_suffix=settings.user_suffix,
        )
        agents = clients.profile.agents
        secret_sources.from_secrets(cluster.raw_secrets())
        labels = {*profile.component_labels.values(), *agents.labels.items(), *agents.api_labels.items()}
        own = readiness.pods_with(cluster, labels)
        for pod in own:
            if pod.meta.labels.get(agents.component_label) == agents.api_label:
                secret_sources.from_log(cluster.first_lines(pod))
        if not target.is_embedded and (denied := rights.missing(cluster, rights.TELLING)):
            run_facts.record(run_facts.RIGHTS, f"without {', '.join(map(str, denied))}")
        run_facts.record(run_facts.NODES, capacity.nodes(cluster))
        ready = [pod for pod in own if pod.ready and pod.meta.labels.get(agents.component_label) == agents.label]
        run_facts.record(run_facts.AGENTS, str(len(ready)))
        self._open.enter_context(guard_and_sweep(settings, target, clients.api, cluster))
        api.approves_agents = True
        self.outages = Outages(api, cluster, budgets, self.deployment, [pod.object for pod in own])
        self._open.callback(browser.close)

    def deployment(self) -> Deployment:
        """The environment of the target, with nothing examined yet."""
        return Deployment(
            self.settings,
            self.clients.profile,
            lambda: self.clients.cluster,
            lambda: self.clients.api,
            needs_no_images=lambda: self.target.needs_no_images,
            patience=self.clients.budgets.named,
        )

    def close(self) -> None:
        """Ends the browser, the connections and an embedded target."""
        self._open.close()


def _tell_profile(settings: Settings) -> None:
    if settings.profile != DEFAULT_PROFILE:
        run_facts.record(run_facts.PROFILE, settings.profile)
        run_facts.record(run_facts.DEVIATIONS, run_facts.ACCEPTED if settings.accept_deviations else "not accepted")


def _kind(target: Target) -> str:
    return run_facts.EMBEDDED if target.embedded or target.is_embedded else "(given)"


def _tell(target: Target) -> None:
    """The facts about the target that every report shows."""
    run_facts.record(run_facts.PRODUCT_VERSION, target.product_version)
    run_facts.record(run_facts.KUBERNETES_VERSION, target.kubernetes_version)
    way = ", by a port-forward" if target.forwarded else ""
    run_facts.record(run_facts.TARGET, f"{target.api_url}{way} {_kind(target)}")
    run_facts.record("Namespace", target.namespace)
    run_facts.record(run_facts.TIME_SCALE, f"{target.time_scale:g}")
