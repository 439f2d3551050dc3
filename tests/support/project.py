"""Where the project lies on disk."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
