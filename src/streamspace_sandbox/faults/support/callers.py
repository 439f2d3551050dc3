"""Who calls the API, for faults that let the wrong ones in."""

from streamspace_sandbox.streamspace.api.auth import ADMIN_ROLE, Caller

TOKENS = "streamspace_sandbox.streamspace.api.auth:Tokens"
"""This class checks the token of a call."""
ADMINISTRATOR = Caller("admin", ADMIN_ROLE)
