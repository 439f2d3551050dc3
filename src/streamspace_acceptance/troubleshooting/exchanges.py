"""The scenario's exchanges with the API, as text."""

from __future__ import annotations

import json
from typing import Any

from streamspace_acceptance.product.answers import Exchange
from streamspace_acceptance.troubleshooting.collector import attach
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot


def collect(snapshot: ClusterSnapshot) -> None:
    """Every request and its answer, oldest first."""
    began = snapshot.world.began
    attach("http.txt", "\n\n".join(as_text(exchange, times, began) for exchange, times in snapshot.exchanges))


def as_text(exchange: Exchange, times: int, began: float) -> str:
    """One exchange: offset in seconds, request, outcome, bodies."""
    often = f"  ({times} times)" if times > 1 else ""
    lines = [f"+{exchange.at - began:.2f} s  {exchange.method} {exchange.url}{often}"]
    if exchange.request is not None:
        lines.append(f"> {_body(exchange.request)}")
    outcome = exchange.error or str(exchange.status)
    lines.append(f"< {outcome}  {exchange.response}  ({exchange.seconds * 1000:.0f} ms)")
    return "\n".join(lines)


def _body(request: Any) -> str:
    return request if isinstance(request, str) else json.dumps(request, ensure_ascii=False, default=str)
