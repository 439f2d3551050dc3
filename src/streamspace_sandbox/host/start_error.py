"""The error of a start that cannot succeed."""


class StartError(Exception):
    """The instance cannot be started; the message is one sentence that says why and what to do."""
