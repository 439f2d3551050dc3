"""The words of RFB (RFC 6143) as noVNC takes them: versions, security types, and what a refusal means."""

from __future__ import annotations

GREETING_BYTES = 12
V33, V37, V38 = b"RFB 003.003\n", b"RFB 003.007\n", b"RFB 003.008\n"
# What a server greets with -> what noVNC answers. Servers with versions of their own speak 3.8 all the same.
ANSWERS = {
    b"RFB 003.003\n": V33,
    b"RFB 003.006\n": V33,  # UltraVNC
    b"RFB 003.007\n": V37,
    b"RFB 003.008\n": V38,
    b"RFB 003.889\n": V38,  # Apple Remote Desktop
    b"RFB 004.000\n": V38,  # Intel AMT KVM
    b"RFB 004.001\n": V38,  # RealVNC 4.6
    b"RFB 005.000\n": V38,  # RealVNC 5.3
}

NONE, VNC_AUTH, TIGHT, VENCRYPT, PLAIN = 1, 2, 16, 19, 256
SECURITY_NAMES = {
    NONE: "None",
    VNC_AUTH: "VncAuth",
    5: "RA2",
    6: "RA2ne",
    TIGHT: "Tight",
    17: "Ultra",
    18: "TLS",
    VENCRYPT: "VeNCrypt",
    22: "XVP",
    30: "ARD",
    113: "MSLogonII",
    129: "RA2-256",
    PLAIN: "Plain",
}
WITH_PASSWORD = frozenset({VNC_AUTH, 5, 6, VENCRYPT, 22, 30, 113, 129, PLAIN})
"""The types in which a viewer has to know something."""


def greeting(version: bytes) -> str:
    """The greeting of a server, for a sentence: `RFB 003.008`."""
    return version.decode("ascii", "backslashreplace").strip() or "nothing"


def security(kind: int) -> str:
    """The name of a security type, for a sentence: `VncAuth`, `type 77`."""
    return SECURITY_NAMES.get(kind, f"type {kind}")


def asks_for_password(kinds: bytes | list[int]) -> str | None:
    """`asks for a password (VncAuth)` where every type that is offered needs one; None otherwise."""
    if not kinds or not all(kind in WITH_PASSWORD for kind in kinds):
        return None
    return f"asks for a password ({', '.join(map(security, kinds))})"
