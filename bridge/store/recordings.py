"""Recordings of conferences that are over, and their files (C6). Written as `bridge.store.records` writes everything.

The files themselves are in the folder of recordings; a row outlives its files, as the record that there was a recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.tables import conferences, pairs, participants, recorded_files, recordings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class RecordedFile(msgspec.Struct, frozen=True, gc=False):
    """One file."""

    name: str
    participant: str
    """Whose voice it is, as `Joined` named them; empty: everybody's."""
    begins_s: float
    """In the recording."""
    length_s: float
    size_bytes: int


class Recorded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A recording is over."""

    recording: str
    at: float
    node: str
    conference: str
    reason: str
    missing_s: float
    files: tuple[RecordedFile, ...]


class Recording(msgspec.Struct, frozen=True):
    """A file of a recording, as reports show it; a recording that came to no file is one without a name."""

    recording: str
    conference: str
    room: str
    """The pair's name, or the open room's."""
    node: str
    """On whose disk it is."""
    ended_at: float
    reason: str
    missing_s: float
    file: str
    participant: str
    """Whose voice it is: their name or number; empty: everybody's."""
    begins_s: float
    length_s: float
    size_bytes: int


_INSERT: Final = {
    "sqlite": (
        sqlite.insert(recordings).on_conflict_do_nothing(),
        sqlite.insert(recorded_files).on_conflict_do_nothing(),
    ),
    "postgresql": (
        postgresql.insert(recordings).on_conflict_do_nothing(),
        postgresql.insert(recorded_files).on_conflict_do_nothing(),
    ),
}


class Recordings:
    """The recordings, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, batch: Sequence[object]) -> None:
        """Write those records of a batch that are of recordings; what is there already stays as it is."""
        over = [each for each in batch if type(each) is Recorded]
        files = [_file(each.recording, file) for each in over for file in each.files]
        recording, file = _INSERT[self._connection.dialect.name]
        for statement, rows in ((recording, [_recording(each) for each in over]), (file, files)):
            if rows:
                self._connection.execute(statement, rows)

    def entries(self, *, since: float = 0.0, until: float | None = None, limit: int) -> list[Recording]:
        """The files of a period, those of the latest recording first, everybody's before those of single people."""
        query = (
            select(
                recordings.c.id.label("recording"),
                recordings.c.conference_id.label("conference"),
                func.coalesce(pairs.c.name, conferences.c.name, "").label("room"),
                recordings.c.node,
                recordings.c.ended_at,
                recordings.c.reason,
                recordings.c.missing_s,
                func.coalesce(recorded_files.c.name, "").label("file"),
                func.coalesce(func.nullif(participants.c.name, ""), participants.c.caller, "").label(
                    "participant"
                ),
                func.coalesce(recorded_files.c.begins_s, 0.0).label("begins_s"),
                func.coalesce(recorded_files.c.length_s, 0.0).label("length_s"),
                func.coalesce(recorded_files.c.size_bytes, 0).label("size_bytes"),
            )
            .join_from(
                recordings, recorded_files, recorded_files.c.recording_id == recordings.c.id, isouter=True
            )
            .join(conferences, conferences.c.id == recordings.c.conference_id, isouter=True)
            .join(pairs, pairs.c.id == conferences.c.pair_id, isouter=True)
            .join(participants, participants.c.id == recorded_files.c.participant_id, isouter=True)
            .where(recordings.c.ended_at >= since)
            .order_by(recordings.c.ended_at.desc(), recordings.c.id.desc(), recorded_files.c.name.desc())
            .limit(limit)
        )
        if until is not None:
            query = query.where(recordings.c.ended_at < until)
        return [Recording(**row) for row in self._connection.execute(query).mappings()]


def _recording(record: Recorded) -> dict[str, Any]:
    return {
        "id": record.recording,
        "node": record.node,
        "conference_id": record.conference,
        "ended_at": record.at,
        "reason": record.reason,
        "missing_s": record.missing_s,
    }


def _file(recording: str, file: RecordedFile) -> dict[str, Any]:
    return {
        "recording_id": recording,
        "name": file.name,
        "participant_id": file.participant,
        "begins_s": file.begins_s,
        "length_s": file.length_s,
        "size_bytes": file.size_bytes,
    }
