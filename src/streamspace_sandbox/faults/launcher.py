"""Start a component with its patches: `python -m streamspace_sandbox.faults.launcher NAMES COMPONENT MODULE`.

NAMES are contracts, faults and variants, separated by commas; their patches are applied in that order.
"""

import runpy
import sys

from streamspace_sandbox.faults.catalogue import find
from streamspace_sandbox.faults.contracts import CONTRACTS


def main(arguments: list[str]) -> None:
    """Apply the patches for the component, if there are any, and run the module as `python -m` would."""
    names, component, module = arguments
    for name in names.split(","):
        patches = CONTRACTS[name] if name in CONTRACTS else find(name).patches
        for patch in patches.get(component, ()):
            patch.apply()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
