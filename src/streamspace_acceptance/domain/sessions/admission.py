"""Objects of a session that the cluster itself refuses, which is not the product's doing."""

from __future__ import annotations

import re
from contextlib import suppress

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer

# What a ResourceQuota, a LimitRange, Pod Security and the webhooks of a policy say where they refuse an object.
REFUSED = re.compile(
    r"exceeded quota|(?:maximum|minimum) \S+ usage per|failed quota|violates PodSecurity"
    r'|(?:admission webhook|failed calling webhook) "(?!\S*stream\.?space)'
)
KUBERNETES_WORDS = re.compile(r'" is forbidden: |webhook "')
"""A product has words of its own for its own quota."""


def check(subject: str, session_id: str, cluster: Cluster, api: StreamSpaceApi) -> None:
    """ClusterError when the cluster refuses the session's pod, or an object that the product makes for it, as a claim.

    Events tell of the pod; of the others the product, by Kubernetes' own words in the session's message.
    """
    for event in cluster.events():
        about, message = event.get("involvedObject") or {}, str(event.get("message") or "")
        if str(about.get("name", "")).startswith(session_id) and REFUSED.search(message):
            raise ClusterError(f"{subject}: the cluster refuses its pod: {message}")
    with suppress(Unmet, NoAnswer):  # then the product says nothing
        told = str(api.session(session_id).get(api.profile.fields["message"]) or "")
        if KUBERNETES_WORDS.search(told) and REFUSED.search(told):
            raise ClusterError(f"{subject}: the cluster refuses an object of it: {told}")
