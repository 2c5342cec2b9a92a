"""The one timer that a core waits on: it goes off at the core's next deadline, or a little before it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `due` once the deadline last armed has come."""

    __slots__ = ("_at", "_due", "_handle", "_loop")

    def __init__(self, due: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = due
        self._handle: asyncio.Handle | None = None
        self._at = 0.0
        """When it goes off. Not asked of the handle: for a moment that has come uvloop gives one without `when`."""

    def arm(self, deadline: float | None) -> None:
        """Go off at `deadline` at the latest. None: there is nothing to wait for.

        One that is too early only finds nothing to do and is set again; that is cheaper than to move it each time.
        """
        if deadline is None or (self._handle is not None and self._at <= deadline):
            return
        self.cancel()
        self._at = deadline
        self._handle = self._loop.call_at(deadline, self._ring)

    def cancel(self) -> None:
        """Go off no more, until armed again."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _ring(self) -> None:
        self._handle = None
        self._due()
