"""A conference of people who press whatever they like, and a guard who sees everything and believes nothing.

Four people share one conference, two guests can be called into it, an operator listens, visits and helps, and a console
gives commands. After every deed the guard compares three accounts of the same moment:

    the model     who is in the roster, where, muted or not, locked or not (`bridge.conference`)
    the media     in which room each stream's row is, and whether it is muted (the worker's own table)
    the ears      whom each telephone hears

Somebody who is in no roster (a guest before `*2`, an operator before being let in, a caller in the hall) may be in no room
of a conference; a private talk is of two. What has just changed is given `SETTLED_S` to arrive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bridge.conference import commands
from bridge.conference.model import ALONE, LARGEST_GROUP, MAIN, Phase
from bridge.control import protocol
from bridge.service.blast_list import DEFAULT_NAME, BlastEntry
from bridge.service.role import Role
from bridge.store.blast_lists import BlastLists
from bridge.switchboard.legs import Leg, LegState
from bridge.switchboard.room import Room
from media.control import NO_ROOM
from tests.simulation.meeting import COUNTER_PASSWORD, MODERATOR, PARTICIPANT
from tests.simulation.office import GUEST_E164, GUEST_LOCAL, Office
from tests.simulation.phone import BUSY, NEVER_ANSWERS, TENTHS, Manners, Phone, State

SETTLED_S: Final = 0.9
LOOK_S: Final = 0.3
STEADY: Final = 3
OTHER_MODERATOR: Final = "73920184"
OTHER_PARTICIPANT: Final = "51830627"
SECOND_GUEST: Final = "+551132211234"
TALK: Final = 2
"""So many are in a private talk."""
LONGEST_ERRAND_S: Final = 90.0
"""Whoever keys a wrong number three times and then nothing is back by then; so is who waits for an answer."""

MANNERS: Final = {
    "answers": Manners(0.5),
    "answers and presses 1": Manners(0.5, keys="1"),
    "is busy": BUSY,
    "never answers": NEVER_ANSWERS,
    "hangs up soon": Manners(0.5, hangs_up_after_s=2.0),
    "has early media": Manners(3.0, early_hz=1_000),
    "answers as it is cancelled": Manners(rings_s=None, crosses_cancel=True),
}
"""How a called person may be."""


@dataclass(frozen=True)
class Seen:
    """Where the media plane has a leg, and by whom it is heard there."""

    leg: int
    room: int
    muted: bool
    whispers_to: int
    """The leg that alone hears it; 0: none."""

    def hears(self, other: Seen) -> bool:
        """Whether somebody here hears whoever is there."""
        together = self.room == other.room != NO_ROOM and not other.muted
        return together and other.whispers_to in {0, self.leg}


class Company(Office):
    """The world of these people."""

    def __init__(self, seed: int = 1, *, workers: int = 1, given: dict[str, Any] | None = None) -> None:
        super().__init__(seed, given={"grace_s": 6.0} | (given or {}), workers=workers)
        self.pair(OTHER_MODERATOR, OTHER_PARTICIPANT, entry_exit_tones=False, begins_with_moderator=False)
        self.gil = self.guest("gil")
        self.eva = self.guest("eva", number=SECOND_GUEST)
        self.olga = self.operator()
        self.people = [self.phone(name) for name in ("rui", "ana", "bia", "leo")]
        self.people[-1].say(0)  # a room lets six be heard at once
        with self.bridge.store.database.transaction() as connection:
            entries = [BlastEntry("gil", GUEST_E164), BlastEntry("eva", SECOND_GUEST)]
            BlastLists(connection).add(self.pair_id, DEFAULT_NAME, entries)
        self.looks = 0
        self.heard = 0
        self._seen: dict[str, tuple[Seen | None, float]] = {}
        self._held: set[str] = set()

    # What people do

    def comes(self, phone: Phone, keys: str) -> None:
        """Dial and key a code, from wherever one is."""
        if phone.state in {State.IDLE, State.OVER}:
            phone.dial("551130000000")
            self.clock.after(0.5, partial(self._presses, phone, keys))

    def dials_out(self, phone: Phone, number: str = GUEST_LOCAL) -> None:
        """`*1`, a number, and 1 once it has been read back."""
        self._presses(phone, f"*1{number}#")
        self.clock.after(4.5, partial(self._presses, phone, "1"))

    def holds_or_returns(self, phone: Phone) -> None:
        if phone.state is State.TALKING and phone.name in self._held:
            self._held.discard(phone.name)
            phone.resume()
        elif phone.state is State.TALKING:
            self._held.add(phone.name)
            phone.hold()

    def commands_of_console(self, command: commands.AnyCommand) -> None:
        """By an operator, to the first conference there is."""
        for room in self.rooms()[:1]:
            reply = self.bridge.ask(protocol.Give(room.conference_id, command, "olga"))
            assert isinstance(reply, protocol.Given | protocol.Problem)

    def about(self, phone: Phone, command: Callable[[int], commands.AnyCommand]) -> None:
        """A console's command about somebody who is on the line."""
        leg = self.leg(phone)
        if leg is not None:
            self.commands_of_console(command(leg))

    def moves(self, phone: Phone) -> None:
        """Into another conference, where there is one."""
        leg, rooms = self.leg(phone), self.rooms()
        if leg is not None and len(rooms) > 1:
            self.about(phone, lambda leg: commands.Move(leg, rooms[1].conference_id))

    def _presses(self, phone: Phone, keys: str) -> None:
        if phone.state is State.TALKING:
            phone.press(keys)

    def rooms(self) -> list[Room]:
        return list(self.bridge.board._rooms.by_number.values())

    # What the guard sees

    def passes(self, seconds: float) -> None:
        """Let time pass under the guard's eyes."""
        until = self.now + seconds
        while self.now < until:
            self.run(LOOK_S)
            self.look()

    def look(self) -> None:
        """All three accounts, and whether they are one."""
        for phone in self.phones:
            if phone.state is not State.TALKING:
                self._held.discard(phone.name)
        legs = list(self.bridge.board._lines.by_number.values())
        rooms = self.rooms()
        for room in rooms:
            self._is_sound(room)
        for leg in legs:
            self._is_in_its_place(leg, rooms)
        self._talks_are_of_two(legs, rooms)
        self._ears_agree()

    def _is_sound(self, room: Room) -> None:
        """The roster by itself."""
        conference = room.conference
        legs = self.bridge.board._lines.by_number
        present = [each for each in conference.participants.values() if each.dismissed is None]
        assert set(conference.participants) <= set(legs), "a leg that is gone is in the roster"
        assert conference.moderators == sum(each.role is Role.MODERATOR for each in present)
        assert not (conference.locked and conference.monitors), "somebody listens to a locked conference"
        assert not set(conference.monitors) & set(conference.participants)
        if conference.phase is Phase.EMPTY:
            assert not conference.participants

    def _is_in_its_place(self, leg: Leg, rooms: list[Room]) -> None:
        """The model's place, the switchboard's route and the worker's row are one and the same."""
        homes = [room for room in rooms if leg.number in room.conference.participants]
        listens = [room for room in rooms if leg.number in room.conference.monitors]
        assert len(homes) + len(listens) <= 1
        if homes and leg.state is not LegState.LAST_WORDS:
            (room,) = homes
            assert leg.room is room
            assert leg.routed_to == _route_of(room, room.conference.place(leg.number)), "model and route"
        elif listens:
            assert leg.routed_to == listens[0].number
        elif leg.state is not LegState.LAST_WORDS:
            conferences = {number for room in rooms for number in (room.number, *room.groups.values())}
            assert leg.routed_to not in conferences, "in a conference's room and in no roster"
        media = self._media(leg)
        if media is None or not self._settled(leg.number, media):
            return
        row = self._row(leg.number)
        assert int(self.pool.worker_of(leg.number).table.room[row]) == leg.routed_to, "route and media"
        if homes and homes[0].conference.place(leg.number) is not None:
            assert media.muted is homes[0].conference.muted(leg.number), "mute and media"
        if listens:
            assert media.muted or media.whispers_to, "who listens can be heard"

    def _row(self, stream: int) -> int | None:
        held = self.pool._streams.get(stream)
        return None if held is None else held.worker.engine.row(stream)

    def _media(self, leg: Leg) -> Seen | None:
        """The worker's own account of a leg; None while it has none."""
        row = self._row(leg.number)
        if row is None:
            return None
        worker = self.pool.worker_of(leg.number)
        whispers_to = worker.engine._speakers.whispers.to(row)
        return Seen(leg.number, leg.routed_to, bool(worker.table.muted[row]), whispers_to)

    def _settled(self, leg: int, seen: Seen) -> bool:
        """Whether it has been so for a while."""
        known, since = self._seen.get(f"leg {leg}", (None, self.now))
        if known != seen:
            self._seen[f"leg {leg}"] = (seen, self.now)
            return False
        return self.now - since > SETTLED_S

    def _talks_are_of_two(self, legs: list[Leg], rooms: list[Room]) -> None:
        conferences = {number for room in rooms for number in (room.number, *room.groups.values())}
        talks = Counter(leg.routed_to for leg in legs if leg.routed_to not in {NO_ROOM, *conferences})
        assert all(count <= TALK for count in talks.values()), "a private talk of three"

    def _ears_agree(self) -> None:
        """Who is in one place hears each other unless muted; nobody hears anybody else."""
        settled: dict[Phone, Seen] = {}
        for phone in self.phones:
            leg = self.bridge.board._lines.by_number.get(self.leg(phone) or 0)
            here = None if leg is None else self._media(leg)
            busy = phone.state is not State.TALKING or not phone.both_ways or self._fingers_move(phone)
            known, since = self._seen.get(phone.name, (None, self.now))
            if here is None or busy or self.spoken_to(phone) or known != here:
                self._seen[phone.name] = (here, self.now)
            elif self.now - since > SETTLED_S:
                settled[phone] = here
        for listener, here in settled.items():
            for speaker, there in settled.items():
                if not speaker.frequency_hz or speaker is listener:
                    continue
                together = here.hears(there)
                times = listener.tenths_heard(speaker.frequency_hz)
                heard = times >= (STEADY if together else TENTHS)
                said = "hears" if heard else "does not hear"
                assert heard is together, f"{self.now:.1f}: {listener.name} {said} {speaker.name}"
                self.looks += 1
                self.heard += together

    def _fingers_move(self, phone: Phone) -> bool:
        """While a key is down its phone sends no audio."""
        return phone.pressing or bool(phone.pressed_at and phone.pressed_at[-1][0] > self.now - 2 * LOOK_S)

    # The end

    def nobody_is_stranded(self) -> None:
        """All keys are left alone: whoever is about something is done with it, and nobody is anywhere alone for it."""
        for phone in self.phones:
            if phone.name in self._held:
                self.holds_or_returns(phone)
        deadline = self.now + LONGEST_ERRAND_S
        while loose := self._loose_ends():
            assert self.now < deadline, loose
            self.run(LOOK_S)
        self.look()
        self.nothing_is_left()

    def _loose_ends(self) -> list[str]:
        """Who is somewhere where nobody can stay: alone outside of the room, or called for nobody."""
        legs = list(self.bridge.board._lines.by_number.values())
        together = Counter(leg.routed_to for leg in legs)
        loose: list[str] = []
        inside: set[int] = set()
        for room in self.rooms():
            inside |= {*room.conference.participants, *room.conference.monitors}
            loose += [
                f"leg {each.leg} is left alone outside of the room"
                for each in room.conference.participants.values()
                if each.aside and (each.place == ALONE or together[each.place - LARGEST_GROUP] < TALK)
            ]
        loose += [
            f"nobody is about call {leg.number}, {leg.state}"
            for leg in legs
            if leg.out
            and leg.number not in inside
            and (leg.routed_to == NO_ROOM or together[leg.routed_to] < TALK)
        ]
        return loose


