"""Defaults: the values that the API fills in for absent fields."""

import base64
from collections.abc import Callable, Mapping

from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry import custom_resources


def _fill(target: Obj, **values: object) -> None:
    for key, value in values.items():
        target.setdefault(key, value)


def pod_spec(spec: Obj) -> None:
    _fill(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
        enableServiceLinks=True,
    )
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(kind) or []:
            _container(container)
    for volume in spec.get("volumes", []):
        if len(volume) == 1:
            volume["emptyDir"] = {}


def _container(container: Obj) -> None:
    image = container.get("image", "").rpartition("/")[2]
    newest = image.endswith(":latest") or (":" not in image and "@" not in image)
    _fill(
        container,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if newest else "IfNotPresent",
        resources={},
    )
    limits = container["resources"].get("limits")
    if limits:
        container["resources"]["requests"] = {**limits, **container["resources"].get("requests", {})}
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
    if "readinessProbe" in container:
        _probe(container["readinessProbe"])
    for variable in container.get("env", []):
        if "fieldRef" in (variable.get("valueFrom") or {}):
            variable["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")


def _probe(probe: Obj) -> None:
    _fill(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    if "httpGet" in probe:
        _fill(probe["httpGet"], path="/", scheme="HTTP")


def _pod(pod: Obj) -> None:
    pod_spec(pod["spec"])
    _fill(pod["spec"], serviceAccountName="default", serviceAccount=pod["spec"].get("serviceAccountName", "default"))


def _template(workload: Obj) -> None:
    if template_spec := (workload["spec"].get("template") or {}).get("spec"):
        pod_spec(template_spec)


def _deployment(deployment: Obj) -> None:
    spec = deployment["spec"]
    _fill(spec, replicas=1, strategy={})
    strategy = spec["strategy"]
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        _fill(strategy, rollingUpdate={})
        _fill(strategy["rollingUpdate"], maxUnavailable="25%", maxSurge="25%")
    _template(deployment)


def _replicaset(replicaset: Obj) -> None:
    replicaset["spec"].setdefault("replicas", 1)
    _template(replicaset)


def _service(service: Obj) -> None:
    spec = service["spec"]
    _fill(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster")
    for port in spec.get("ports", []):
        _fill(port, protocol="TCP", targetPort=port["port"])


def _secret(secret: Obj) -> None:
    secret.setdefault("type", "Opaque")
    plain = secret.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    if encoded:
        secret["data"] = {**secret.get("data", {}), **encoded}


def _namespace(namespace: Obj) -> None:
    namespace.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    labels = namespace["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = namespace["metadata"].get("name")


def _claim(claim: Obj) -> None:
    claim["spec"].setdefault("volumeMode", "Filesystem")


def _volume(volume: Obj) -> None:
    _fill(volume["spec"], persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")


def _storage_class(storage_class: Obj) -> None:
    _fill(storage_class, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _policy(policy: Obj) -> None:
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    spec.setdefault("policyTypes", ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    for rule in spec.get("egress", []):
        for port in rule.get("ports", []):
            port.setdefault("protocol", "TCP")


FILL: Mapping[str, Callable[[Obj], None]] = {
    "namespaces": _namespace,
    "pods": _pod,
    "services": _service,
    "secrets": _secret,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "deployments": _deployment,
    "replicasets": _replicaset,
    "storageclasses": _storage_class,
    "networkpolicies": _policy,
    "customresourcedefinitions": custom_resources.complete_definition,
}
"""By plural; called on objects of the right structure."""
