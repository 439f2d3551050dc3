"""The sandbox on a machine that lacks its Python packages or the noVNC client."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from streamspace_sandbox import cli, program
from streamspace_sandbox.host.novnc import find_novnc
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import preflight, start
from streamspace_sandbox.lifecycle.instance import Instance


@pytest.mark.parametrize("quote", ['"', "'"])
def test_program_without_the_extra_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], quote: str
) -> None:
    lines = ["rich>=15", "not-here-either; extra == 'dev'", f"not-here>=1; extra == {quote}sandbox{quote}"]
    monkeypatch.setattr(metadata, "requires", lambda _name: lines)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 127
    assert capsys.readouterr().err == (
        "The embedded StreamSpace is not installed: run "
        "`pip install 'streamspace-acceptance[sandbox]'`, or set STREAMSPACE_API_URL to the StreamSpace to test.\n"
    )


def test_program_imports_nothing_of_the_extra() -> None:
    code = "import sys, streamspace_sandbox.program; print({'orjson', 'uvloop', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=True)
    assert done.stdout == "set()\n"


def test_check_machine_without_novnc_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STREAMSPACE_NOVNC_DIR", str(tmp_path))
    with pytest.raises(StartError, match=rf"The noVNC client is missing from {tmp_path}: run `npm ci"):
        preflight.check_machine()


@pytest.mark.parametrize("command", [["up", "--kubernetes", "real"], ["images", "streamspace.tar"]])
def test_real_kubernetes_without_novnc_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("STREAMSPACE_NOVNC_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"The noVNC client is missing from {tmp_path}: run `npm ci")
    assert not (tmp_path / "cache").exists()


def test_real_kubernetes_refuses_a_contract_before_it_builds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit):
        cli.main(["up", "--kubernetes", "real", "--contract", "shipped-v2.0-beta"])
    assert "leave out --contract" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("running", [None, "another-fault"])
def test_up_refuses_a_fault_that_the_running_instance_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], running: str | None
) -> None:
    state = SimpleNamespace(time_scale=0.1, fault=running, contract=None)
    monkeypatch.setattr(start, "up", lambda *_: state)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit) as ended:
        cli.main(["up", "--name", "mine", "--fault", "clicks-beside"])
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (1, "")
    assert f"mine was already up, with fault {running or 'none'}: end it first" in told.err


@pytest.mark.parametrize(
    "given", [("--fault", "clicks-beside,alt-lost"), ("--fault", "clicks-beside", "--fault", "alt-lost")]
)
def test_up_plants_every_fault_that_is_named(monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]) -> None:
    planted: list[str | None] = []

    def up(_instance: Instance, wanted: start.StartOptions, _say: Callable[[str], None]) -> None:
        planted.append(wanted.fault)
        raise StartError("Nothing is started here.")

    monkeypatch.setattr(start, "up", up)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit):
        cli.main(["up", *given])
    assert planted == ["clicks-beside,alt-lost"]


def test_list_of_faults_ends_quietly_without_a_reader() -> None:
    script = f"set -o pipefail; {sys.executable} -m streamspace_sandbox.cli up --list-faults | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=180, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_find_novnc_takes_the_current_folder_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    client = tmp_path / "node_modules" / "@novnc" / "novnc"
    (client / "core").mkdir(parents=True)
    (client / "core" / "rfb.js").touch()
    monkeypatch.chdir(tmp_path)
    assert find_novnc({}) == client
    monkeypatch.chdir("/")
    assert find_novnc({}) != client
