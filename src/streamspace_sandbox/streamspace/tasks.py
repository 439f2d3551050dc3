"""Coroutines that end together."""

import asyncio
from typing import Any


async def until_one_ends(*parts: Any) -> None:
    """Run coroutines side by side until the first one ends, raise what it raised, and cancel the others."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