def _route_of(room: Room, place: int | None) -> int:
    """The media plane's number of a place."""
    if place is None or place == ALONE:
        return NO_ROOM
    if place == MAIN:
        return room.number
    return room.groups[place] if place <= LARGEST_GROUP else place - LARGEST_GROUP


def _keys(keys: str) -> Callable[[Company, Phone], None]:
    return lambda company, phone: company._presses(phone, keys)


def _console(command: commands.AnyCommand) -> Callable[[Company, Phone], None]:
    return lambda company, phone: company.commands_of_console(command)


def _about(command: Callable[[int], commands.AnyCommand]) -> Callable[[Company, Phone], None]:
    return lambda company, phone: company.about(phone, command)


DEEDS: Final[dict[str, Callable[[Company, Phone], None]]] = {
    "comes as a moderator": lambda company, phone: company.comes(phone, f"{MODERATOR}#{COUNTER_PASSWORD}#"),
    "comes": lambda company, phone: company.comes(phone, f"{PARTICIPANT}#"),
    "comes to the other conference": lambda company, phone: company.comes(phone, f"{OTHER_PARTICIPANT}#"),
    "hangs up": lambda company, phone: phone.hang_up(),
    "dials out": lambda company, phone: company.dials_out(phone),
    "dials the other guest": lambda company, phone: company.dials_out(phone, f"1511{SECOND_GUEST[5:]}"),
    "returns with the guest": _keys("*2"),
    "returns alone": _keys("*3"),
    "asks for help": _keys("*0"),
    "mutes": _keys("*6"),
    "lectures": _keys("*5"),
    "locks": _keys("*7"),
    "changes the mode": _keys("*94"),
    "takes a question": _keys("*93"),
    "hands over": _keys("*95"),
    "presses one": _keys("1#"),
    "leaves without ending": _keys("*96"),
    "calls the list": _keys("*92"),
    "calls the roll": _keys("*8"),
    "presses nonsense": _keys("*1*#7*0*"),
    "presses digits": _keys("4711#"),
    "holds or returns": lambda company, phone: company.holds_or_returns(phone),
    "is muted": _about(commands.MuteOne),
    "is put out": _about(commands.Disconnect),
    "is split off": _about(lambda leg: commands.Split((leg,), 1)),
    "is moved": lambda company, phone: company.moves(phone),
    "all rejoin": _console(commands.Rejoin()),
    "all are muted": _console(commands.MuteAll()),
    "the operator listens": _console(commands.Monitor()),
    "the operator listens no more": _console(commands.Monitor(on=False)),
    "the operator visits": _console(commands.Visit()),
    "the operator whispers": _about(commands.Whisper),
    "the operator whispers no more": _console(commands.Whisper()),
    "the operator leaves": _console(commands.Visit(on=False)),
    "the operator returns with the caller": lambda company, phone: company._presses(company.olga, "*2"),
    "the operator hangs up": lambda company, phone: company.olga.hang_up(),
    "guests hang up": lambda company, phone: (company.gil.hang_up(), company.eva.hang_up()),
    "the conference is ended": _console(commands.EndConference()),
    "a worker dies": lambda company, phone: company.pool.kill(company.pool.workers[-1]),
}
"""What somebody may do at any moment."""
