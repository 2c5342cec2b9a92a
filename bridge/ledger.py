"""What the switchboard wants put down, as the store writes it: a time and a machine are added, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bridge.store.audit import Act
from bridge.store.calls import CallAnswered, CallEnded, CallPlaced
from bridge.store.recordings import Recorded, RecordedFile
from bridge.store.records import ConferenceEnded, ConferenceStarted, Identified, Joined, Left
from bridge.switchboard import effects

if TYPE_CHECKING:
    from bridge.store.calls import CallRecord
    from bridge.store.records import Record

OfConference = effects.RecordConferenceStarted | effects.RecordConferenceEnded
OfParticipant = effects.RecordJoined | effects.RecordIdentified | effects.RecordLeft
OfRecording = effects.RecordRecording
OfCall = effects.RecordCallPlaced | effects.RecordCallAnswered | effects.RecordCallEnded

Entry = OfConference | OfParticipant | OfRecording | OfCall | effects.RecordAct


def record(entry: Entry, *, at: float, node: str) -> Record:
    """Return the record of `entry`, which happened `at` (seconds since 1970) on the machine `node`."""
    if isinstance(entry, OfConference):
        return _of_conference(entry, at, node)
    if isinstance(entry, OfParticipant):
        return _of_participant(entry, at)
    if isinstance(entry, OfRecording):
        return _of_recording(entry, at, node)
    if isinstance(entry, OfCall):
        return _of_call(entry, at, node)
    return Act(at, node, entry.actor, entry.action, entry.subject, dict(entry.details))


def _of_conference(entry: OfConference, at: float, node: str) -> ConferenceStarted | ConferenceEnded:
    match entry:
        case effects.RecordConferenceStarted():
            return ConferenceStarted(entry.conference, at, node, entry.pair, entry.name)
        case effects.RecordConferenceEnded():
            return ConferenceEnded(entry.conference, at, entry.reason.value)
        case _:
            assert_never(entry)


def _of_participant(entry: OfParticipant, at: float) -> Joined | Identified | Left:
    match entry:
        case effects.RecordJoined():
            return Joined(
                participant=entry.participant,
                conference=entry.conference,
                at=at,
                call_id=entry.call_id,
                role=entry.role.value,
                caller=entry.caller,
                access_number=entry.access_number,
                came_by=entry.came_by,
                person=entry.person,
                name=entry.name,
                via=entry.via,
            )
        case effects.RecordIdentified():
            return Identified(entry.participant, entry.name, entry.company, entry.phone, entry.email)
        case effects.RecordLeft():
            return Left(entry.participant, at, entry.reason.value, entry.cause)
        case _:
            assert_never(entry)


def _of_recording(entry: effects.RecordRecording, at: float, node: str) -> Recorded:
    files = tuple(
        RecordedFile(each.name, each.participant, each.begins_s, each.length_s, each.size_bytes)
        for each in entry.files
    )
    return Recorded(entry.recording, at, node, entry.conference, entry.reason, entry.missing_s, files)


def _of_call(entry: OfCall, at: float, node: str) -> CallRecord:
    match entry:
        case effects.RecordCallPlaced():
            return CallPlaced(
                call=entry.call,
                at=at,
                node=node,
                conference=entry.conference,
                pair=entry.pair,
                customer=entry.customer,
                kind=entry.kind,
                number=entry.number,
                price_per_minute=entry.price_per_minute,
            )
        case effects.RecordCallAnswered():
            return CallAnswered(entry.call, at)
        case effects.RecordCallEnded():
            return CallEnded(entry.call, at, entry.outcome, entry.via, entry.status, entry.cause)
        case _:
            assert_never(entry)
