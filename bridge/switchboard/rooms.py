"""The conferences that are going on: who is asked in, and what becomes of what a conference wants done.

The rules are in `bridge.conference`, which knows nobody but leg numbers. Here a conference gets its place: a media room,
ids for the records, its timers among all timers. A room exists from its first leg's asking to its last one's leaving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference import effects as wanted
from bridge.conference.events import HoursEndAt, Join, Leave, LeaveReason, Press, TimerFired, TimerKey
from bridge.conference.keymap import Matcher
from bridge.conference.model import Conference, Phase, Refused
from bridge.conference.reducer import admit, reduce
from bridge.switchboard.effects import (
    CloseRoom,
    Level,
    Log,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordJoined,
    RecordLeft,
)
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.room import Person, Room
from media.control import NO_ROOM, Music, Mute, Route
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.events import Event
    from bridge.conference.keymap import Keymap, Match
    from bridge.conference.model import Refusal
    from bridge.service.role import Role
    from bridge.service.settings import Settings
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import RoomKey

ForOne = (
    wanted.Enter
    | wanted.Withdraw
    | wanted.SetMute
    | wanted.Music
    | wanted.Say
    | wanted.Hush
    | wanted.TurnAway
    | wanted.HangUp
    | wanted.RecordJoin
)
"""What a conference wants for one leg."""

ForRecords = wanted.ConferenceOpened | wanted.ConferenceBegan | wanted.ConferenceEnded | wanted.RecordLeave
"""How a conference goes, for those who look at it later."""

TONES: Final = {
    wanted.ToneName.ENTRY: Utterance("tone.join"),
    wanted.ToneName.EXIT: Utterance("tone.leave"),
    wanted.ToneName.LECTURE: Utterance("tone.lecture"),
}
HOLD_MUSIC: Final = Utterance("music.hold")


class Rooms:
    """All conferences of this bridge."""

    __slots__ = ("_keymap", "_lines", "_new_id", "_number", "by_key", "by_number")

    def __init__(self, lines: Lines, *, keymap: Keymap, new_id: Callable[[], str]) -> None:
        self.by_key: dict[RoomKey, Room] = {}
        self.by_number: dict[int, Room] = {}
        self._lines = lines
        self._keymap = keymap
        self._new_id = new_id
        self._number = NO_ROOM

    def ask(self, key: RoomKey, settings: Settings, role: Role) -> Refusal | None:
        """Ask whether somebody may come in now: None, or why not. Settings count where nobody is in yet."""
        room = self.by_key.get(key)
        answer = admit(Conference(settings) if room is None else room.conference, role)
        return answer.reason if isinstance(answer, Refused) else None

    def expect(self, leg: Leg, key: RoomKey, settings: Settings) -> Room:
        """Promise the leg a room, so that its stream can be opened there."""
        room = leg.room = self._room(key, settings)
        room.expected += 1
        return room

    def join(
        self,
        leg: Leg,
        key: RoomKey,
        settings: Settings,
        role: Role,
        now: float,
        hours_end_at: float | None = None,
    ) -> None:
        """Bring the leg in. Settings count for the first one in; the others find those of the conference (A7)."""
        if leg.room is None:
            leg.room = self._room(key, settings)
        else:
            leg.room.expected -= 1
        leg.state = LegState.CONFERENCE
        leg.language = leg.room.language or leg.language
        opens = leg.room.conference.phase is Phase.EMPTY
        self._reduce(leg.room, Join(leg.number, role, leg.name), now)
        if opens and hours_end_at is not None:
            self._reduce(leg.room, HoursEndAt(hours_end_at), now)

    def leave(self, leg: Leg, because: LeaveReason, now: float) -> None:
        """Take a leg that has ended out of its room, in whatever way it was in."""
        room = leg.room
        if room is None:
            return
        if leg.state is LegState.OPENING:
            room.expected -= 1
        else:
            self._reduce(room, Leave(leg.number, because), now)
        self._close_if_over(room)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """Read a key of somebody in a conference."""
        assert leg.room is not None
        if leg.matcher is None:
            participant = leg.room.conference.participants.get(leg.number)
            if participant is None:
                return
            leg.matcher = Matcher(self._keymap.of(participant.role))
        self._matched(leg, leg.matcher, leg.matcher.press(key, now), now)

    def keys_ended(self, leg: Leg, now: float) -> None:
        """Read what was keyed as it stands: nothing more came."""
        if leg.matcher is not None:
            self._matched(leg, leg.matcher, leg.matcher.advance(now), now)

    def timer(self, key: TimerKey, number: int, now: float) -> None:
        """Tell a conference that its timer is due."""
        room = self.by_number.get(number)
        if room is not None:
            self._reduce(room, TimerFired(key), now)
            self._close_if_over(room)

    def _matched(self, leg: Leg, matcher: Matcher, match: Match | None, now: float) -> None:
        deadline = matcher.next_deadline()
        if deadline is None:
            self._lines.timers.cancel((LegTimer.KEYS, leg.number))
        else:
            self._lines.timers.set((LegTimer.KEYS, leg.number), deadline)
        if match is not None and leg.room is not None:
            self._lines.figures[f"keyed:{match.command.value if match.command else 'unknown'}"] += 1
            self._reduce(leg.room, Press(leg.number, match.command, match.keys), now)

    def _room(self, key: RoomKey, settings: Settings) -> Room:
        room = self.by_key.get(key)
        if room is None:
            self._number += 1
            room = Room(key, self._number, Conference(settings, keymap=self._keymap))
            self.by_key[key] = self.by_number[room.number] = room
        return room

    def _close_if_over(self, room: Room) -> None:
        """Forget a room in which nobody is and nobody is expected; once, though calls that it turned away end later."""
        if room.conference.phase is Phase.EMPTY and not room.expected and room.number in self.by_number:
            del self.by_key[room.key], self.by_number[room.number]
            self._lines.effects.append(CloseRoom(room.number))

    def _reduce(self, room: Room, event: Event, now: float) -> None:
        room.conference, effects = reduce(room.conference, event, now)
        for effect in effects:
            self._carry_out(room, effect, now)

    def _carry_out(self, room: Room, effect: wanted.Effect, now: float) -> None:
        """Do what a conference wants."""
        lines = self._lines
        match effect:
            case wanted.SetTimer():
                lines.timers.set((effect.key, room.number), effect.at)
            case wanted.CancelTimer():
                lines.timers.cancel((effect.key, room.number))
            case wanted.SayRoom():
                lines.say_room(room.number, effect.utterance, room.language)
            case wanted.ToneRoom():
                lines.say_room(room.number, TONES[effect.tone], room.language)
            case wanted.Log():
                fields: dict[str, object] = {"conference": room.conference_id, **dict(effect.fields)}
                number = fields.get("leg")
                about = lines.by_number.get(number) if isinstance(number, int) else None
                if about is not None:
                    fields["call_id"] = about.call_id
                lines.effects.append(Log(Level.INFO, effect.event, fields))
            case (
                wanted.ConferenceOpened()
                | wanted.ConferenceBegan()
                | wanted.ConferenceEnded()
                | wanted.RecordLeave()
            ):
                self._record(room, effect)
            case _:
                leg = lines.by_number.get(effect.leg)
                if leg is not None:  # one that has ended is told nothing: its Leave is on its way
                    self._carry_out_for(leg, room, effect, now)

    def _carry_out_for(self, leg: Leg, room: Room, effect: ForOne, now: float) -> None:
        """Do what a conference wants for one of those in it."""
        lines = self._lines
        match effect:
            case wanted.Enter():
                self._route(leg, room.number)
            case wanted.Withdraw():
                self._route(leg, NO_ROOM)
            case wanted.SetMute():
                lines.command(Mute(leg.number, effect.muted))
            case wanted.Music():
                lines.command(
                    Music(leg.number, lines.clips(HOLD_MUSIC, leg.language)[0] if effect.on else None)
                )
            case wanted.Say():
                lines.say(leg, effect.utterance, leg.language)
            case wanted.Hush():
                lines.hush(leg)
            case wanted.TurnAway():
                lines.part(leg, effect.utterance, LeaveReason.DISCONNECTED, now)
            case wanted.HangUp():
                lines.part(leg, effect.utterance, effect.reason, now)
            case wanted.RecordJoin():
                self._record_joined(leg, room, effect)

    def _route(self, leg: Leg, number: int) -> None:
        """Move the leg's audio, unless it was opened where it now belongs."""
        if leg.routed_to != number:
            leg.routed_to = number
            self._lines.command(Route(leg.number, number))

    def _record(self, room: Room, effect: ForRecords) -> None:
        """Put down how the conference goes."""
        effects = self._lines.effects
        match effect:
            case wanted.ConferenceOpened():
                room.conference_id, room.opened_at, room.joins = self._new_id(), effect.at, 0
                pair, name = (room.key, "") if isinstance(room.key, int) else (None, room.key)
                effects.append(RecordConferenceStarted(room.conference_id, pair, name))
                self._log(room, "conference opened", **({"room": name} if pair is None else {"pair": pair}))
            case wanted.ConferenceBegan():
                self._log(room, "conference began", waited_s=_passed_s(room.opened_at, effect.at))
            case wanted.ConferenceEnded():
                effects.append(RecordConferenceEnded(room.conference_id, effect.reason))
                self._log(
                    room,
                    "conference ended",
                    reason=effect.reason.value,
                    duration_s=_passed_s(room.opened_at, effect.at),
                    joins=room.joins,
                )
            case wanted.RecordLeave():
                person = room.people.pop(effect.leg, None)
                if person is not None:
                    self._lines.figures[f"left:{effect.reason.value}"] += 1
                    effects.append(RecordLeft(person.record, room.conference_id, effect.reason))
                    self._log(
                        room,
                        "left",
                        leg=effect.leg,
                        call_id=person.call_id,
                        reason=effect.reason.value,
                        duration_s=_passed_s(person.joined_at, effect.at),
                        people=len(room.people),
                    )

    def _record_joined(self, leg: Leg, room: Room, effect: wanted.RecordJoin) -> None:
        person = room.people[leg.number] = Person(self._new_id(), leg.call_id, effect.at)
        room.joins += 1
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
            )
        )
        who = {} if leg.person is None else {"person": leg.person}
        self._lines.log(
            Level.INFO,
            "joined",
            leg,
            role=effect.role.value,
            caller=leg.caller,
            **who,
            people=len(room.people),
        )

    def _log(self, room: Room, event: str, /, **fields: object) -> None:
        """Write a line about a room."""
        self._lines.effects.append(Log(Level.INFO, event, {"conference": room.conference_id, **fields}))


def _passed_s(since: float, now: float) -> float:
    """A duration as lines of the log have it."""
    return round(now - since, 1)
