"""The log format of StreamSpace's processes: time in UTC, level, logger, message."""

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
    # The callers log an unreachable store; the pool would add a traceback for each attempt.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn logs an error for a WebSocket that was refused with a response, which is intended here."""
    return record.getMessage() != "ASGI callable returned without completing handshake."
