"""The configuration of a node's components."""

from pathlib import Path

import pytest
import yaml

from streamspace_sandbox.real_kubernetes import components
from streamspace_sandbox.real_kubernetes.files import NodePlan, write_files


@pytest.fixture
def plan(tmp_path: Path) -> NodePlan:
    (tmp_path / "tls").mkdir()
    return NodePlan(
        directory=tmp_path,
        programs=Path("/programs"),
        address="10.231.7.2",
        admin_token="admin-token",
        component_token="component-token",
        node_token="node-token",
        cgroup="/group",
        shown_cores=16,
        archive=Path("/i.tar"),
        nodes=2,
        definitions=[{"kind": "CustomResourceDefinition"}],
    )


def test_a_plan_survives_its_way_to_the_node(plan: NodePlan) -> None:
    assert NodePlan.read(plan.write()) == plan


def test_every_file_that_a_component_names_is_written(plan: NodePlan) -> None:
    write_files(plan)
    everything = (
        components.containerd(plan),
        *components.controllers(plan),
        *components.node_agents(plan),
        components.metrics_server(plan),
    )
    words = [word.partition("=")[2] or word for component in everything for word in component.argv]
    named = [Path(word) for word in words if word.startswith(str(plan.directory)) and Path(word).suffix]
    made_later = {plan.directory / "kubelet-tls", plan.directory / "metrics-tls"}
    missing = [path for path in named if not path.exists() and path not in made_later and path.parent != plan.tls]
    assert named
    assert missing == []


def test_tokens_are_readable_by_root_alone(plan: NodePlan) -> None:
    write_files(plan)
    assert (plan.directory / "tokens.csv").stat().st_mode & 0o077 == 0
    assert (plan.directory / "components.kubeconfig").stat().st_mode & 0o077 == 0


def test_kubelet_puts_pods_below_the_instances_cgroup(plan: NodePlan) -> None:
    write_files(plan)
    kubelet = yaml.safe_load((plan.directory / "kubelet.yaml").read_text())
    assert (kubelet["cgroupRoot"], kubelet["clusterDNS"]) == ("/group", ["10.231.7.2"])


def test_kubelet_shows_the_wanted_number_of_processors(plan: NodePlan) -> None:
    (kubelet,) = (component for component in components.node_agents(plan) if component.name == "kubelet")
    assert kubelet.environment == {"SHOWN_CORES": "16"}


def test_further_node_shares_nothing_but_the_api_server(plan: NodePlan) -> None:
    second = plan.of_further(2)
    write_files(plan)
    write_files(second)
    assert NodePlan.read(second.write()) == second
    assert (second.name, second.address, second.pods) == ("node2", "10.231.7.3", "10.244.2.0/24")
    assert (second.server, second.tls) == (plan.server, plan.tls)
    places = [
        (node_plan.directory, node_plan.cgroup, node_plan.pods, node_plan.containerd_socket)
        for node_plan in (plan, second)
    ]
    assert all(first != other for first, other in zip(*places, strict=True))
    kubelet = yaml.safe_load((second.directory / "kubelet.yaml").read_text())
    assert (kubelet["cgroupRoot"], kubelet["clusterDNS"]) == ("/group/node2", ["10.231.7.2"])
    assert f"{second.token_of(2)},system:node:node2" in (plan.directory / "tokens.csv").read_text()


def test_audit_log_has_the_suite_and_not_the_product(plan: NodePlan) -> None:
    write_files(plan)
    rules = yaml.safe_load((plan.directory / "audit.yaml").read_text())["rules"]
    levels = [rule["level"] for rule in rules]
    assert levels == ["None", "Metadata", "Metadata", "None"]
    assert rules[0]["users"] == ["system:serviceaccount:streamspace:streamspace-k8s-agent"]
    assert "component-token,component" in (plan.directory / "tokens.csv").read_text()
