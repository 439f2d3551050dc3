"""Who may run a sandbox without root, and what forbids it."""

import errno
from pathlib import Path

import pytest

from streamspace_sandbox.host import rootless
from streamspace_sandbox.lifecycle.instance import state_folder


def setting(sysctl: Path, name: str, value: str) -> None:
    path = sysctl / name.replace(".", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{value}\n")


@pytest.mark.parametrize(
    ("name", "value", "allowing"),
    [
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("user.max_user_namespaces", "0", "65536"),
    ],
)
def test_refusal_names_the_setting(tmp_path: Path, name: str, value: str, allowing: str) -> None:
    setting(tmp_path, name, value)
    sentence = rootless.refusal(PermissionError(errno.EPERM, "Operation not permitted"), tmp_path)
    assert f"({name} is {value})" in sentence
    assert f"allow them (sudo sysctl -w {name}={allowing}), run this with sudo, or test a StreamSpace" in sentence


def test_refusal_without_such_a_setting_names_the_error(tmp_path: Path) -> None:
    setting(tmp_path, "user.max_user_namespaces", "65536")
    sentence = rootless.refusal(PermissionError(errno.EPERM, "Operation not permitted"), tmp_path)
    assert "Operation not permitted; a container or a chroot may forbid them" in sentence


def test_state_folder_of_root_is_the_machines() -> None:
    assert state_folder({}, uid=0) == Path("/var/lib/streamspace-sandbox")


def test_state_folder_of_a_user_is_below_the_home() -> None:
    assert state_folder({"HOME": "/home/u"}, uid=1000) == Path("/home/u/.local/state/streamspace-sandbox")
    named = {"HOME": "/home/u", "XDG_STATE_HOME": "/disk"}
    assert state_folder(named, uid=1000) == Path("/disk/streamspace-sandbox")


def test_state_folder_stays_once_the_user_is_root_inside() -> None:
    inside = {"HOME": "/home/u", rootless.VARIABLE: "1000"}
    assert state_folder(inside, uid=0) == Path("/home/u/.local/state/streamspace-sandbox")
