"""One form of log line for StreamSpace's processes: time in UTC, level, logger, message."""

import logging
import sys
import time


def configure() -> None:
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    # A store that is away is told of by those who miss it; the pool would add a traceback for each attempt.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _is_news(record: logging.LogRecord) -> bool:
    """A WebSocket that was refused with an answer is in order, and yet uvicorn calls it an error."""
    return record.getMessage() != "ASGI callable returned without completing handshake."
