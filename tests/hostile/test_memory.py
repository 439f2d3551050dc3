"""Whatever is answered, the suite's memory grows by 64 MiB at most."""

import json
import subprocess
import sys

from tests.hostile.conftest import Hostile
from tests.support.project import PROJECT

MOST = 64.0


def test_no_answer_takes_more_memory_than_it_may(hostile: Hostile) -> None:
    command = [sys.executable, "-m", "tests.hostile.memory", hostile.addresses["plain"], str(hostile.folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True)
    grown = json.loads(done.stdout)
    assert len(grown) >= 25
    assert max(grown.values()) <= MOST, grown
    sys.stdout.write(done.stdout)
