"""What a conference leaves behind: records, the audit trail, lines of the log, figures (R2, R4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference import effects as wanted
from bridge.conference.roster import mask
from bridge.switchboard.effects import (
    Level,
    Log,
    RecordAct,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordIdentified,
    RecordJoined,
    RecordLeft,
)
from bridge.switchboard.room import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Actor
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room

ForRecords = (
    wanted.ConferenceOpened
    | wanted.ConferenceBegan
    | wanted.ConferenceEnded
    | wanted.RecordLeave
    | wanted.RecordIdentity
    | wanted.Act
)
"""How a conference goes, for those who look at it later."""


class RoomRecords:
    """Writes for all rooms."""

    __slots__ = ("_lines", "_new_id")

    def __init__(self, lines: Lines, new_id: Callable[[], str]) -> None:
        self._lines = lines
        self._new_id = new_id

    def put_down(self, room: Room, effect: ForRecords) -> None:
        """Put down how the conference goes."""
        effects = self._lines.effects
        match effect:
            case wanted.ConferenceOpened():
                room.conference_id, room.opened_at, room.joins = self._new_id(), effect.at, 0
                room.records = {}
                pair, name = (room.key, "") if isinstance(room.key, int) else (None, room.key)
                effects.append(RecordConferenceStarted(room.conference_id, pair, name))
                self.log(room, "conference opened", **({"room": name} if pair is None else {"pair": pair}))
            case wanted.ConferenceBegan():
                self.log(room, "conference began", waited_s=_passed_s(room.opened_at, effect.at))
            case wanted.ConferenceEnded():
                effects.append(RecordConferenceEnded(room.conference_id, effect.reason))
                self.log(
                    room,
                    "conference ended",
                    reason=effect.reason.value,
                    duration_s=_passed_s(room.opened_at, effect.at),
                    joins=room.joins,
                )
            case wanted.RecordLeave():
                self._left(room, effect)
            case wanted.RecordIdentity():
                person = room.people.get(effect.leg)
                if person is not None:
                    effects.append(
                        RecordIdentified(
                            person.record, effect.name, effect.company, effect.phone, effect.email
                        )
                    )
            case wanted.Act():
                self._act(room, effect)

    def joined(self, leg: Leg, room: Room, effect: wanted.RecordJoin, came_by: str) -> None:
        """Somebody is in (R2)."""
        person = room.people[leg.number] = Person(leg, self._new_id(), leg.call_id, effect.at)
        room.joins += 1
        room.records[leg.number] = person.record
        self._lines.figures[f"joined:{effect.role.value}"] += 1
        self._lines.effects.append(
            RecordJoined(
                participant=person.record,
                conference=room.conference_id,
                role=effect.role,
                name=effect.name or "",
                person=leg.person,
                caller=leg.caller,
                access_number=leg.dialled,
                call_id=leg.call_id,
                came_by=came_by,
                via=leg.via,
            )
        )
        who = {} if leg.person is None else {"person": leg.person}
        self._lines.log(
            Level.INFO,
            "joined",
            leg,
            role=effect.role.value,
            caller=leg.caller,
            came_by=came_by,
            **who,
            people=len(room.people),
        )

    def log(self, room: Room, event: str, /, **fields: object) -> None:
        """Write a line about a room."""
        self._lines.effects.append(Log(Level.INFO, event, {"conference": room.conference_id, **fields}))

    def _left(self, room: Room, effect: wanted.RecordLeave) -> None:
        person = room.people.pop(effect.leg, None)
        if person is None:
            return
        self._lines.figures[f"left:{effect.reason.value}"] += 1
        self._lines.effects.append(
            RecordLeft(person.record, room.conference_id, effect.reason, person.line.cause)
        )
        self.log(
            room,
            "left",
            leg=effect.leg,
            call_id=person.call_id,
            reason=effect.reason.value,
            duration_s=_passed_s(person.joined_at, effect.at),
            people=len(room.people),
        )

    def _act(self, room: Room, act: wanted.Act) -> None:
        actor = self.name_of(room, act.actor)
        details = {"conference": room.conference_id, "role": act.actor.role.value}
        self._lines.effects.append(RecordAct(actor, act.action, act.subject or room.conference_id, details))
        self._lines.figures[f"command:{act.action}"] += 1
        self.log(
            room,
            "command",
            command=act.action,
            by=actor,
            subject=mask(act.subject) if act.subject.startswith("+") else act.subject,
        )

    @staticmethod
    def name_of(room: Room, actor: Actor) -> str:
        """How the audit trail calls whoever acts: a participant's record, or the name at the console."""
        person = room.people.get(actor.leg)
        return person.record if person is not None else actor.name or f"leg {actor.leg}"


def _passed_s(since: float, now: float) -> float:
    """A duration as lines of the log have it."""
    return round(now - since, 1)
