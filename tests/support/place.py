"""A target for tests that run the suite against it, with clients of the test's own."""

from dataclasses import dataclass
from typing import Any

from kubernetes import config

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.templates import TemplateApi


@dataclass(frozen=True)
class Place:
    """A target, and the environment that leads the suite to it."""

    environment: dict[str, str]
    api: StreamSpaceApi
    cluster: Cluster

    def client(self) -> Any:
        """A Kubernetes client of the test's own, without the suite's deadlines and limits."""
        return config.new_client_from_config(self.environment["KUBECONFIG"])  # type: ignore[no-untyped-call]

    def things(self) -> frozenset[tuple[str, str]]:
        """Every session, template, pod and claim, by kind and identity."""
        objects = [("session", session.meta.uid) for session in self.cluster.session_objects()]
        pods = [("pod", pod.meta.uid) for pod in self.cluster.pods()]
        claims = [("claim", claim.meta.uid) for claim in self.cluster.claims()]
        listed = [("listed", session_id) for session_id in self.api.sessions().ids]
        templates = [("template", str(template["id"])) for template in TemplateApi(self.api).listed()]
        mirrored = [("mirror", template["metadata"]["uid"]) for template in self.cluster.raw_templates() or []]
        return frozenset([*objects, *pods, *claims, *listed, *templates, *mirrored])
