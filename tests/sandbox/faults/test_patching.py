"""Planted faults: every patch finds its target, and a patch whose target moved is an error."""

from dataclasses import dataclass

import pytest

from streamspace_sandbox.faults.catalogue import Fault, UnknownFaultError, faults, find
from streamspace_sandbox.faults.patching import Patch, PatchTargetError, replace, wrap

TARGET = f"{__name__}:Greeter.greet"


@dataclass
class Greeter:
    name: str

    def greet(self, word: str) -> str:
        return f"{word} {self.name}"


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.name)
def test_fault_patches_existing_targets(fault: Fault) -> None:
    patches = [patch for patches in fault.patches.values() for patch in patches]
    assert patches
    for patch in patches:
        patch.find()


@pytest.mark.parametrize("target", ["streamspace_sandbox.cli:nothing", "streamspace_sandbox.cli:main.nothing.at_all"])
def test_patch_with_moved_target_raises(target: str) -> None:
    with pytest.raises(PatchTargetError, match="does not exist"):
        replace(target, None).apply()


@pytest.mark.parametrize(
    ("patch", "greeting"),
    [
        (wrap(TARGET, lambda greet, greeter, word: greet(greeter, word).upper()), "HELLO ADA"),
        (replace(TARGET, lambda greeter, _word: f"not {greeter.name}"), "not Ada"),
    ],
)
def test_patch_of_a_method_reaches_instances(monkeypatch: pytest.MonkeyPatch, patch: Patch, greeting: str) -> None:
    monkeypatch.setattr(Greeter, "greet", Greeter.greet)  # restores it afterwards
    patch.apply()
    assert Greeter("Ada").greet("hello") == greeting


def test_find_with_unknown_name_lists_the_faults() -> None:
    with pytest.raises(
        UnknownFaultError, match=r"no fault 'nothing'; .*`streamspace-sandbox up --list-faults` lists all"
    ):
        find("nothing")
