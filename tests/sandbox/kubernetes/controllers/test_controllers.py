"""Controllers on a store of their own; the test plays the kubelet."""

from pathlib import Path
from typing import Any

from streamspace_sandbox.kubernetes.kubelet import host_capacity
from streamspace_sandbox.kubernetes.machinery.resources import (
    CONFIGMAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    REPLICASETS,
    Obj,
)
from tests.support.contract_cluster import NAMESPACE, Cluster, RunTest


def deployment(cluster: Cluster, name: str, replicas: int, **spec: Any) -> Obj:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    base = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return cluster.create(DEPLOYMENTS, name, spec={**base, **spec})


def change_template(cluster: Cluster, name: str, image: str) -> None:
    def change(obj: Obj) -> None:
        obj["spec"]["template"]["spec"]["containers"][0]["image"] = image

    cluster.store.mutate(DEPLOYMENTS, NAMESPACE, name, change)


def scale(cluster: Cluster, name: str, replicas: int) -> None:
    cluster.store.mutate(DEPLOYMENTS, NAMESPACE, name, lambda obj: obj["spec"].update(replicas=replicas))


def active(cluster: Cluster) -> list[Obj]:
    return [pod for pod in cluster.pods() if "deletionTimestamp" not in pod["metadata"]]


def images(cluster: Cluster) -> list[str]:
    return sorted(pod["spec"]["containers"][0]["image"] for pod in active(cluster))


async def make_all_ready(cluster: Cluster) -> None:
    for pod in active(cluster):
        cluster.make_ready(pod)
    await cluster.settle()


async def remove_ending(cluster: Cluster) -> None:
    """Do what a kubelet does with pods that are to end."""
    for pod in cluster.pods():
        if "deletionTimestamp" in pod["metadata"]:
            cluster.store.remove(PODS, NAMESPACE, pod["metadata"]["name"], uid=pod["metadata"]["uid"])
    await cluster.settle()


def test_a_deployment_has_its_pods_and_says_so(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 2)
        await cluster.settle()
        assert len(active(cluster)) == 2
        assert cluster.store.get(DEPLOYMENTS, NAMESPACE, "web")["status"]["unavailableReplicas"] == 2
        await make_all_ready(cluster)
        status = cluster.store.get(DEPLOYMENTS, NAMESPACE, "web")["status"]
        assert (status["updatedReplicas"], status["availableReplicas"], status["observedGeneration"]) == (2, 2, 1)
        conditions = {
            condition["type"]: (condition["status"], condition["reason"]) for condition in status["conditions"]
        }
        assert conditions["Available"] == ("True", "MinimumReplicasAvailable")
        assert conditions["Progressing"] == ("True", "NewReplicaSetAvailable")

    in_a_cluster(test)


def test_a_pod_that_goes_is_replaced_while_it_still_ends(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 1)
        await cluster.settle()
        first = active(cluster)[0]["metadata"]["name"]
        cluster.store.delete(PODS, NAMESPACE, first)
        await cluster.settle()
        names = {pod["metadata"]["name"] for pod in active(cluster)}
        assert len(names) == 1
        assert first not in names
        assert cluster.find(PODS, first) is not None, "the pod went without its kubelet"

    in_a_cluster(test)


def test_scaling_down_spares_pods_that_are_ready(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 3)
        await cluster.settle()
        chosen = active(cluster)[1]
        cluster.make_ready(chosen)
        scale(cluster, "web", 1)
        await cluster.settle()
        assert [pod["metadata"]["name"] for pod in active(cluster)] == [chosen["metadata"]["name"]]
        scale(cluster, "web", 0)
        await cluster.settle()
        assert not active(cluster)

    in_a_cluster(test)


def test_recreate_waits_for_the_end_of_all_old_pods(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "db", 1, strategy={"type": "Recreate"})
        await cluster.settle()
        await make_all_ready(cluster)
        change_template(cluster, "db", "i:2")
        await cluster.settle()
        assert images(cluster) == []
        await remove_ending(cluster)
        assert images(cluster) == ["i:2"]

    in_a_cluster(test)


def test_rolling_update_keeps_old_pods_until_new_are_ready(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 2)
        await cluster.settle()
        await make_all_ready(cluster)
        change_template(cluster, "web", "i:2")
        await cluster.settle()
        assert images(cluster) == ["i:1", "i:1", "i:2"]
        await make_all_ready(cluster)
        assert images(cluster) == ["i:1", "i:2", "i:2"]
        await make_all_ready(cluster)
        assert images(cluster) == ["i:2", "i:2"]
        sets = cluster.store.list(REPLICASETS, NAMESPACE)[0]
        assert sorted(replicaset["spec"]["replicas"] for replicaset in sets) == [0, 2]

    in_a_cluster(test)


