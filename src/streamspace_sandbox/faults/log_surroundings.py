"""Healthy variants: rotated logs, other formats, and many lines beside those of a product that has no defect."""

import json
import logging
import re
import threading
import time
from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import Patch, wrap

CONFIGURE = "streamspace_sandbox.streamspace.logs:configure"
LINES_A_SECOND = 150
KEPT_LINES = 3
_WORDS = re.compile(r"online|offline|Heartbeat|agent")


def _rotate(selected: Any, content: bytes, options: Any) -> Any:
    """The API's log begins after the line with the password; the agent's has its last lines alone."""
    lines = content.split(b"\n")
    if b"Heartbeat sent" in content:
        content = b"\n".join(lines[-KEPT_LINES - 1 :])
    else:
        numbers = [number for number, line in enumerate(lines) if b"Admin password: " in line]
        content = b"\n".join(lines[numbers[-1] + 1 :]) if numbers else content
    return selected(content, options)


class _Json(logging.Formatter):
    """As Go's encoder writes it, which escapes what HTML uses."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {"ts": record.created, "level": record.levelname.lower(), "msg": record.getMessage()}
        return json.dumps(fields).replace(">", r"\u003e").replace("<", r"\u003c")


class _Logfmt(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"level={record.levelname.lower()} msg={json.dumps(record.getMessage())} logger={record.name}"


class _Colours(logging.Formatter):
    """As a console's formatter writes it: names and words in colours of their own."""

    def format(self, record: logging.LogRecord) -> str:
        coloured = _WORDS.sub(lambda found: f"\x1b[1;36m{found[0]}\x1b[0m", record.getMessage())
        return f"\x1b[32mINF\x1b[0m {coloured}"


def _write_log(formatter: logging.Formatter) -> Patch:
    def configure(original: Any) -> None:
        original()
        for handler in logging.getLogger().handlers:
            handler.setFormatter(formatter)

    return wrap(CONFIGURE, configure)


def _log_busily(configure: Any) -> None:
    configure()
    log = logging.getLogger("streamspace.requests")

    def talk() -> None:
        number = 0
        while True:
            number += 1
            log.info("GET /metrics 200 (%d)", number)
            time.sleep(1 / LINES_A_SECOND)

    threading.Thread(target=talk, daemon=True, name="busy log").start()


register_variant(
    "rotated-logs",
    description="The API's log begins after the password's line, and a node keeps three lines of an agent's log",
    kubernetes=wrap("streamspace_sandbox.kubernetes.kubelet.logs:_selected", _rotate),
)
for _name, _formatter in (("json", _Json()), ("logfmt", _Logfmt()), ("colours", _Colours())):
    register_variant(
        f"logs-in-{_name}",
        description=f"The API and the agents write their logs in {_name}",
        api=_write_log(_formatter),
        agent=_write_log(_formatter),
    )
register_variant(
    "busy-log",
    description=f"The API logs {LINES_A_SECOND} lines a second",
    api=wrap(CONFIGURE, _log_busily),
)
