"""A checkout of StreamSpace that is built and deployed by its own scripts, as the plan does it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streamspace_acceptance.domain.deployment.commands import CommandResult, run
from streamspace_acceptance.evidence import attachments

# The script, and how long it may take: the plan says 5-10 minutes and 3-5, on a machine that it does not know.
SCRIPTS = {"scripts/local-build.sh": 1800.0, "scripts/local-deploy.sh": 900.0}
_LAST_LINES = 5


@dataclass(frozen=True)
class Rollout:
    """The results of the scripts that were run: the one that failed is the last."""

    folder: Path
    called: tuple[CommandResult, ...]

    @property
    def failed(self) -> CommandResult | None:
        """The script that did not succeed."""
        return next((result for result in self.called if result.trouble is not None), None)

    def last_words(self) -> str:
        """The last lines of the script that failed."""
        output = f"{self.failed.output}\n{self.failed.errors}" if self.failed else ""
        return (
            " / ".join([line.strip() for line in output.splitlines() if line.strip()][-_LAST_LINES:])
            or "it said nothing"
        )


def roll_out(folder: Path) -> Rollout:
    """Builds and deploys the checkout, and attaches the output of the scripts."""
    called: list[CommandResult] = []
    for script, seconds in SCRIPTS.items():
        result = run([str(folder.resolve() / script)], script, seconds=seconds, folder=folder, children_stay=True)
        called.append(result)
        attachments.attach_text(script, f"{result.output}\n{result.errors}\n{result.trouble or 'it succeeded'}\n")
        if result.trouble is not None:
            break
    return Rollout(folder, tuple(called))
