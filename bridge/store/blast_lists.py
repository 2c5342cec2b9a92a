"""Blast lists (O5): whom `*92` calls, kept for each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from bridge.service.blast_list import MOST_ENTRIES, BlastEntry, BlastList, chosen
from bridge.store.errors import StoreRefusedError
from bridge.store.tables import blast_entries, blast_lists, people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row


class BlastLists:
    """The lists, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, pair: int) -> list[BlastList]:
        """The lists of `pair` with all their entries, by name."""
        query = select(blast_lists).where(blast_lists.c.pair_id == pair).order_by(blast_lists.c.name)
        return [self._list(row) for row in self._connection.execute(query).all()]

    def find(self, pair: int, name: str = "") -> BlastList | None:
        """The list that is called so; without a name "default", else the only one."""
        names = self._connection.scalars(select(blast_lists.c.name).where(blast_lists.c.pair_id == pair))
        meant = chosen(tuple(names), name)
        if meant is None:
            return None
        query = select(blast_lists).where(blast_lists.c.pair_id == pair, blast_lists.c.name == meant)
        return self._list(self._connection.execute(query).one())

    def add(self, pair: int, name: str, entries: Sequence[BlastEntry] = ()) -> BlastList:
        """Put entries at the end of the list that is called so, made where there is none."""
        row = self._connection.execute(
            select(blast_lists.c.id).where(blast_lists.c.pair_id == pair, blast_lists.c.name == name)
        ).first()
        if row is None:
            key = self._connection.execute(
                blast_lists.insert().values(pair_id=pair, name=name, message_file="", press_one=None)
            ).inserted_primary_key
            assert key is not None
            number = int(key[0])
        else:
            number = int(row[0])
        here = blast_entries.c.list_id == number
        numbers = set(self._connection.scalars(select(blast_entries.c.number).where(here)))
        if len(numbers) + len(entries) > MOST_ENTRIES:
            raise StoreRefusedError(f"a list has at most {MOST_ENTRIES} entries")
        for entry in entries:
            if entry.number in numbers:
                raise StoreRefusedError(f"{entry.number} is on the list already")
            numbers.add(entry.number)
        last = self._connection.scalar(select(func.max(blast_entries.c.position)).where(here)) or 0
        if entries:
            self._connection.execute(
                blast_entries.insert(),
                [
                    {
                        "list_id": number,
                        "position": position,
                        "name": entry.name,
                        "number": entry.number,
                        "person_id": entry.person,
                    }
                    for position, entry in enumerate(entries, last + 1)
                ],
            )
        found = self.find(pair, name)
        assert found is not None
        return found

    def remove_entry(self, blast_list: int, number: str) -> bool:
        """Whether it was on the list."""
        gone = self._connection.execute(
            delete(blast_entries).where(
                blast_entries.c.list_id == blast_list, blast_entries.c.number == number
            )
        )
        return gone.rowcount > 0

    def remove(self, blast_list: int) -> None:
        """Delete the list with its entries. The message's file is its owner's to delete."""
        self._connection.execute(delete(blast_entries).where(blast_entries.c.list_id == blast_list))
        self._connection.execute(delete(blast_lists).where(blast_lists.c.id == blast_list))

    def set_message(self, blast_list: int, file: str) -> None:
        """Name the file in `messages/` that is played first; empty: none."""
        self._set(blast_list, message_file=file)

    def set_press_one(self, blast_list: int, press_one: bool | None) -> None:
        self._set(blast_list, press_one=press_one)

    def _set(self, blast_list: int, **values: object) -> None:
        self._connection.execute(update(blast_lists).where(blast_lists.c.id == blast_list).values(**values))

    def _list(self, row: Row[Any]) -> BlastList:
        # Whoever is disabled is not called: they would be let into the room without a code (O6).
        query = (
            select(blast_entries.c.name, blast_entries.c.number, blast_entries.c.person_id)
            .join_from(blast_entries, people, isouter=True)
            .where(blast_entries.c.list_id == row.id, people.c.disabled_at.is_(None))
            .order_by(blast_entries.c.position)
        )
        entries = tuple(BlastEntry(*entry) for entry in self._connection.execute(query))
        return BlastList(row.id, row.pair_id, row.name, row.message_file, row.press_one, entries)
