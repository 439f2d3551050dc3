"""`streamspace-sandbox` as a program: it imports no package of the extra [sandbox] before that extra is installed."""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module, metadata

NOT_INSTALLED = 127
"""The exit status without the extra, as a shell has it for a missing command."""
DISTRIBUTION, EXTRA = "streamspace-acceptance", "sandbox"
_NAME = re.compile(r"[\w.-]+")


def main() -> None:
    """Run the command; NOT_INSTALLED, with one sentence, when the extra is not installed."""
    if any(missing_packages(metadata.requires(DISTRIBUTION) or ())):
        sys.stderr.write(
            f"The embedded StreamSpace is not installed: run `pip install '{DISTRIBUTION}[{EXTRA}]'`, "
            "or set STREAMSPACE_API_URL to the StreamSpace to test.\n"
        )
        sys.exit(NOT_INSTALLED)
    import_module("streamspace_sandbox.cli").main()


def missing_packages(requirements: Iterable[str]) -> Iterator[str]:
    """The packages of the extra, as the distribution's metadata requires them, that are not installed."""
    for requirement in requirements:
        name = _NAME.match(requirement)
        if name is not None and re.search(rf"extra == ['\"]{EXTRA}['\"]", requirement) and not _is_installed(name[0]):
            yield name[0]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
