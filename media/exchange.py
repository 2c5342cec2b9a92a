"""Who of the workers has been given whose outbox: made when a room first comes to live in two workers, and kept until they die.

Workers tell each other nothing. Control makes the memory of an outbox (`media/outbox.py`), gives it to its writer and to those
who are to read it, and tells them which rooms they share.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from media import control
from media.outbox import outbox_bytes

KEPT: Final = 16
"""Outboxes of dead workers that are closed later: a command that waits to be sent may still carry their descriptor. No more
workers than ten are lost in a minute without an end (`pool.RESTARTS_PER_MINUTE`), and no command waits for so long."""

_log = structlog.get_logger("media.pool")


class Told(Protocol):
    """A worker, as far as it matters here."""

    name: str

    def tell(self, command: control.AnyCommand, *fds: int) -> None:
        """Queue a command, with descriptors that stay ours."""


class Exchange:
    """All outboxes of this machine."""

    def __init__(self) -> None:
        self._made = 0
        self._outboxes: dict[str, tuple[int, int]] = {}  # of workers by name: its number, and the descriptor
        self._readers: dict[str, list[Told]] = {}  # who was given the outbox of which
        self._dead: deque[int] = deque()

    def share(self, room: int, worker: Told, workers: Sequence[Told]) -> bool:
        """Tell `worker` that `room` lives in all of `workers`, it among them; False where there is no memory for that now."""
        try:
            self._number(worker)
            others = [self._introduce(worker, other) for other in workers if other is not worker]
        except OSError as error:
            _log.exception("outbox_not_made", room=room, error=str(error))
            return False
        worker.tell(control.Spread(room, others, leads=workers[0] is worker))
        return True

    def _introduce(self, reader: Told, writer: Told) -> int:
        """Have `reader` know the outbox of `writer`; returns its number."""
        number = self._number(writer)
        readers = self._readers[writer.name]
        if reader not in readers:
            readers.append(reader)
            reader.tell(control.LoadPeer(number), self._outboxes[writer.name][1])
        return number

    def _number(self, worker: Told) -> int:
        """The number of a worker, which has an outbox from now on."""
        if worker.name not in self._outboxes:
            descriptor = os.memfd_create(f"roda-{worker.name}-outbox", os.MFD_CLOEXEC)
            try:
                os.ftruncate(descriptor, outbox_bytes())
            except OSError:
                os.close(descriptor)
                raise
            self._made += 1
            self._outboxes[worker.name] = self._made, descriptor
            self._readers[worker.name] = []
            worker.tell(control.LoadOutbox(self._made), descriptor)
        return self._outboxes[worker.name][0]

    def forget(self, dead: Told) -> None:
        """That worker is gone: nobody is to read its outbox again."""
        number, descriptor = self._outboxes.pop(dead.name, (0, -1))
        for readers in self._readers.values():
            if dead in readers:
                readers.remove(dead)
        if not number:
            return
        for reader in self._readers.pop(dead.name):
            reader.tell(control.DropPeer(number))
        self._dead.append(descriptor)
        if len(self._dead) > KEPT:
            os.close(self._dead.popleft())

    def close(self) -> None:
        """Give all memory back."""
        for descriptor in (*self._dead, *(descriptor for _, descriptor in self._outboxes.values())):
            os.close(descriptor)
        self._dead.clear()
        self._outboxes.clear()
        self._readers.clear()
