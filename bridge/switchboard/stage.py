"""What conferences want done, done: routing, mutes, words, timers, records; and commands handed on.

One function per kind of effect, found by its type. What is wanted for a leg that has ended is wanted no more: its `Leave` is
on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from bridge.conference import effects as wanted
from bridge.conference.events import LeaveReason
from bridge.conference.model import ALONE, MAIN
from bridge.switchboard.effects import Level, Log
from bridge.switchboard.legs import LegState
from bridge.switchboard.lines import HOLD_MUSIC
from media.control import AutoGain, Gain, Mute, Suppress
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Actor, Command, Outcome
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.room_records import RoomRecords
    from bridge.switchboard.tapes import Tapes

TONES: Final = {
    wanted.ToneName.ENTRY: Utterance("tone.join"),
    wanted.ToneName.EXIT: Utterance("tone.leave"),
    wanted.ToneName.LECTURE: Utterance("tone.lecture"),
}


class Performer(Protocol):
    """Who carries out the commands that need more than a conference: `bridge.switchboard.performing`."""

    def perform(self, room: Room, command: Command, actor: Actor, now: float) -> Outcome | None:
        """Begin it; the outcome is for consoles, None is "done"."""

    def dismissed(self, leg: Leg, now: float) -> None:
        """The conference has sent this one away, wherever they are: what they were about is over."""

    def put_out(self, leg: Leg, now: float) -> None:
        """The conference has led out one who only listened."""

    def closed(self, room: Room, now: float) -> None:
        """The conference is over: nobody is called for it any more."""


class Stage:
    """Carries out what all conferences want."""

    __slots__ = (
        "_for_one",
        "_for_room",
        "_lines",
        "_places",
        "_records",
        "open",
        "outcome",
        "performer",
        "tapes",
    )

    def __init__(self, lines: Lines, places: Places, records: RoomRecords) -> None:
        self.performer: Performer | None = None
        self.tapes: Tapes | None = None
        self.open: dict[str, Room] = {}
        """By the records' id, the conferences that somebody is in."""
        self.outcome: Outcome | None = None
        """Of the last command from a console."""
        self._lines = lines
        self._places = places
        self._records = records
        self._for_room: dict[type, Callable[[Room, Any, float], None]] = {
            wanted.SetTimer: self._set_timer,
            wanted.CancelTimer: self._cancel_timer,
            wanted.SayRoom: lambda room, effect, _now: self._say_place(room, effect.place, effect.utterance),
            wanted.ToneRoom: lambda room, effect, _now: self._say_place(room, MAIN, TONES[effect.tone]),
            wanted.SetRecording: self._record,
            wanted.Reply: self._reply,
            wanted.Perform: self._perform,
            wanted.Log: self._log,
            wanted.ConferenceOpened: self._opened,
            wanted.ConferenceBegan: self._put_down,
            wanted.ConferenceEnded: self._ended,
            wanted.RecordLeave: self._put_down,
            wanted.RecordIdentity: self._put_down,
            wanted.Act: self._put_down,
        }
        self._for_one: dict[type, Callable[[Leg, Room, Any, float], None]] = {
            wanted.Enter: lambda leg, room, effect, _now: places.route(leg, room, effect.place),
            wanted.Withdraw: self._withdraw,
            wanted.SetMute: lambda leg, _room, effect, _now: lines.command(Mute(leg.number, effect.muted)),
            wanted.SetGain: lambda leg, _room, effect, _now: lines.command(Gain(leg.number, effect.gain_db)),
            wanted.SetAutoGain: lambda leg, _room, effect, _now: lines.command(
                AutoGain(leg.number, effect.on)
            ),
            wanted.SetSuppression: lambda leg, _room, effect, _now: lines.command(
                Suppress(leg.number, effect.on)
            ),
            wanted.Music: self._music,
            wanted.Say: self._say,
            wanted.SayList: lambda leg, _room, effect, _now: lines.say_list(
                leg, effect.utterances, leg.language
            ),
            wanted.Hush: lambda leg, _room, _effect, _now: lines.hush(leg),
            wanted.TurnAway: self._turn_away,
            wanted.HangUp: self._hang_up,
            wanted.RecordJoin: self._joined,
        }

    def carry_out(self, room: Room, effect: wanted.Effect, now: float) -> None:
        """Do what a conference wants."""
        for_room = self._for_room.get(type(effect))
        if for_room is not None:
            for_room(room, effect, now)
            return
        leg = self._lines.by_number.get(effect.leg)  # type: ignore[union-attr]  # all the others are about one leg
        if leg is not None:
            self._for_one[type(effect)](leg, room, effect, now)

    def closed(self, room: Room, now: float) -> None:
        """The room is given up: what was begun on its behalf ends."""
        if self.performer is not None:
            self.performer.closed(room, now)

    # --- for the room ---

    def _set_timer(self, room: Room, effect: wanted.SetTimer, _now: float) -> None:
        self._lines.timers.set((effect.key, room.number), effect.at)

    def _cancel_timer(self, room: Room, effect: wanted.CancelTimer, _now: float) -> None:
        self._lines.timers.cancel((effect.key, room.number))

    def _say_place(self, room: Room, place: int, utterance: Utterance) -> None:
        number = room.number if place == MAIN else room.groups.get(place)
        if number is not None:
            self._lines.say_room(number, utterance, room.language)

    def _record(self, room: Room, effect: wanted.SetRecording, _now: float) -> None:
        if self.tapes is not None:
            self.tapes.set(room, effect.tape)

    def _reply(self, _room: Room, effect: wanted.Reply, _now: float) -> None:
        self.outcome = effect.outcome

    def _perform(self, room: Room, effect: wanted.Perform, now: float) -> None:
        if self.performer is not None:
            self.outcome = self.performer.perform(room, effect.command, effect.actor, now)

    def _log(self, room: Room, effect: wanted.Log, _now: float) -> None:
        fields: dict[str, object] = {"conference": room.conference_id, **dict(effect.fields)}
        number = fields.get("leg")
        about = self._lines.by_number.get(number) if isinstance(number, int) else None
        if about is not None:
            fields["call_id"] = about.call_id
        self._lines.effects.append(Log(Level.INFO, effect.event, fields))

    def _opened(self, room: Room, effect: wanted.ConferenceOpened, now: float) -> None:
        self._put_down(room, effect, now)
        self.open[room.conference_id] = room

    def _ended(self, room: Room, effect: wanted.ConferenceEnded, now: float) -> None:
        self.open.pop(room.conference_id, None)
        self._put_down(room, effect, now)

    def _put_down(self, room: Room, effect: Any, _now: float) -> None:
        self._records.put_down(room, effect)

    # --- for one ---

    def _withdraw(self, leg: Leg, room: Room, _effect: wanted.Withdraw, now: float) -> None:
        self._places.route(leg, room, ALONE)
        if leg.room is not room and self.performer is not None:
            self.performer.put_out(leg, now)

    def _say(self, leg: Leg, _room: Room, effect: wanted.Say, _now: float) -> None:
        if leg.state is not LegState.LAST_WORDS:  # a monitor who is led out hears why in those
            self._lines.say(leg, effect.utterance, leg.language)

    def _music(self, leg: Leg, _room: Room, effect: wanted.Music, _now: float) -> None:
        self._lines.music(leg, HOLD_MUSIC if effect.on else None)

    def _turn_away(self, leg: Leg, _room: Room, effect: wanted.TurnAway, now: float) -> None:
        self._lines.part(leg, effect.utterance, LeaveReason.DISCONNECTED, now)

    def _hang_up(self, leg: Leg, _room: Room, effect: wanted.HangUp, now: float) -> None:
        if self.performer is not None:
            self.performer.dismissed(leg, now)
        self._lines.part(leg, effect.utterance, effect.reason, now)

    def _joined(self, leg: Leg, room: Room, effect: wanted.RecordJoin, _now: float) -> None:
        participant = room.conference.participants.get(leg.number)
        self._records.joined(leg, room, effect, participant.came_by if participant else "dial-in")
