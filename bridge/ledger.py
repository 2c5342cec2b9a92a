"""What the switchboard wants put down, as the store writes it: a time and a machine are added, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bridge.store.records import ConferenceEnded, ConferenceStarted, Joined, Left
from bridge.switchboard import effects

if TYPE_CHECKING:
    from bridge.store.records import Record

Entry = (
    effects.RecordConferenceStarted
    | effects.RecordJoined
    | effects.RecordLeft
    | effects.RecordConferenceEnded
)


def record(entry: Entry, *, at: float, node: str) -> Record:
    """Return the record of `entry`, which happened `at` (seconds since 1970) on the machine `node`."""
    match entry:
        case effects.RecordConferenceStarted():
            return ConferenceStarted(entry.conference, at, node, entry.pair, entry.name)
        case effects.RecordJoined():
            return Joined(
                participant=entry.participant,
                conference=entry.conference,
                at=at,
                call_id=entry.call_id,
                role=entry.role.value,
                caller=entry.caller,
                access_number=entry.access_number,
                person=entry.person,
                name=entry.name,
            )
        case effects.RecordLeft():
            return Left(entry.participant, at, entry.reason.value)
        case effects.RecordConferenceEnded():
            return ConferenceEnded(entry.conference, at, entry.reason.value)
        case _:
            assert_never(entry)
