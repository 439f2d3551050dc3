"""Containers of an ordinary user's sandbox."""

from dataclasses import replace
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet import rootless_containers
from streamspace_sandbox.kubernetes.kubelet.podman import Container, Mount

SHARED = [Mount(Path("/usr"), "/usr", read_only=True)]
CONTAINER = Container(
    name="desktop",
    hostname="desktop",
    network=Path("/n"),
    pid_file=Path("/p"),
    log=Path("/l"),
    argv=["sleep", "1"],
    environment={},
    user="1000:1001",
    cpus=0.5,
    cpu_shares=512,
    memory=2**30,
    drop_capabilities=["ALL"],
)


def test_container_of_a_user_runs_in_a_namespace_with_that_id() -> None:
    adapted = rootless_containers.adapt(CONTAINER, SHARED)
    assert adapted.user is None
    assert list(adapted.argv[:4]) == ["/usr/bin/unshare", "--user", "--map-user=1000", "--map-group=1001"]
    assert list(adapted.argv[-2:]) == ["sleep", "1"]
    assert list(adapted.drop_capabilities) == []


def test_container_of_root_keeps_its_command() -> None:
    adapted = rootless_containers.adapt(replace(CONTAINER, user="0:0"), SHARED)
    assert (adapted.argv, adapted.user) == (["sleep", "1"], None)
    assert adapted.drop_capabilities == ["ALL"]


def test_container_has_no_limits_and_sees_the_shared_directories() -> None:
    adapted = rootless_containers.adapt(CONTAINER, SHARED)
    assert (adapted.cpus, adapted.cpu_shares, adapted.memory) == (None, None, None)
    assert adapted.mounts == SHARED


def test_skeleton_has_links_where_the_machine_has_links(tmp_path: Path) -> None:
    machine, skeleton = tmp_path / "machine", tmp_path / "skeleton"
    for name in ("usr", "etc", "lib"):
        (machine / name).mkdir(parents=True)
    (machine / "bin").symlink_to("usr/bin")
    mounts = rootless_containers.make_skeleton(skeleton, machine)
    assert [mount.target for mount in mounts] == ["/usr", "/etc", "/lib"]
    assert all(mount.read_only for mount in mounts)
    assert (skeleton / "bin").readlink() == Path("usr/bin")
    assert (skeleton / "tmp").stat().st_mode & 0o7777 == 0o1777
