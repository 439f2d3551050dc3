"""What stops a start, told to whoever asked for it."""


class StartError(Exception):
    """The instance cannot be started; the message is one sentence that says why and what to do."""
