"""Healthy variants: desktops that look different, and pods that state the same in another way."""

import shlex
from dataclasses import replace
from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.kubernetes.machinery.objects import clone
from streamspace_sandbox.kubernetes.machinery.resources import PODS
from streamspace_sandbox.streamspace.desktop import ENTRYPOINT

Obj = dict[str, Any]
COPY = "/tmp/desktop"  # noqa: S108 - in the session's own container
FIRST = r"s|^# openbox runs its startup|%s\n&|"
"""Does something before the window manager starts."""
BESIDE = FIRST % r"%s \&"
"""Starts a program before the window manager."""
# A window of 3.5 % of the screen that has another colour five times a second.
ANIMATION = (
    r"""xterm -geometry 36x5-0-0 -e bash -c 'while :; do printf "\\033[4$((RANDOM %% 8))m\\033[2J"; sleep .2; done'"""
)

# As terminals with a menu do: F11 is for the full screen, F1 opens a window with the help, which takes the keyboard.
OWN_KEYS = """
<keybind key="F11"><action name="ToggleFullscreen"/></keybind>
<keybind key="F1"><action name="Execute"><command>xterm -geometry 60x12 -e bash -c read</command></action></keybind>
""".replace("\n", "")
BINDING = r"""sed -i 's#</keyboard>#%s\&#' "$here/openbox.xml" """


def _edited(*edits: str, bashrc: str = "") -> Patch:
    """The desktop's entry point with these edits of sed, and a user's own settings of the shell."""

    def find_desktop(find: Any, reference: str) -> Any:
        image = find(reference)
        if not reference.startswith("streamspace/"):
            return image
        changes = " ".join(f"-e {shlex.quote(edit)}" for edit in edits)
        script = (
            f"cp -r {ENTRYPOINT.parent}/. {COPY}; echo {shlex.quote(bashrc)} > $HOME/.bashrc; "
            f"sed {changes} {ENTRYPOINT} > {COPY}/{ENTRYPOINT.name}; exec bash {COPY}/{ENTRYPOINT.name}"
        )
        return replace(image, argv=["/bin/bash", "-c", script])

    return wrap("streamspace_sandbox.control_plane.images:find", find_desktop)


def _state_limits_alone(desktop_container: Any, owner: Any) -> Obj:
    container: Obj = desktop_container(owner)
    del container["resources"]["requests"]
    return container


def _default_requests(create: Any, store: Any, resource: Any, obj: Obj, **options: Any) -> Any:
    """As every API server does it, and this one does not: the requests of a pod are its limits where it has none."""
    if resource == PODS:
        obj = clone(obj)
        for container in obj["spec"]["containers"]:
            resources = container.get("resources") or {}
            if resources.get("limits"):
                resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
    return create(store, resource, obj, **options)


register_variant(
    "terminal-fills-the-screen",
    description="A terminal without a frame fills the screen and shows its prompt, and there is no window manager",
    kubernetes=_edited(
        r"s/^openbox .*/xsetroot -solid '#0f1b24'; terminal \&/",
        "s/112x32+71+24/127x36+0+0/",
        "s/-b 8/-b 0 -bw 0/",
        bashrc="PS1='user:~$ '",
    ),
)
register_variant(
    "terminal-on-the-left",
    description="The terminal covers the left half of the screen, and not its middle",
    kubernetes=_edited("s/112x32+71+24/52x32+10+24/"),
)
register_variant(
    "terminal-of-400-columns",
    description="The terminal has so many columns as on a large screen, in small letters",
    kubernetes=_edited("s/112x32+71+24/416x92+2+24/", "s/-fs 12/-fs 4/"),
)
register_variant(
    "animation-on-the-desktop",
    description="Beside the terminal, a window changes its colour five times a second",
    kubernetes=_edited(BESIDE % ANIMATION.replace("%%", "%")),
)
register_variant(
    "keys-of-the-desktop",
    description="The desktop keeps F1 for its help and F11 for the full screen of a window",
    kubernetes=_edited(FIRST % (BINDING % OWN_KEYS)),
)
register_variant(
    "limits-alone",
    description="A session's Deployment states limits, which Kubernetes takes for the pod's requests too",
    agent=wrap("streamspace_sandbox.streamspace.agent.objects:desktop_container", _state_limits_alone),
    kubernetes=wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", _default_requests),
)
