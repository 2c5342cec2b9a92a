"""A door that is open in a thread, for those who come in by it the blocking way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge.control.door import Door
from bridge.control.protocol import AnyReply


@contextmanager
def living_door(path: Path, answer: Callable[[Any], AnyReply]) -> Iterator[Door]:
    """Answer each request with what `answer` makes of it."""
    loop = asyncio.new_event_loop()
    door = Door(path, lambda ticket, request: door.answer(ticket, answer(request)))
    loop.run_until_complete(door.open())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield door
    finally:

        async def close() -> None:
            door.close()

        asyncio.run_coroutine_threadsafe(close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
