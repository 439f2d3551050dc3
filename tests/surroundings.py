"""What the caller's shell says of a StreamSpace is no business of the tests: they begin with none of it."""

import os

OURS = {"STREAMSPACE_BROWSER", "STREAMSPACE_KILLS", "STREAMSPACE_TERMS", "STREAMSPACE_SEED", "STREAMSPACE_PROOF"}
"""What the tests themselves are told, and the one thing that is the machine's and no target's: where its browser is."""
LEADS_TO_A_TARGET = ("NAMESPACE", "KUBECONFIG", "TOKEN")


def forget_targets() -> None:
    """Take every variable that leads to a target out of this process's environment."""
    for name in [name for name in os.environ if name.startswith("STREAMSPACE_") or name in LEADS_TO_A_TARGET]:
        if name not in OURS:
            del os.environ[name]
