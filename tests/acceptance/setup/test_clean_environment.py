"""The project's own tests are the same in every shell."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.project import PROJECT

WITNESS = """
import os

def test_what_it_is_told():
    told = {name for name in os.environ if name.startswith("STREAMSPACE_")}
    assert told == {"STREAMSPACE_BROWSER", "STREAMSPACE_SEED"}, told
    assert not {"KUBECONFIG", "NAMESPACE", "TOKEN"} & set(os.environ)
    assert os.environ["XDG_STATE_HOME"] != "/somebodys"
"""


def test_a_shell_that_leads_to_a_streamspace(tmp_path: Path) -> None:
    witness = tmp_path / "test_witness.py"
    witness.write_text(WITNESS)
    names = ("STREAMSPACE_API_URL", "STREAMSPACE_TEST_TOKEN", "STREAMSPACE_REPORTS", "STREAMSPACE_ALLOW_CONTEXT")
    typed = dict.fromkeys([*names, "STREAMSPACE_BROWSER", "KUBECONFIG", "NAMESPACE", "TOKEN"], "theirs")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.conftest", str(witness)],
        cwd=PROJECT,
        env=os.environ | typed | {"XDG_STATE_HOME": "/somebodys"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
