"""The fields of the built-in kinds, as a table, and the structural schemas made from it.

Each line is `Type: field type, ...`. `field*` is required. Types are `str`, `int`, `bool`, `num`, `qty` (a quantity),
`ios` (int or string), `any`, `{T}` (map), `[T]` (list), `[T|key]` (list that patches merge by key), `[T|=]` (set that
patches merge), or another Type. Status is left open: only the control plane writes it.
"""

from functools import cache
from typing import Any

from streamspace_sandbox.kubernetes.machinery.resources import Resource

Schema = dict[str, Any]

_TABLE = """
ObjectMeta: name str, generateName str, namespace str, selfLink str, uid str, resourceVersion str, generation int,
  creationTimestamp str, deletionTimestamp str, deletionGracePeriodSeconds int, labels {str}, annotations {str},
  ownerReferences [OwnerReference|uid], finalizers [str|=], managedFields [any]
OwnerReference: apiVersion* str, kind* str, name* str, uid* str, controller bool, blockOwnerDeletion bool
LabelSelector: matchLabels {str}, matchExpressions [LabelSelectorRequirement]
LabelSelectorRequirement: key* str, operator* str, values [str]
ObjectReference: apiVersion str, kind str, namespace str, name str, uid str, resourceVersion str, fieldPath str
LocalObjectReference: name str

Namespace: metadata ObjectMeta, spec NamespaceSpec, status any
NamespaceSpec: finalizers [str]
Node: metadata ObjectMeta, spec NodeSpec, status any
NodeSpec: podCIDR str, podCIDRs [str|=], providerID str, unschedulable bool, taints [Taint],
  configSource any, externalID str, podPreemptionPolicy any
Taint: key* str, value str, effect* str, timeAdded str

Pod: metadata ObjectMeta, spec* PodSpec, status any
PodTemplateSpec: metadata ObjectMeta, spec PodSpec
PodSpec: volumes [Volume|name], initContainers [Container|name], containers* [Container|name],
  ephemeralContainers [EphemeralContainer|name], restartPolicy str, terminationGracePeriodSeconds int,
  activeDeadlineSeconds int, dnsPolicy str, nodeSelector {str}, serviceAccountName str, serviceAccount str,
  automountServiceAccountToken bool,
  nodeName str, hostNetwork bool, hostPID bool, hostIPC bool, hostUsers bool, shareProcessNamespace bool,
  securityContext PodSecurityContext, imagePullSecrets [LocalObjectReference|name], hostname str, subdomain str,
  hostnameOverride str, affinity any, schedulerName str, tolerations [Toleration], hostAliases [HostAlias|ip],
  priorityClassName str, priority int, dnsConfig any, readinessGates [any], runtimeClassName str,
  enableServiceLinks bool, preemptionPolicy str, overhead {qty}, topologySpreadConstraints [any|topologyKey],
  setHostnameAsFQDN bool, os any, schedulingGates [any|name], resourceClaims [any|name], resources ResourceRequirements,
  evictionResponders [any], schedulingGroup any
Toleration: key str, operator str, value str, effect str, tolerationSeconds int
HostAlias: ip* str, hostnames [str]
PodSecurityContext: seLinuxOptions any, windowsOptions any, runAsUser int, runAsGroup int, runAsNonRoot bool,
  supplementalGroups [int], supplementalGroupsPolicy str, fsGroup int, sysctls [any], fsGroupChangePolicy str,
  seccompProfile any, appArmorProfile any, seLinuxChangePolicy str
Container: name* str, image str, command [str], args [str], workingDir str, ports [ContainerPort|containerPort],
  envFrom [EnvFromSource], env [EnvVar|name], resources ResourceRequirements, resizePolicy [any], restartPolicy str,
  volumeMounts [VolumeMount|mountPath], volumeDevices [any|devicePath], livenessProbe Probe, readinessProbe Probe,
  startupProbe Probe, lifecycle Lifecycle, terminationMessagePath str, terminationMessagePolicy str,
  imagePullPolicy str, securityContext SecurityContext, stdin bool, stdinOnce bool, tty bool, restartPolicyRules [any]
EphemeralContainer: name* str, image str, command [str], args [str], workingDir str, ports [any],
  envFrom [EnvFromSource], env [EnvVar|name], resources ResourceRequirements, resizePolicy [any], restartPolicy str,
  volumeMounts [VolumeMount|mountPath], volumeDevices [any|devicePath], livenessProbe Probe, readinessProbe Probe,
  startupProbe Probe, lifecycle Lifecycle, terminationMessagePath str, terminationMessagePolicy str,
  imagePullPolicy str, securityContext SecurityContext, stdin bool, stdinOnce bool, tty bool,
  targetContainerName str, restartPolicyRules [any]
ContainerPort: name str, hostPort int, containerPort* int, protocol str, hostIP str
EnvFromSource: prefix str, configMapRef EnvSource, secretRef EnvSource
EnvSource: name str, optional bool
EnvVar: name* str, value str, valueFrom EnvVarSource
EnvVarSource: fieldRef FieldRef, resourceFieldRef any, configMapKeyRef KeyRef, secretKeyRef KeyRef, fileKeyRef any
FieldRef: apiVersion str, fieldPath* str
KeyRef: name str, key* str, optional bool
ResourceRequirements: limits {qty}, requests {qty}, claims [any]
VolumeMount: name* str, readOnly bool, recursiveReadOnly str, mountPath* str, subPath str, mountPropagation str,
  subPathExpr str, bindMountOptions [str]
Probe: exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, grpc any, initialDelaySeconds int,
  timeoutSeconds int, periodSeconds int, successThreshold int, failureThreshold int, terminationGracePeriodSeconds int
ExecAction: command [str]
HTTPGetAction: path str, port* ios, host str, scheme str, httpHeaders [any], protocol str
TCPSocketAction: port* ios, host str
Lifecycle: postStart LifecycleHandler, preStop LifecycleHandler, stopSignal str
LifecycleHandler: exec ExecAction, httpGet HTTPGetAction, tcpSocket TCPSocketAction, sleep any
SecurityContext: capabilities Capabilities, privileged bool, seLinuxOptions any, windowsOptions any, runAsUser int,
  runAsGroup int, runAsNonRoot bool, readOnlyRootFilesystem bool, allowPrivilegeEscalation bool, procMount str,
  seccompProfile any, appArmorProfile any
Capabilities: add [str], drop [str]
Volume: name* str, hostPath HostPathVolumeSource, emptyDir EmptyDirVolumeSource, secret SecretVolumeSource,
  configMap ConfigMapVolumeSource, persistentVolumeClaim ClaimVolumeSource, projected any, downwardAPI any, nfs any,
  csi any, ephemeral any, image any, iscsi any, cephfs any, rbd any, local any
HostPathVolumeSource: path* str, type str
EmptyDirVolumeSource: medium str, sizeLimit qty, mode int
SecretVolumeSource: secretName str, items [KeyToPath], defaultMode int, defaultUser int, optional bool
ConfigMapVolumeSource: name str, items [KeyToPath], defaultMode int, defaultUser int, optional bool
KeyToPath: key* str, path* str, mode int, user int
ClaimVolumeSource: claimName* str, readOnly bool

Service: metadata ObjectMeta, spec* ServiceSpec, status any
ServiceSpec: ports [ServicePort|port], selector {str}, clusterIP str, clusterIPs [str], type str, externalIPs [str],
  sessionAffinity str, loadBalancerIP str, loadBalancerSourceRanges [str], externalName str,
  externalTrafficPolicy str, healthCheckNodePort int, publishNotReadyAddresses bool, sessionAffinityConfig any,
  ipFamilies [str], ipFamilyPolicy str, allocateLoadBalancerNodePorts bool, loadBalancerClass str,
  internalTrafficPolicy str, trafficDistribution str
ServicePort: name str, protocol str, appProtocol str, port* int, targetPort ios, nodePort int
Endpoints: metadata ObjectMeta, subsets [EndpointSubset]
EndpointSubset: addresses [EndpointAddress], notReadyAddresses [EndpointAddress], ports [EndpointPort]
EndpointAddress: ip* str, hostname str, nodeName str, targetRef ObjectReference
EndpointPort: name str, port* int, protocol str, appProtocol str

ConfigMap: metadata ObjectMeta, data {str}, binaryData {str}, immutable bool
Secret: metadata ObjectMeta, data {str}, stringData {str}, type str, immutable bool
ServiceAccount: metadata ObjectMeta, secrets [ObjectReference|name], imagePullSecrets [LocalObjectReference],
  automountServiceAccountToken bool
PersistentVolumeClaim: metadata ObjectMeta, spec* PersistentVolumeClaimSpec, status any
PersistentVolumeClaimSpec: accessModes* [str], selector LabelSelector, resources* ResourceRequirements, volumeName str,
  storageClassName str, volumeMode str, dataSource any, dataSourceRef any, volumeAttributesClassName str
PersistentVolume: metadata ObjectMeta, spec* PersistentVolumeSpec, status any
PersistentVolumeSpec: capacity {qty}, accessModes [str], claimRef ObjectReference, persistentVolumeReclaimPolicy str,
  storageClassName str, mountOptions [str], volumeMode str, nodeAffinity any, hostPath HostPathVolumeSource, local any,
  nfs any, csi any, volumeAttributesClassName str
Event: metadata ObjectMeta, involvedObject* ObjectReference, reason str, message str, source EventSource,
  firstTimestamp str, lastTimestamp str, count int, type str, eventTime str, series any, action str,
  related ObjectReference, reportingComponent str, reportingInstance str
EventSource: component str, host str

Deployment: metadata ObjectMeta, spec* DeploymentSpec, status any
DeploymentSpec: replicas int, selector* LabelSelector, template* PodTemplateSpec, strategy DeploymentStrategy,
  minReadySeconds int, revisionHistoryLimit int, paused bool, progressDeadlineSeconds int
DeploymentStrategy: type str, rollingUpdate RollingUpdate
RollingUpdate: maxUnavailable ios, maxSurge ios
ReplicaSet: metadata ObjectMeta, spec* ReplicaSetSpec, status any
ReplicaSetSpec: replicas int, minReadySeconds int, selector* LabelSelector, template PodTemplateSpec

NetworkPolicy: metadata ObjectMeta, spec NetworkPolicySpec
NetworkPolicySpec: podSelector LabelSelector, ingress [NetworkPolicyIngressRule],
  egress [NetworkPolicyEgressRule], policyTypes [str]
NetworkPolicyIngressRule: ports [NetworkPolicyPort], from [NetworkPolicyPeer]
NetworkPolicyEgressRule: ports [NetworkPolicyPort], to [NetworkPolicyPeer]
NetworkPolicyPort: protocol str, port ios, endPort int
NetworkPolicyPeer: podSelector LabelSelector, namespaceSelector LabelSelector, ipBlock IPBlock
IPBlock: cidr* str, except [str]
Role: metadata ObjectMeta, rules [PolicyRule]
ClusterRole: metadata ObjectMeta, rules [PolicyRule], aggregationRule any
PolicyRule: verbs* [str], apiGroups [str], resources [str], resourceNames [str], nonResourceURLs [str]
RoleBinding: metadata ObjectMeta, subjects [Subject], roleRef* RoleRef
ClusterRoleBinding: metadata ObjectMeta, subjects [Subject], roleRef* RoleRef
Subject: kind* str, apiGroup str, name* str, namespace str
RoleRef: apiGroup* str, kind* str, name* str
StorageClass: metadata ObjectMeta, provisioner* str, parameters {str}, reclaimPolicy str, mountOptions [str],
  allowVolumeExpansion bool, volumeBindingMode str, allowedTopologies [any]

CustomResourceDefinition: metadata ObjectMeta, spec* CustomResourceDefinitionSpec, status any
CustomResourceDefinitionSpec: group* str, names* CustomResourceNames, scope* str, versions* [CustomResourceVersion],
  conversion any, preserveUnknownFields bool
CustomResourceNames: plural* str, singular str, shortNames [str], kind* str, listKind str, categories [str]
CustomResourceVersion: name* str, served* bool, storage* bool, deprecated bool, deprecationWarning str,
  schema CustomResourceValidation, subresources any, additionalPrinterColumns [PrinterColumn], selectableFields [any]
CustomResourceValidation: openAPIV3Schema any
PrinterColumn: name* str, type* str, format str, description str, priority int, jsonPath* str
"""