def test_rolling_update_without_surge_stops_old_pods_first(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        limits = {"maxSurge": 0, "maxUnavailable": "50%"}
        deployment(cluster, "web", 3, strategy={"type": "RollingUpdate", "rollingUpdate": limits})
        await cluster.settle()
        await make_all_ready(cluster)
        for replaced in (1, 2, 3):
            change_template(cluster, "web", "i:2")
            await cluster.settle()
            assert images(cluster) == ["i:1"] * (3 - replaced) + ["i:2"] * replaced
            await make_all_ready(cluster)

    in_a_cluster(test)


def test_update_of_a_broken_version_replaces_its_pods(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 4)
        await cluster.settle()
        await make_all_ready(cluster)
        for image in ("broken", "i:2"):
            change_template(cluster, "web", image)
            await cluster.settle()
            assert images(cluster) == sorted([image] * 2 + ["i:1"] * 3)

    in_a_cluster(test)


def test_former_template_scales_its_old_replicaset(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 1)
        await cluster.settle()
        for image in ("i:2", "i:1"):
            change_template(cluster, "web", image)
            await cluster.settle()
            await make_all_ready(cluster)
            await remove_ending(cluster)
        assert images(cluster) == ["i:1"]
        assert len(cluster.store.list(REPLICASETS, NAMESPACE)[0]) == 2

    in_a_cluster(test)


def owned_by(*owners: Obj) -> Obj:
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": o["metadata"]["name"], "uid": o["metadata"]["uid"]}
        for o in owners
    ]
    return {"ownerReferences": references}


