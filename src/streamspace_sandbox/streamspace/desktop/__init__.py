"""The session containers' desktop: an entry point in bash, and the window manager's and the shell's settings."""

from pathlib import Path

ENTRYPOINT = Path(__file__).parent / "entrypoint.sh"