_SCALARS: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "num": {"type": "number"},
    "qty": {"x-kubernetes-int-or-string": True, "format": "quantity"},
    "ios": {"x-kubernetes-int-or-string": True},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
}


def _lines() -> dict[str, str]:
    """Type name -> its fields, continuation lines joined."""
    joined = _TABLE.replace("\n  ", " ")
    return dict(line.split(": ", 1) for line in joined.splitlines() if line)


FIELDS = _lines()
"""The fields of each type of the table, as they are written there."""


def _type(text: str) -> Schema:
    if text.startswith("{"):
        return {"type": "object", "additionalProperties": _type(text[1:-1])}
    if not text.startswith("["):
        return _SCALARS.get(text) or schema_of_type(text)
    item, _, key = text[1:-1].partition("|")
    schema: Schema = {"type": "array", "items": _type(item)}
    if key:
        schema["x-kubernetes-patch-strategy"] = "merge"
    if key not in ("", "="):
        schema["x-kubernetes-patch-merge-key"] = key
    return schema


@cache
def schema_of_type(name: str) -> Schema:
    """The structural schema of a type of the table."""
    schema: Schema = {"type": "object", "properties": {}, "required": []}
    for field in FIELDS[name].split(", "):
        key, kind = field.strip().split(" ")
        schema["properties"][key.rstrip("*")] = _type(kind)
        if key.endswith("*"):
            schema["required"].append(key.rstrip("*"))
    return schema


OBJECT_META = schema_of_type("ObjectMeta")


@cache
def schema_of(resource: Resource) -> Schema:
    """The structural schema of a built-in kind. Raises KeyError for any other."""
    schema = schema_of_type(resource.kind)
    envelope = {"apiVersion": _SCALARS["str"], "kind": _SCALARS["str"]}
    return {**schema, "properties": {**envelope, **schema["properties"]}}
