"""Effects for the records, and the records (R2)."""

from __future__ import annotations

from bridge.conference.events import LeaveReason
from bridge.ledger import Entry, record
from bridge.service.role import Role
from bridge.store.records import ConferenceEnded, ConferenceStarted, Joined, Left
from bridge.switchboard.effects import (
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordJoined,
    RecordLeft,
)


def test_a_conference_is_put_down_from_its_first_caller_to_its_last() -> None:
    joined = RecordJoined(
        participant="p",
        conference="c",
        role=Role.MODERATOR,
        name="Ana",
        person=12,
        caller="+5511",
        access_number="4000",
        call_id="id@x",
    )
    entries: list[Entry] = [
        RecordConferenceStarted("c", 7, ""),
        joined,
        RecordLeft("p", "c", LeaveReason.LOST),
        RecordConferenceEnded("c", LeaveReason.LOST),
    ]
    assert [record(entry, at=5.0, node="n1") for entry in entries] == [
        ConferenceStarted("c", 5.0, "n1", 7, ""),
        Joined("p", "c", 5.0, "id@x", "moderator", "+5511", "4000", person=12, name="Ana"),
        Left("p", 5.0, "lost"),
        ConferenceEnded("c", 5.0, "lost"),
    ]
