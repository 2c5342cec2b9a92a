"""Effects for the records, and the records (R2)."""

from __future__ import annotations

from bridge.conference.events import LeaveReason
from bridge.ledger import Entry, record
from bridge.service.role import Role
from bridge.store.audit import Act
from bridge.store.calls import CallAnswered, CallEnded, CallPlaced
from bridge.store.records import ConferenceEnded, ConferenceStarted, Identified, Joined, Left
from bridge.switchboard.effects import (
    RecordAct,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordIdentified,
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


def test_who_somebody_is_and_how_they_came_are_put_down_o2_r2() -> None:
    called = RecordJoined(
        participant="p",
        conference="c",
        role=Role.PARTICIPANT,
        name="",
        person=None,
        caller="+5511",
        access_number="",
        call_id="id@x",
        came_by="blast",
    )
    joined = record(called, at=5.0, node="n1")
    assert isinstance(joined, Joined)
    assert joined.came_by == "blast"
    identified = RecordIdentified("p", name="Ana", company="Acme", phone="+55", email="a@example.org")
    assert record(identified, at=5.0, node="n1") == Identified("p", "Ana", "Acme", "+55", "a@example.org")


def test_a_call_out_and_an_act_are_put_down_g3_r4() -> None:
    placed = RecordCallPlaced(
        call="k",
        conference="c",
        pair=7,
        customer=3,
        kind="dial_out",
        number="+5511",
        price_per_minute="0.12",
    )
    entries: list[Entry] = [
        placed,
        RecordCallAnswered("k"),
        RecordCallEnded("k", "busy"),
        RecordAct("operator rui", "mute", "conference c", {"participant": "p"}),
    ]
    assert [record(entry, at=5.0, node="n1") for entry in entries] == [
        CallPlaced(
            call="k",
            at=5.0,
            node="n1",
            conference="c",
            pair=7,
            customer=3,
            kind="dial_out",
            number="+5511",
            price_per_minute="0.12",
        ),
        CallAnswered("k", 5.0),
        CallEnded("k", 5.0, "busy"),
        Act(5.0, "n1", "operator rui", "mute", "conference c", {"participant": "p"}),
    ]
