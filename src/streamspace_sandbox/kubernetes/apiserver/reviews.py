"""Reviews of the client's identity and rights: the one token may do everything."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import read_body
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request, method_not_allowed
from streamspace_sandbox.kubernetes.machinery.objects import dig
from streamspace_sandbox.kubernetes.machinery.resources import Obj

_STATUS: dict[tuple[str, str], Obj] = {
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview"): {
        "allowed": True,
        "reason": "the token of this cluster may do everything",
    },
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview"): {
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "incomplete": False,
    },
    ("authentication.k8s.io/v1", "SelfSubjectReview"): {
        "userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]}
    },
}
_KINDS = {f"/apis/{version}/{kind.lower()}s": (version, kind) for version, kind in _STATUS}


def is_review(path: str) -> bool:
    """Whether the path is that of a review, which is answered and never stored."""
    return path in _KINDS


async def review_answer(request: Request, path: str) -> Response:
    """The review with its status. Raises `ApiError` 400 and 405."""
    if request.method != "POST":
        raise method_not_allowed(request.method)
    version, kind = _KINDS[path]
    body: Any = await read_body(request)
    if not isinstance(body, dict) or body.get("kind", kind) != kind:
        raise bad_request(f"the body must be a {kind}")
    if kind == "SelfSubjectAccessReview" and not any(
        dig(body, f"spec.{attributes}") for attributes in ("resourceAttributes", "nonResourceAttributes")
    ):
        raise bad_request("spec must have resourceAttributes or nonResourceAttributes")
    return json_answer({**body, "apiVersion": version, "kind": kind, "status": _STATUS[version, kind]}, 201)
