"""Planted faults: small named patches, kept out of the code that they break.

A component's process is started through `argv`. Without a fault that is plain `python -m module`. With a fault, the
launcher applies the fault's patches for that component first and then runs the same module. The catalogue names the
criterion of the plan that each fault breaks.
"""

import os
import sys

FAULT_VARIABLE = "STREAMSPACE_SANDBOX_FAULT"


def argv(component: str, module: str) -> list[str]:
    """The command that runs `module` as `component`: "kubernetes", "api" or "agent"."""
    fault = os.environ.get(FAULT_VARIABLE)
    if not fault:
        return [sys.executable, "-m", module]
    return [sys.executable, "-m", "streamspace_sandbox.faults.launcher", fault, component, module]
