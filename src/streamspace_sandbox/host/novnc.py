"""Where the released noVNC client (@novnc/novnc) lies: in a folder that a variable names, or in node_modules."""

import os
from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.host.start_error import StartError

VARIABLE = "STREAMSPACE_NOVNC_DIR"
_IN_A_FOLDER = Path("node_modules") / "@novnc" / "novnc"
_CHECKOUT = Path(__file__).parents[3]


def find_novnc(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that VARIABLE names, else node_modules of the current folder or of the checkout.

    Raises StartError, which says how to install it.
    """
    named = environment.get(VARIABLE)
    places = [Path(named)] if named else [Path.cwd() / _IN_A_FOLDER, _CHECKOUT / _IN_A_FOLDER]
    for place in places:
        if (place / "core" / "rfb.js").is_file():
            return place
    raise StartError(
        f"The noVNC client is missing from {places[0]}: run `npm ci --ignore-scripts` next to package.json "
        "(`streamspace-acceptance init` writes that file)."
    )
