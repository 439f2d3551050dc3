"""The messages of Kubernetes' protobuf form that commands of kubectl send, as far as they fill them in.

The numbers are those of the generated.proto files in k8s.io/api and k8s.io/apimachinery.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """`kind` is a scalar's name or that of a message in MESSAGES; `form` is "one", "list" or "map" (by strings)."""

    name: str
    kind: str = "string"
    form: str = "one"


Message = dict[int, Field]
_META = {1: Field("metadata", "ObjectMeta")}
MESSAGES: dict[str, Message] = {
    "Unknown": {
        1: Field("typeMeta", "TypeMeta"),
        2: Field("raw", "bytes"),
        3: Field("contentEncoding"),
        4: Field("contentType"),
    },
    "TypeMeta": {1: Field("apiVersion"), 2: Field("kind")},
    "ObjectMeta": {
        1: Field("name"),
        2: Field("generateName"),
        3: Field("namespace"),
        4: Field("selfLink"),
        5: Field("uid"),
        6: Field("resourceVersion"),
        7: Field("generation", "int"),
        8: Field("creationTimestamp", "time"),
        11: Field("labels", form="map"),
        12: Field("annotations", form="map"),
        14: Field("finalizers", form="list"),
    },
    "Time": {1: Field("seconds", "int"), 2: Field("nanos", "int")},
    "ConfigMap": _META
    | {
        2: Field("data", form="map"),
        3: Field("binaryData", "base64", "map"),
        4: Field("immutable", "bool"),
    },
    "Secret": _META
    | {
        2: Field("data", "base64", "map"),
        3: Field("type"),
        4: Field("stringData", form="map"),
        5: Field("immutable", "bool"),
    },
    "ServiceAccount": _META,
    "Namespace": _META | {2: Field("spec", "NamespaceSpec"), 3: Field("status", "NamespaceStatus")},
    "NamespaceSpec": {1: Field("finalizers", form="list")},
    "NamespaceStatus": {1: Field("phase")},
    "Deployment": _META | {2: Field("spec", "DeploymentSpec"), 3: Field("status", "DeploymentStatus")},
    "DeploymentSpec": {
        1: Field("replicas", "int"),
        2: Field("selector", "LabelSelector"),
        3: Field("template", "PodTemplateSpec"),
        4: Field("strategy", "DeploymentStrategy"),
        5: Field("minReadySeconds", "int"),
        6: Field("revisionHistoryLimit", "int"),
        7: Field("paused", "bool"),
        9: Field("progressDeadlineSeconds", "int"),
    },
    "DeploymentStrategy": {1: Field("type")},
    "DeploymentStatus": {
        number: Field(name, "int")
        for number, name in enumerate(
            ("observedGeneration", "replicas", "updatedReplicas", "availableReplicas", "unavailableReplicas"), start=1
        )
    }
    | {7: Field("readyReplicas", "int")},
    "LabelSelector": {1: Field("matchLabels", form="map")},
    "PodTemplateSpec": _META | {2: Field("spec", "PodSpec")},
    "PodSpec": {
        2: Field("containers", "Container", "list"),
        3: Field("restartPolicy"),
        4: Field("terminationGracePeriodSeconds", "int"),
        6: Field("dnsPolicy"),
        7: Field("nodeSelector", form="map"),
        8: Field("serviceAccountName"),
        9: Field("serviceAccount"),
        10: Field("nodeName"),
        11: Field("hostNetwork", "bool"),
        12: Field("hostPID", "bool"),
        13: Field("hostIPC", "bool"),
        16: Field("hostname"),
        17: Field("subdomain"),
        19: Field("schedulerName"),
        24: Field("priorityClassName"),
    },
    "Container": {
        1: Field("name"),
        2: Field("image"),
        3: Field("command", form="list"),
        4: Field("args", form="list"),
        5: Field("workingDir"),
        6: Field("ports", "ContainerPort", "list"),
        7: Field("env", "EnvVar", "list"),
        8: Field("resources", "Nothing"),
        13: Field("terminationMessagePath"),
        14: Field("imagePullPolicy"),
        16: Field("stdin", "bool"),
        17: Field("stdinOnce", "bool"),
        18: Field("tty", "bool"),
        20: Field("terminationMessagePolicy"),
    },
    "ContainerPort": {
        1: Field("name"),
        2: Field("hostPort", "int"),
        3: Field("containerPort", "int"),
        4: Field("protocol"),
        5: Field("hostIP"),
    },
    "EnvVar": {1: Field("name"), 2: Field("value")},
    "Nothing": {},
    "DeleteOptions": {
        1: Field("gracePeriodSeconds", "int"),
        2: Field("preconditions", "Preconditions"),
        3: Field("orphanDependents", "bool"),
        4: Field("propagationPolicy"),
        5: Field("dryRun", form="list"),
    },
    "Preconditions": {1: Field("uid"), 2: Field("resourceVersion")},
    "SelfSubjectReview": _META | {2: Field("status", "SelfSubjectReviewStatus")},
    "SelfSubjectReviewStatus": {1: Field("userInfo", "UserInfo")},
    "UserInfo": {1: Field("username"), 2: Field("uid"), 3: Field("groups", form="list")},
    "SelfSubjectAccessReview": _META | {2: Field("spec", "AccessReviewSpec"), 3: Field("status", "AccessReviewStatus")},
    "AccessReviewSpec": {
        1: Field("resourceAttributes", "ResourceAttributes"),
        2: Field("nonResourceAttributes", "NonResourceAttributes"),
    },
    "AccessReviewStatus": {
        1: Field("allowed", "bool"),
        2: Field("reason"),
        3: Field("evaluationError"),
        4: Field("denied", "bool"),
    },
    "ResourceAttributes": {
        number: Field(name)
        for number, name in enumerate(
            ("namespace", "verb", "group", "version", "resource", "subresource", "name"), start=1
        )
    },
    "NonResourceAttributes": {1: Field("path"), 2: Field("verb")},
    "SelfSubjectRulesReview": _META | {2: Field("spec", "RulesReviewSpec"), 3: Field("status", "RulesReviewStatus")},
    "RulesReviewSpec": {1: Field("namespace")},
    "RulesReviewStatus": {3: Field("incomplete", "bool"), 4: Field("evaluationError")},
}
KINDS = frozenset(
    {"ConfigMap", "Secret", "ServiceAccount", "Namespace", "Deployment", "DeleteOptions"}
    | {"SelfSubjectReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview"}
)
# Go writes these even when they are not set; elsewhere a zero or "" says as much as nothing does.
KEPT_ZEROS = frozenset({"replicas", "terminationGracePeriodSeconds", "revisionHistoryLimit", "gracePeriodSeconds"})
