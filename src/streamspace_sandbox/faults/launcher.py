"""Start a component with a fault: `python -m streamspace_sandbox.faults.launcher FAULT COMPONENT MODULE`."""

import runpy
import sys

from streamspace_sandbox.faults.catalogue import find


def main(arguments: list[str]) -> None:
    """Apply the fault's patches for the component, if it has any, and run the module as `python -m` would."""
    fault, component, module = arguments
    for patch in find(fault).patches.get(component, ()):
        patch.apply()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
