"""Surroundings of a healthy product on a real Kubernetes: made in a cluster that is up, by its administrator."""

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client, config, utils

from tests.support.project import PROJECT

Target = Mapping[str, str]
Surroundings = Callable[[Target, Path], Target]
"""Changes the cluster of a target; what leads the suite there afterwards. The path is free for a file."""

RBAC = PROJECT / "deploy" / "rbac"
ROLES = ("streamspace-acceptance.yaml", "streamspace-acceptance-phase3.yaml")
ACCOUNT, NAMESPACE = "acceptance", "streamspace"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
MUTATING = "admissionregistration.k8s.io/v1beta1"
SIDECAR = """
[JSONPatch{op: "add", path: "/spec/containers/0", value: Object.spec.containers{
  name: "mesh-proxy", image: object.spec.containers[0].image,
  imagePullPolicy: object.spec.containers[0].imagePullPolicy,
  command: ["sh", "-c", "trap 'exit 0' TERM; sleep 86400 & wait"]}}]
"""


def as_it_is(target: Target, _free: Path) -> Target:
    return target


def few_rights(target: Target, free: Path) -> Target:
    """The suite has a service account with the Roles of `deploy/rbac` and no other right."""
    admin = Path(target["KUBECONFIG"])
    api = _connected(admin)
    # The client takes plain objects as well as its own, but does not say so.
    core: Any = client.CoreV1Api(api)
    create: Any = utils.create_from_dict
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": ACCOUNT}})
    for document in _roles():
        create(api, document)
    token = core.create_namespaced_service_account_token(ACCOUNT, NAMESPACE, {"spec": {"expirationSeconds": 3600}})
    settings = yaml.safe_load(admin.read_text())
    for user in settings["users"]:
        user["user"] = {"token": token.status.token}
    free.write_text(yaml.safe_dump(settings))
    return {**target, "KUBECONFIG": str(free)}


def immediate_binding(target: Target, _free: Path) -> Target:
    """A claim gets its volume at once, and a pod of it cannot be scheduled until then."""
    storage: Any = client.StorageV1Api(_connected(Path(target["KUBECONFIG"])))
    for name, default in (("standard", "false"), ("immediate", "true")):
        storage.patch_storage_class(name, {"metadata": {"annotations": {DEFAULT_CLASS: default}}})
    return target


def sidecar_first(target: Target, _free: Path) -> Target:
    """An admission policy adds a container before the desktop's, as a mesh does."""
    custom: Any = client.CustomObjectsApi(_connected(Path(target["KUBECONFIG"])))
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    policy = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "session", "expression": "'session' in object.metadata.?labels.orValue({})"}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": SIDECAR}}],
    }
    for plural, kind, spec in (
        ("mutatingadmissionpolicies", "MutatingAdmissionPolicy", policy),
        ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", {"policyName": "mesh"}),
    ):
        body = {"apiVersion": MUTATING, "kind": kind, "metadata": {"name": "mesh"}, "spec": spec}
        custom.create_cluster_custom_object(*MUTATING.split("/"), plural, body)
    return target


def _connected(kubeconfig: Path) -> Any:
    connect: Any = config.new_client_from_config
    return connect(str(kubeconfig))


def _roles() -> Iterator[dict[str, Any]]:
    """The documents as they are shipped, but for the subject, which is the account."""
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    for file in ROLES:
        for document in yaml.safe_load_all((RBAC / file).read_text()):
            changed = copy.deepcopy(document)
            if "subjects" in changed:
                changed["subjects"] = [subject]
            yield changed
