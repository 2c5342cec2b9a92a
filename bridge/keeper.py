"""What callers have said and the bridge keeps on disk: names from one conference to the next, messages of blasts (C2, O5).

The store's thread reads and writes; a full disk loses a recording and nothing else, and whoever recorded it is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bridge.service.blast_list import DEFAULT_NAME
from bridge.store.blast_lists import BlastLists
from bridge.store.messages import Messages
from bridge.store.names import Names
from bridge.switchboard.events import BlastListFound, MessageKept, NameFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy import int16
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from bridge.desk import Store
    from bridge.store.errors import StoreError

_log = structlog.get_logger("keeper")

Told = NameFound | MessageKept | BlastListFound


class Reader(Protocol):
    """Gives back what a recording sounds like."""

    def __call__(self, clip: Any, /) -> NDArray[int16]:
        """Ndarray of shape (S,), int16 at 8 kHz."""


class Keeper:
    """One bridge's. `deliver` takes each answer to the switchboard."""

    def __init__(self, store: Store, state: Path, *, deliver: Callable[[Told], None]) -> None:
        self._store = store
        self._names = Names(state)
        self._messages = Messages(state)
        self._deliver = deliver

    def fetch_name(self, leg: int, person: int) -> None:
        """Find how somebody said their name; without one, or where it cannot be read, there is none."""
        self._store.ask(
            lambda _: self._names.load(person),
            answered=lambda audio: self._deliver(NameFound(leg, audio)),
            failed=lambda error: self._no_name(leg, error),
        )

    def keep_name(self, person: int, audio: NDArray[int16]) -> None:
        """Keep it for the next time."""
        self._store.ask(
            lambda _: self._names.keep(person, audio),
            answered=lambda _: None,
            failed=lambda error: _log.error("name not kept", person=person, why=str(error)),
        )

    def keep_message(self, leg: int, pair: int, audio: NDArray[int16]) -> None:
        """Keep the message of a pair's default list, which is made where there is none yet."""

        def keep(connection: Connection) -> None:
            lists = BlastLists(connection)
            found = lists.find(pair) or lists.add(pair, DEFAULT_NAME)
            lists.set_message(found.id, self._messages.keep(found.id, audio))

        self._store.ask(
            keep,
            answered=lambda _: self._deliver(MessageKept(leg, kept=True)),
            failed=lambda error: self._not_kept(leg, error),
        )

    def add_message(self, found: BlastListFound) -> None:
        """Bring a blast list on its way to the switchboard, with its message read; a lost message is none."""
        blast_list = found.blast_list
        if blast_list is None or not blast_list.message:
            self._deliver(found)
            return
        self._store.ask(
            lambda _: self._messages.load(blast_list.message),
            answered=lambda audio: self._deliver(BlastListFound(found.request, blast_list, audio=audio)),
            failed=lambda error: self._no_message(found, error),
        )

    def _no_name(self, leg: int, error: StoreError) -> None:
        _log.error("name not read", leg=leg, why=str(error))
        self._deliver(NameFound(leg, None))

    def _not_kept(self, leg: int, error: StoreError) -> None:
        _log.error("message not kept", leg=leg, why=str(error))
        self._deliver(MessageKept(leg, kept=False))

    def _no_message(self, found: BlastListFound, error: StoreError) -> None:
        _log.error("message not read", why=str(error))
        self._deliver(found)
