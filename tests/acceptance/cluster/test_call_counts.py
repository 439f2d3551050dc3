"""The calls to Kubernetes are counted as its audit log counts them."""

from __future__ import annotations

import pytest

from streamspace_acceptance.cluster.call_counts import LIST, OTHER, WATCH, CallCounts

PODS = "https://k/api/v1/namespaces/streamspace/pods"
SESSIONS = "https://k/apis/stream.space/v1alpha1/namespaces/streamspace/sessions"


@pytest.mark.parametrize(
    ("method", "url", "kind", "resource"),
    [
        ("GET", PODS, LIST, "pods"),
        ("GET", f"{PODS}?labelSelector=session%3Ds-1&limit=250", LIST, "pods"),
        ("GET", f"{PODS}?watch=True&resourceVersion=7", WATCH, "pods"),
        ("GET", f"{PODS}/s-1", OTHER, "pods"),
        ("GET", f"{PODS}/s-1/log?tailLines=9", OTHER, "pods"),
        ("DELETE", f"{PODS}/s-1", OTHER, "pods"),
        ("GET", SESSIONS, LIST, "sessions"),
        ("GET", f"{SESSIONS}/s-1", OTHER, "sessions"),
        ("GET", "https://k/api/v1/nodes", LIST, "nodes"),
        ("GET", "https://k/api/v1/namespaces/streamspace", OTHER, "namespaces"),
        ("POST", "https://k/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", OTHER, "selfsubjectaccessreviews"),
        ("GET", "https://k/version/", OTHER, "/version/"),
    ],
)
def test_call_is_counted_by_kind_and_resource(method: str, url: str, kind: str, resource: str) -> None:
    counts = CallCounts()
    counts.note(method, url)
    assert counts.of(kind) == {resource: 1}


def test_counts_read_as_one_line() -> None:
    counts = CallCounts()
    for url in (PODS, PODS, SESSIONS, f"{PODS}?watch=True", f"{PODS}/s-1"):
        counts.note("GET", url)
    assert str(counts) == "watches: 1 (pods 1), lists: 3 (pods 2, sessions 1), others: 1"
    assert str(CallCounts()) == "watches: 0, lists: 0, others: 0"