def test_what_is_owned_goes_with_its_last_owner(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        first, second = cluster.create(CONFIGMAPS, "first"), cluster.create(CONFIGMAPS, "second")
        child = cluster.create(CONFIGMAPS, "child", metadata=owned_by(first, second))
        cluster.create(CONFIGMAPS, "grandchild", metadata=owned_by(child))
        await cluster.settle()
        cluster.store.delete(CONFIGMAPS, NAMESPACE, "first")
        await cluster.settle()
        assert cluster.find(CONFIGMAPS, "child")
        cluster.store.delete(CONFIGMAPS, NAMESPACE, "second")
        await cluster.settle()
        assert not cluster.find(CONFIGMAPS, "child")
        assert not cluster.find(CONFIGMAPS, "grandchild")

    in_a_cluster(test)


def test_what_comes_after_its_owner_has_gone_goes_too(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        owner = cluster.create(CONFIGMAPS, "owner")
        cluster.store.delete(CONFIGMAPS, NAMESPACE, "owner")
        cluster.create(CONFIGMAPS, "late", metadata=owned_by(owner))
        await cluster.settle()
        assert not cluster.find(CONFIGMAPS, "late")

    in_a_cluster(test)


def test_foreground_deletion_removes_dependents_before_the_owner(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        deployment(cluster, "web", 1)
        await cluster.settle()
        cluster.store.delete(DEPLOYMENTS, NAMESPACE, "web", propagation="Foreground")
        await cluster.settle()
        assert cluster.find(DEPLOYMENTS, "web"), "its pod still ends"
        await remove_ending(cluster)
        assert not cluster.find(DEPLOYMENTS, "web")
        assert not cluster.store.list(REPLICASETS, NAMESPACE)[0]

    in_a_cluster(test)


def test_namespace_ends_its_pods_before_its_other_objects(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.create(NAMESPACES, "demo")
        cluster.create(CONFIGMAPS, "settings", metadata={"namespace": "demo"})
        spec = {"nodeName": host_capacity.NAMES[0], "containers": [{"name": "c", "image": "i"}]}
        pod = cluster.create(PODS, "slow", metadata={"namespace": "demo"}, spec=spec)
        await cluster.settle()
        cluster.store.delete(NAMESPACES, None, "demo")
        await cluster.until(lambda: "deletionTimestamp" in cluster.store.get(PODS, "demo", "slow")["metadata"])
        await cluster.settle()
        assert cluster.store.get(NAMESPACES, None, "demo")["status"]["phase"] == "Terminating"
        assert cluster.find(CONFIGMAPS, "settings", "demo"), "its pod still ends"
        cluster.store.remove(PODS, "demo", "slow", uid=pod["metadata"]["uid"])
        await cluster.until(lambda: not cluster.find(NAMESPACES, "demo"))

    in_a_cluster(test)


def claim(cluster: Cluster, name: str) -> Obj:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return cluster.create(PERSISTENTVOLUMECLAIMS, name, spec=spec)


def test_a_claim_is_bound_to_a_directory_of_its_own(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        for name in ("a", "b"):
            claim(cluster, name)
        await cluster.settle()
        bound = [cluster.store.get(PERSISTENTVOLUMECLAIMS, NAMESPACE, name) for name in ("a", "b")]
        assert [bound_claim["status"]["phase"] for bound_claim in bound] == ["Bound", "Bound"]
        volumes = [
            cluster.store.get(PERSISTENTVOLUMES, None, bound_claim["spec"]["volumeName"]) for bound_claim in bound
        ]
        paths = [Path(volume["spec"]["hostPath"]["path"]) for volume in volumes]
        assert paths[0] != paths[1]
        assert all(path.is_dir() for path in paths)
        cluster.store.delete(PERSISTENTVOLUMECLAIMS, NAMESPACE, "a")
        await cluster.settle()
        assert not cluster.find(PERSISTENTVOLUMES, bound[0]["spec"]["volumeName"])

    in_a_cluster(test)


def pending(cluster: Cluster, name: str, cpu: str, **spec: Any) -> Obj:
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}
    return cluster.create(PODS, name, spec={"containers": [container], **spec})


def node_of(cluster: Cluster, name: str) -> str | None:
    found: str | None = cluster.store.get(PODS, NAMESPACE, name)["spec"].get("nodeName")
    return found


def test_pods_are_spread_by_what_they_request(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        pending(cluster, "large", "4")
        for number in range(8):
            pending(cluster, f"small{number}", "1")
        await cluster.settle()
        nodes = [node_of(cluster, f"small{number}") for number in range(8)]
        others = set(host_capacity.NAMES) - {node_of(cluster, "large")}
        assert all(nodes.count(node) >= 3 for node in others)

    in_a_cluster(test)


def test_a_pod_that_fits_nowhere_waits_for_room(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        for number in range(3):
            pending(cluster, f"filler{number}", "6")
        await cluster.settle()
        pending(cluster, "refused", "3")
        await cluster.settle()
        condition = cluster.store.get(PODS, NAMESPACE, "refused")["status"]["conditions"][0]
        assert (condition["type"], condition["status"]) == ("PodScheduled", "False")
        assert condition["reason"] == "Unschedulable"
        assert condition["message"].startswith("0/3 nodes are available: 3 Insufficient cpu.")
        for _ in range(3):
            pending(cluster, "other", "1")
            await cluster.settle()
            cluster.store.delete(PODS, NAMESPACE, "other", grace_seconds=0)
        events = [event for event in cluster.store.list(EVENTS)[0] if event["reason"] == "FailedScheduling"]
        assert sum(event.get("count") or 1 for event in events) <= 4, "it is refused again without a reason"
        cluster.store.delete(PODS, NAMESPACE, "filler1", grace_seconds=0)
        await cluster.until(lambda: node_of(cluster, "refused"))

    in_a_cluster(test)


def cordon(cluster: Cluster, name: str, *, cordoned: bool = True) -> None:
    def change(node: Obj) -> None:
        node.setdefault("spec", {})["unschedulable"] = cordoned

    cluster.store.mutate(NODES, None, name, change)


def test_pod_waits_until_a_node_is_no_longer_cordoned(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        for name in host_capacity.NAMES:
            cordon(cluster, name)
        pending(cluster, "early", "1")
        await cluster.settle()
        assert node_of(cluster, "early") is None
        condition = cluster.store.get(PODS, NAMESPACE, "early")["status"]["conditions"][0]
        assert condition["message"].startswith("0/3 nodes are available: 3 node(s) were unschedulable.")
        cordon(cluster, host_capacity.NAMES[1], cordoned=False)
        assert await cluster.until(lambda: node_of(cluster, "early")) == host_capacity.NAMES[1]

    in_a_cluster(test)


def test_pod_waits_for_a_node_whose_taint_it_tolerates(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        taint = {"key": "dedicated", "value": "team", "effect": "NoSchedule"}
        for name in host_capacity.NAMES:
            cluster.store.mutate(NODES, None, name, lambda node: node.setdefault("spec", {}).update(taints=[taint]))
        pending(cluster, "early", "1")
        pending(cluster, "tolerant", "1", tolerations=[{"key": "dedicated", "operator": "Equal", "value": "team"}])
        await cluster.until(lambda: node_of(cluster, "tolerant"))
        condition = cluster.store.get(PODS, NAMESPACE, "early")["status"]["conditions"][0]
        message = "0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: team}."
        assert condition["message"].startswith(message)
        assert node_of(cluster, "early") is None

    in_a_cluster(test)


def test_pod_waits_for_its_claim(in_a_cluster: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "later"}}]
        pending(cluster, "early", "1", volumes=volumes)
        await cluster.settle()
        assert node_of(cluster, "early") is None
        claim(cluster, "later")
        await cluster.until(lambda: node_of(cluster, "early"))

    in_a_cluster(test)
