"""Where telephones were when the bridge stopped: those that registered by UDP can be called again as soon as it is back.

A connection ends with the bridge, and its telephone comes back by itself; one that registered by UDP notices nothing, and
would be out of reach until its next registration. What is kept is therefore for UDP alone, written some seconds later, a
few hundred accounts at a time, and of no worth once it has expired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, select, tuple_

from bridge.store.tables import telephones

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

LOADED_MAX: Final = 100_000
"""Rows that are read at a start, as many as a registrar holds. The rest has to register anew."""


class Telephone(msgspec.Struct, frozen=True):
    """One binding over UDP, in words of the store; times are of the wall clock."""

    account: str
    contact: str
    local: tuple[str, int]
    remote: tuple[str, int]
    call_id: str
    cseq: int
    registered_at: float
    expires_at: float
    q: float = 1.0
    path: tuple[str, ...] = ()
    instance: str = ""
    reg_id: int = 0
    user_agent: str = ""


class Telephones:
    """The kept bindings of one node, over one connection."""

    def __init__(self, connection: Connection, node: str) -> None:
        self._connection = connection
        self._node = node

    def load(self, now: float) -> list[Telephone]:
        """Those that have not expired; the others are deleted. What cannot be read (of a newer Roda) is left out."""
        self._connection.execute(
            delete(telephones).where(telephones.c.node == self._node, telephones.c.expires_at <= now)
        )
        query = (
            select(telephones.c.binding)
            .where(telephones.c.node == self._node)
            .order_by(telephones.c.account, telephones.c.position)
            .limit(LOADED_MAX)
        )
        found = []
        for text in self._connection.scalars(query):
            try:
                found.append(_DECODER.decode(text))
            except msgspec.MsgspecError:
                continue
        return found

    def keep(self, bindings: Mapping[str, Sequence[Telephone]]) -> None:
        """What each of these accounts has now, in place of what it had; an empty one has none."""
        if not bindings:
            return
        keys = [(self._node, account) for account in bindings]
        self._connection.execute(
            delete(telephones).where(tuple_(telephones.c.node, telephones.c.account).in_(keys))
        )
        rows = [
            {
                "node": self._node,
                "account": account,
                "position": position,
                "expires_at": each.expires_at,
                "binding": _ENCODER.encode(each).decode(),
            }
            for account, them in bindings.items()
            for position, each in enumerate(them)
        ]
        if rows:
            self._connection.execute(telephones.insert(), rows)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Telephone)
