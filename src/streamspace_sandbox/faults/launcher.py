"""Start a component broken: `python -m streamspace_sandbox.faults.launcher FAULT COMPONENT MODULE`."""

import runpy
import sys

from streamspace_sandbox.faults.catalogue import find


def main(arguments: list[str]) -> None:
    """Apply the fault's patch for the component, if it has one there, and run the module as `python -m` would."""
    fault, component, module = arguments
    patch = find(fault).patches.get(component)
    if patch is not None:
        patch()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
