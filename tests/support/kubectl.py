"""kubectl as a subprocess, for tests of what people type."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


@dataclass(frozen=True)
class Kubectl:
    """kubectl with a home directory and a kubeconfig of its own."""

    environment: dict[str, str]

    @classmethod
    def at(cls, kubeconfig: Path, home: Path) -> "Kubectl":
        return cls({"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(kubeconfig)})

    def __call__(self, *arguments: str, stdin: str | None = None, fails: bool = False) -> "Output":
        """Run `kubectl ARGUMENTS`; it must succeed, or with `fails=True` fail."""
        done = subprocess.run(
            ["kubectl", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            env=self.environment,
            check=False,
        )
        assert (done.returncode != 0) is fails, done
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`kubectl ARGUMENTS` in the background, its standard output piped."""
        return subprocess.Popen(["kubectl", *arguments], stdout=subprocess.PIPE, text=True, env=self.environment)


Output = subprocess.CompletedProcess[str]


def columns(table: str) -> list[list[str]]:
    """The cells of a table that kubectl printed."""
    return [line.split() for line in table.splitlines()]
