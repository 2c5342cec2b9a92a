"""The conferences that are going on: who is asked in, and what becomes of what a conference wants done.

The rules are in `bridge.conference`, which knows nobody but leg numbers. Here a conference gets its place: a media room,
ids for the records, its timers among all timers. A room exists from its first leg's asking to its last one's leaving.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.attendance import REFUSAL_WORDS
from bridge.conference.commands import Actor, Outcome
from bridge.conference.events import (
    Given,
    HoursEndAt,
    Join,
    Leave,
    LeaveReason,
    LineTroubled,
    Replaced,
    StillThere,
    TimerFired,
    TimerKey,
    UnknownKeys,
)
from bridge.conference.keymap import Matcher
from bridge.conference.model import ALONE, Conference, House, Phase, Refused
from bridge.conference.reducer import admit, reduce
from bridge.switchboard.effects import CloseRoom
from bridge.switchboard.legs import Leg, LegState, LegTimer
from bridge.switchboard.room import Room
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Command
    from bridge.conference.events import Event
    from bridge.conference.keymap import Keymap, Match
    from bridge.conference.model import Refusal
    from bridge.service.role import Role
    from bridge.service.settings import Settings
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.recordings import Recordings
    from bridge.switchboard.room import RoomKey
    from bridge.switchboard.stage import Stage
    from prompts.values import Clip

DONE: Final = Outcome(done=True)

NAMES_GONE: Final = 100
"""Recorded names that a room keeps of those who have left: more than can wait to be said (`House.announce_queue_s`), or leave
while a roll call is read. Beyond, the oldest is given back: somebody who comes and goes all day must not fill the arena of
all conferences."""


class Rooms:
    """All conferences of this bridge."""

    __slots__ = (
        "_house",
        "_lines",
        "_places",
        "_recordings",
        "_stage",
        "by_key",
        "by_number",
        "keymap_of",
        "on_changed",
        "on_closed",
    )

    def __init__(
        self,
        lines: Lines,
        recordings: Recordings,
        places: Places,
        stage: Stage,
        *,
        keymap_of: Callable[[str, str], Keymap],
        house: House,
    ) -> None:
        self.by_key: dict[RoomKey, Room] = {}
        self.by_number: dict[int, Room] = {}
        self.keymap_of = keymap_of
        """The key map of that name, else that of the access number that was dialled, else the default."""
        self.on_closed: Callable[[Room, float], None] | None = None
        """Told of each room that is given up: who was called into it is not to come."""
        self.on_changed: Callable[[Room, Event, float], None] | None = None
        """Told of all that happens to any room, when it has been done: for those who watch."""
        self._lines = lines
        self._recordings = recordings
        self._places = places
        self._stage = stage
        self._house = house

    @property
    def by_id(self) -> dict[str, Room]:
        """By the records' id, of those that are open."""
        return self._stage.open

    # --- coming in ---

    def ask(self, key: RoomKey, settings: Settings, role: Role) -> Refusal | None:
        """Ask whether somebody may come in now: None, or why not. Settings count where nobody is in yet."""
        room = self.by_key.get(key)
        answer = admit(Conference(settings) if room is None else room.conference, role)
        return answer.reason if isinstance(answer, Refused) else None

    def refusal(self, room: Room, role: Role) -> Utterance | None:
        """Ask the same of a room, in words."""
        answer = admit(room.conference, role)
        return REFUSAL_WORDS[answer.reason] if isinstance(answer, Refused) else None

    def expect(self, leg: Leg, key: RoomKey, settings: Settings) -> Room:
        """Promise the leg a room, so that its stream can be opened there."""
        room = leg.room = self._room(key, settings, leg)
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
            leg.room = self._room(key, settings, leg)
        else:
            leg.room.expected -= 1
        opens = leg.room.conference.phase is Phase.EMPTY
        self._bring(leg, leg.room, role, now, "dial-in")
        if opens and hours_end_at is not None:
            self.tell(leg.room, HoursEndAt(hours_end_at), now)

    def bring_in(self, leg: Leg, room: Room, role: Role, now: float, *, came_by: str) -> None:
        """Bring in somebody who did not come through the reception: a called guest, an operator, one who is moved.

        Whoever hears their last words is on the way out, and comes nowhere any more.
        """
        if leg.state is LegState.LAST_WORDS:
            return
        leg.room = room
        self._bring(leg, room, role, now, came_by)

    def _bring(self, leg: Leg, room: Room, role: Role, now: float, came_by: str) -> None:
        leg.state = LegState.CONFERENCE
        leg.matcher = None
        leg.language = room.language or leg.language
        clip, leg.clip = leg.clip, None
        if clip is not None:
            room.clips.append(clip)
        self.tell(room, Join(leg.number, role, leg.name, clip=clip, caller=leg.caller, came_by=came_by), now)
        if leg.trouble is not None:
            self.tell(room, LineTroubled(leg.number, leg.trouble), now)
        if room.conference.place(leg.number) is None:
            # Who waits, or is turned away, may come from a private talk: they are not left in its place, where no
            # music is heard.
            self._places.route_apart(leg, ALONE)

    def leave(self, leg: Leg, because: LeaveReason, now: float) -> None:
        """Take a leg that has ended, or is moved, out of its room, in whatever way it was in."""
        room, leg.room = leg.room, None
        if room is None:
            return
        if leg.state in {LegState.OPENING, LegState.ANSWERED}:
            room.expected -= 1
        else:
            participant = room.conference.participants.get(leg.number)
            self.tell(room, Leave(leg.number, because), now)
            if participant is not None and participant.clip in room.clips:
                self._name_gone(room, participant.clip)
        self._close_if_over(room, now)

    def replace(self, old: Leg, new: Leg, now: float) -> None:
        """Let `new` be in the place of `old`, who is in no room from then on. Whether that can be has been looked at."""
        room = old.room
        assert room is not None
        new.state, new.room, new.matcher = LegState.CONFERENCE, room, None
        new.language = room.language or old.language
        new.name, new.person, new.customer = old.name, old.person, old.customer
        person = room.people.pop(old.number, None)
        if person is not None:
            room.people[new.number] = person._replace(line=new, call_id=new.call_id)
        self.tell(room, Replaced(old.number, new.number), now)
        old.room = None

    def _name_gone(self, room: Room, clip: Clip) -> None:
        """Keep a name whose owner has left as long as it may be being said."""
        room.clips.remove(clip)
        room.names_gone.append(clip)
        if len(room.names_gone) > NAMES_GONE:
            self._recordings.give(room.names_gone.popleft())

    # --- keys and commands ---

    def key(self, leg: Leg, key: str, now: float) -> None:
        """Read a key of somebody in a conference."""
        assert leg.room is not None
        room = leg.room
        if leg.number in room.conference.unanswered:
            self.tell(room, StillThere(leg.number), now)
            return
        participant = room.conference.participants.get(leg.number)
        if participant is None:
            return
        if leg.matcher is None or leg.matches_as is not participant.role:
            leg.matches_as = participant.role
            leg.matcher = Matcher(room.conference.keymap.of(participant.role))
        self._matched(leg, leg.matcher, leg.matcher.press(key, now), now)

    def keys_ended(self, leg: Leg, now: float) -> None:
        """Read what was keyed as it stands: nothing more came."""
        if leg.matcher is not None:
            self._matched(leg, leg.matcher, leg.matcher.advance(now), now)

    def _matched(self, leg: Leg, matcher: Matcher, match: Match | None, now: float) -> None:
        deadline = matcher.next_deadline()
        if deadline is None:
            self._lines.timers.cancel((LegTimer.KEYS, leg.number))
        else:
            self._lines.timers.set((LegTimer.KEYS, leg.number), deadline)
        room = leg.room
        if match is None or room is None:
            return
        self._lines.figures[f"keyed:{match.command.tag if match.command else 'unknown'}"] += 1
        participant = room.conference.participants.get(leg.number)
        if match.command is None:
            self.tell(room, UnknownKeys(leg.number, match.keys), now)
        elif participant is not None:
            self.tell(room, Given(match.command, Actor(participant.role, leg.number), match.keys), now)

    def give(self, room: Room, command: Command, actor: Actor, now: float) -> Outcome:
        """Give a command from a console, and return what became of it."""
        self._stage.outcome = None
        self.tell(room, Given(command, actor), now)
        self._close_if_over(room, now)
        return self._stage.outcome or DONE

    def keys_of(self, room: Room, command: Command, role: Role) -> str | None:
        """What somebody in this room keys for a command."""
        return room.conference.keymap.keys_of(command, role)

    # --- events in, effects out ---

    def troubled(self, leg: Leg, now: float) -> None:
        """Tell the conference that a line disturbs it, or no longer."""
        if leg.room is not None and leg.state is LegState.CONFERENCE:
            self.tell(leg.room, LineTroubled(leg.number, leg.trouble), now)

    def timer(self, key: TimerKey, number: int, now: float) -> None:
        """Tell a conference that its timer is due."""
        room = self.by_number.get(number)
        if room is not None:
            self.tell(room, TimerFired(key), now)
            self._close_if_over(room, now)

    def tell(self, room: Room, event: Event, now: float) -> None:
        """Let a conference know, and do what it then wants."""
        room.conference, effects = reduce(room.conference, event, now)
        for effect in effects:
            self._stage.carry_out(room, effect, now)
        if self.on_changed is not None:
            self.on_changed(room, event, now)

    def _room(self, key: RoomKey, settings: Settings, leg: Leg) -> Room:
        room = self.by_key.get(key)
        if room is None:
            keymap = self.keymap_of(settings.key_map, leg.dialled)
            room = Room(key, self._places.new_room(), Conference(settings, keymap=keymap, house=self._house))
            room.customer = leg.customer
            room.name = room.name or leg.conference_name
            self.by_key[key] = self.by_number[room.number] = room
        return room

    def _close_if_over(self, room: Room, now: float) -> None:
        """Forget a room in which nobody is and nobody is expected; once, though calls that it turned away end later."""
        if room.conference.phase is Phase.EMPTY and not room.expected and room.number in self.by_number:
            del self.by_key[room.key], self.by_number[room.number]
            for clip in (*room.clips, *room.names_gone):
                self._recordings.give(clip)
            room.clips = []
            room.names_gone.clear()
            self._stage.closed(room, now)
            if self.on_closed is not None:
                self.on_closed(room, now)
            self._lines.effects.append(CloseRoom(room.number))
