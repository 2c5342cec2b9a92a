"""Callers who press anything and hang up anywhere, in a world where everything may fail.

Whatever happens: no leg is left behind, every opened stream is closed once, every joined has its left and every call out
its end, every call is answered or refused at most once, all recorded audio is given back, no call out counts any more, and
nothing is due when everybody has gone. On the way everybody is where the conference says, and strangers hear nobody.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.conference.commands import (
    DialOut,
    Disconnect,
    EndConference,
    Identify,
    Lock,
    PauseRecording,
    Split,
    Transfer,
)
from bridge.config.recording import Recording
from bridge.config.settings import Server
from bridge.control.protocol import Give
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.blast_list import BlastEntry, BlastList
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.effects import CheckCounterPassword, Effect, Log, RejectCall, RejectOffer
from bridge.switchboard.events import Asked, Drain, Stop
from bridge.switchboard.registered import Reached
from media.control import RtpTimedOut
from sip import events as sip
from sip.events import EndCause, OfferReceived, ReferAnswered, ReferProgress
from sip.flow import Flow
from sip.pending import Way
from sip.uri import Uri
from tests.support.bridge_world import EXTENSION, World
from tests.support.builders import TRUSTED_HOST, accepted, dial_out, sdp
from tests.support.playbook import E164, NUMBER

if TYPE_CHECKING:
    from bridge.conference.commands import Command
    from bridge.dialogue.verdicts import Verdict

SECURE: dict[str, Any] = {"level": Level.HIGHLY_SECURE}
NAMED: dict[str, Any] = {**SECURE, "announce_names": True, "keep_names": True, "person": 12}

VERDICTS: list[Verdict | CounterVerdict | None] = [
    accepted(Role.MODERATOR, **SECURE),
    accepted(Role.MODERATOR, **NAMED),
    accepted(Role.PARTICIPANT, **NAMED),
    accepted(Role.PARTICIPANT, maximum_participants=2),
    accepted(Role.MODERATOR, pair=8, delay_s=2.0, hours_end_in_s=30.0, **SECURE),
    accepted(Role.MODERATOR, pair=9, maximum_length_s=40.0, asks_counter_password=True, **SECURE),
    Denied(why=Why.UNKNOWN, delay_s=1.0),
    Denied(why=Why.OUTSIDE_HOURS),
    Denied(why=Why.TOO_MANY_ATTEMPTS),
    None,
]
LIST = BlastList(
    1, 7, "default", "", None, (BlastEntry("Ana", "+551140028923"), BlastEntry("Rui", "+551140028924,7"))
)
HOME = ("192.0.2.1", 5060)


def phone(number: int, q: float = 1.0, device: str = "") -> Reached:
    """One of ana's."""
    return Reached(Way(Flow("udp", HOME, (f"192.0.2.{number}", 5062)), Uri.parse("sip:ana@phone")), q, device)


PHONES = [
    [phone(41), phone(42), phone(43)],
    [phone(41), phone(42), phone(43, 0.5), phone(44, 0.5)],
    [phone(41, device="a"), phone(42, device="a"), phone(43)],
    [phone(44)],
    [],
]
EARLY = sdp(host="192.0.2.30")
WITHOUT_EVENTS = sdp(host="192.0.2.30", formats="0")
OTHER = sdp(host="192.0.2.31", formats="8 101")
DIALOG = "c;to-tag=1;from-tag=2"
COMMANDS: list[Command] = [
    DialOut(number="+551140028922", name="Eva"),
    DialOut(number="190"),
    DialOut(number=EXTENSION, name="Ana"),
    Transfer(leg=1, to="sip:bob@phones.example"),
    Transfer(leg=2, to="4711"),
    EndConference(),
    Lock(),
    Split(group=1, legs=(1,)),
    Disconnect(leg=1),
    Disconnect(leg=2),
]


class Callers(RuleBasedStateMachine):
    """Anybody, doing anything."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(dial_out=dial_out(maximum_call_s=75.0, internal=True))
        self.ticket = 0

    def _call(self, index: int) -> int:
        calls = sorted(self.world.calls)
        return calls[index % len(calls)]

    def _called(self, index: int, state: str = "") -> int:
        calls = sorted(call for call, each in self.world.placed.items() if state in {"", each})
        return calls[index % len(calls)] if calls else 0

    def _moderators(self) -> list[int]:
        """Those who are in, whatever they are about."""
        return [
            number
            for room in self.world.board._rooms.by_number.values()
            for number, each in room.conference.participants.items()
            if each.role is Role.MODERATOR and number in self.world.open
        ]

    def _stream(self, index: int) -> int:
        streams = sorted(self.world.open)
        return streams[index % len(streams)]

    @rule(
        dialled=st.sampled_from(["551130000000", "551130000000", "conf-a", "conf-b", "nobody"]),
        late=st.booleans(),
    )
    def calls(self, dialled: str, late: bool) -> None:
        self.world.calls_in(dialled, late=late)

    @initialize()
    def begins(self) -> None:
        self.comes_in(accepted(Role.MODERATOR, **SECURE))

    @rule(verdict=st.sampled_from(VERDICTS[:3]))
    def comes_in(self, verdict: Verdict) -> None:
        """Somebody goes the whole way at once: most of what can happen happens inside."""
        world = self.world
        call = world.calls_in("551130000000")
        if call in world.calls and len(world.asked) == 1:
            world.pool_answers(0, opens=True)
            world.acknowledges(call)
            stream = max(world.open)
            world.presses(stream, "1234#")
            while len(world.questions) == 1:
                world.store_answers(verdict, kept=True)
            world.hears_all()

    @precondition(lambda self: self.world.asked)
    @rule(index=st.integers(0, 9), opens=st.sampled_from([True, True, True, False]))
    def pool_answers(self, index: int, opens: bool) -> None:
        self.world.pool_answers(index, opens=opens)

    @precondition(lambda self: "accepted" in self.world.calls.values())
    @rule()
    def acknowledges(self) -> None:
        self.world.acknowledges(next(call for call, state in self.world.calls.items() if state == "accepted"))

    @precondition(lambda self: self.world.open)
    @rule(
        index=st.integers(0, 9),
        keys=st.sampled_from(
            ["1234#", "5", "#", "*", "*6", "*5", "*7", "*8", "*9", "*92", "*#", "*99", "*95", "1", "2"]
        ),
    )
    def presses(self, index: int, keys: str) -> None:
        self.world.presses(self._stream(index), keys)

    @precondition(lambda self: self._moderators())
    @rule(index=st.integers(0, 9), keys=st.sampled_from(["*1", f"*1{NUMBER}#", "*2", "*3", "*92", "*0"]))
    def commands_by_key(self, index: int, keys: str) -> None:
        moderators = self._moderators()
        self.world.presses(moderators[index % len(moderators)], keys)

    @precondition(lambda self: self._moderators())
    @rule(
        index=st.integers(0, 9),
        found=st.sampled_from([True, True, True, False]),
        early=st.sampled_from([None, EARLY]),
        answer=st.sampled_from([b"", EARLY, EARLY, OTHER, None, b"?"]),
    )
    def dials_out(self, index: int, found: bool, early: bytes | None, answer: bytes | None) -> None:
        """`*1`, as far as it goes: the answer b"" does not come yet."""
        world, moderators = self.world, self._moderators()
        moderator = moderators[index % len(moderators)]
        world.presses(moderator, f"*1{NUMBER}#")
        world.presses(moderator, "1")
        if len(world.asked) != 1:
            return
        world.pool_answers(0, opens=True)
        if len(world.to_place) != 1:
            return
        call = world.call_is_placed(found=found)
        if call:
            world.rings(call, early)
        if call and answer != b"":
            world.answers(call, answer)

    @precondition(lambda self: self.world.calls)
    @rule(index=st.integers(0, 9), key=st.sampled_from("0123456789*#"))
    def presses_by_info(self, index: int, key: str) -> None:
        self.world.happens(sip.DigitReceived(self._call(index), key, 100))

    @precondition(lambda self: self.world.playing)
    @rule()
    def hears_all(self) -> None:
        self.world.hears_all()

    @precondition(lambda self: self.world.recording)
    @rule(index=st.integers(0, 9), length=st.sampled_from([0, 1000, 16_000]))
    def stops_speaking(self, index: int, length: int) -> None:
        streams = sorted(self.world.recording)
        self.world.stops_speaking(streams[index % len(streams)], length)

    @precondition(lambda self: self.world.questions)
    @rule(verdict=st.sampled_from(VERDICTS), right=st.booleans())
    def store_answers(self, verdict: Verdict | None, right: bool) -> None:
        counter = isinstance(self.world.questions[0], CheckCounterPassword)
        self.world.store_answers(
            CounterVerdict(right=right, person=1) if counter and verdict else verdict, kept=right
        )

    @precondition(lambda self: self.world.lists)
    @rule(found=st.booleans())
    def list_is_found(self, found: bool) -> None:
        self.world.list_is_found(LIST if found else None)

    # --- people who are called ---

    @precondition(lambda self: self.world.to_place)
    @rule(found=st.sampled_from([True, True, True, False]))
    def call_is_placed(self, found: bool) -> None:
        self.world.call_is_placed(found=found)

    @precondition(lambda self: self._called(0, "calling"))
    @rule(index=st.integers(0, 9), early=st.sampled_from([None, None, EARLY, OTHER, b"?"]))
    def rings(self, index: int, early: bytes | None) -> None:
        self.world.rings(self._called(index, "calling"), early)

    @precondition(lambda self: self._called(0, "calling"))
    @rule(
        index=st.integers(0, 9),
        answer=st.sampled_from([EARLY, EARLY, OTHER, None, b"?"]),
        branch=st.integers(0, 9),
    )
    def answers(self, index: int, answer: bytes | None, branch: int) -> None:
        call = self._called(index, "calling")
        self.world.answers(call, answer, branch % self.world.branches[call])

    @rule(phones=st.sampled_from(PHONES))
    def telephones_register(self, phones: list[Reached]) -> None:
        self.world.phones = phones

    @precondition(lambda self: self._called(0, "calling"))
    @rule(index=st.integers(0, 9), status=st.sampled_from([302, 404, 480, 486, 500, 503, 603]))
    def refuses(self, index: int, status: int) -> None:
        self.world.refuses(self._called(index, "calling"), status)

    @precondition(lambda self: self._called(0))
    @rule(
        index=st.integers(0, 9), cause=st.sampled_from([EndCause.BYE, EndCause.TIMEOUT, EndCause.TRANSPORT])
    )
    def the_called_hangs_up(self, index: int, cause: EndCause) -> None:
        self.world.hangs_up(self._called(index), cause)

    # --- transfers ---

    def _up(self, index: int) -> int:
        """A call of either direction whose telephone may say something in its dialog; 0: none."""
        world = self.world
        up = [call for call, state in world.calls.items() if state != "invited"]
        up += [call for call, state in world.placed.items() if state == "answered"]
        return up[index % len(up)] if up else 0

    def _refers(self, call: int, to: str, method: str, **others: Any) -> None:
        self.world.refers_to(call, to, method, **others)

    @rule(
        index=st.integers(0, 9),
        to=st.sampled_from(
            [
                f"tel:{E164}",
                f"tel:{EXTENSION}",
                "sip:bob@phones.example",
                "sip:bob@evil.example",
                "sip:leg-2@x",
            ]
        ),
        method=st.sampled_from(["INVITE", "INVITE", "INVITE", "BYE"]),
        replaces=st.sampled_from(["", DIALOG]),
        own=st.sampled_from([0, 0, 0, 1]),
    )
    def anybody_refers(self, index: int, to: str, method: str, replaces: str, own: int) -> None:
        self._refers(self._up(index), to, method, replaces=replaces, own=own if replaces else 0)

    @precondition(lambda self: self._moderators())
    @rule(
        index=st.integers(0, 9),
        to=st.sampled_from([f"tel:{E164}", f"tel:{EXTENSION}", f"tel:{EXTENSION}", "sip:bob@phones.example"]),
        replaces=st.sampled_from(["", DIALOG, DIALOG]),
        phones=st.sampled_from(PHONES),
        goes_on=st.sampled_from(["", "rings", "answered", "answered", "refused", "gone first"]),
        branch=st.integers(0, 9),
    )
    def a_moderator_refers(
        self, index: int, to: str, replaces: str, phones: list[Reached], goes_on: str, branch: int
    ) -> None:
        """Somebody is called, maybe to be in the moderator's place, at times as far as it goes."""
        world, moderators = self.world, self._moderators()
        leg = world.board._lines.by_number[moderators[index % len(moderators)]]
        world.phones = phones
        self._refers(leg.call, to, "INVITE", replaces=replaces)
        if not goes_on or len(world.asked) != 1:
            return
        world.pool_answers(0, opens=True)
        if len(world.to_place) != 1:
            return
        call = world.call_is_placed()
        world.rings(call)
        if goes_on == "gone first" and leg.call in world.calls:
            world.hangs_up(leg.call)
        if goes_on == "refused":
            world.refuses(call, 486)
        elif goes_on != "rings" and call in world.placed:
            world.answers(call, EARLY, branch % world.branches[call])

    @precondition(lambda self: self.world.calls or self._called(0, "answered"))
    @rule(index=st.integers(0, 9), comes=st.booleans())
    def somebody_takes_a_place(self, index: int, comes: bool) -> None:
        """A call with Replaces, at times as far as its ACK."""
        world, old = self.world, self._up(index)
        call = world.calls_in("roda.1234", replaces=old) if old else 0
        if comes and call in world.calls and len(world.asked) == 1:
            world.pool_answers(0, opens=True)
            if world.calls.get(call) == "accepted":
                world.acknowledges(call)

    @precondition(lambda self: self.world.sent_away)
    @rule(index=st.integers(0, 9), status=st.sampled_from([100, 180, 200, 486, 0]), answers=st.booleans())
    def who_was_sent_away_tells_how_it_goes(self, index: int, status: int, answers: bool) -> None:
        call = sorted(self.world.sent_away)[index % len(self.world.sent_away)]
        if answers:
            self.world.happens(ReferAnswered(call, 202 if 0 < status < 300 else 603))
        else:
            self.world.happens(ReferProgress(call, status))

    @precondition(lambda self: self.world.calls)
    @rule(index=st.integers(0, 9))
    def somebody_watches(self, index: int) -> None:
        self.world.watches(self._up(index))

    # --- and all the rest ---

    @precondition(lambda self: self.world.calls)
    @rule(index=st.integers(0, 9), cause=st.sampled_from([*EndCause]))
    def hangs_up(self, index: int, cause: EndCause) -> None:
        self.world.hangs_up(self._call(index), cause)

    @precondition(lambda self: self.world.calls or self._called(0, "answered"))
    @rule(
        index=st.integers(0, 9),
        offer=st.sampled_from([sdp(direction="sendonly", version=2), sdp(), None, b"?"]),
    )
    def offers(self, index: int, offer: bytes | None) -> None:
        up = [call for call, state in self.world.calls.items() if state == "confirmed"]
        up += [call for call, state in self.world.placed.items() if state == "answered"]
        if up:
            self.world.happens(OfferReceived(up[index % len(up)], offer))

    @precondition(lambda self: self.world.open)
    @rule(index=st.integers(0, 9), how=st.sampled_from(["lost", "silent"]))
    def stream_fails(self, index: int, how: str) -> None:
        stream = self._stream(index)
        self.world.loses(stream) if how == "lost" else self.world.happens(RtpTimedOut(stream))

    @precondition(lambda self: self.world.board._rooms.by_id)
    @rule(command=st.sampled_from(COMMANDS))
    def commands(self, command: Command) -> None:
        self.ticket += 1
        conference = next(iter(self.world.board._rooms.by_id))
        self.world.happens(Asked(self.ticket, Give(conference, command, "eva")))

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 30.0, 90.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.passes(seconds)

    @rule(dice=st.integers(0, 120))
    def stops(self, dice: int) -> None:
        if dice == 0:
            self.world.happens(Stop())
        elif dice == 1:
            self.world.happens(Drain())

    @invariant()
    def counts_agree(self) -> None:
        board = self.world.board
        legs = board._lines.by_number.values()
        assert board._admission.calls == sum(not leg.out for leg in legs)
        assert len(board._lines.by_call) == sum(leg.call > 0 for leg in legs)
        assert self.world.spending._overall.parallel == sum(bool(leg.out) for leg in legs)
        assert set(board._lines.by_number) >= {
            leg for room in board._rooms.by_number.values() for leg in room.conference.participants
        }

    @invariant()
    def nobody_hears_what_they_must_not(self) -> None:
        self.world.everybody_is_where_the_conference_says()
        self.world.strangers_hear_nobody()
        self.world.nobody_is_left_in_a_side_room()

    def teardown(self) -> None:
        self.world.everybody_leaves()
        self.world.nothing_is_left()
        assert not self.world.open


TestCallers = Callers.TestCase
TestCallers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def arrive(world: World) -> None:
    """Two by passcode, one of them known by number, and one into an open room."""
    world.calls_in("551130000000", trusted=True)
    world.calls_in("551130000000", late=True)
    world.calls_in("conf-a")
    while world.asked:
        world.pool_answers(0, opens=True)
    for call in [call for call, state in world.calls.items() if state == "accepted"]:
        world.acknowledges(call)


def join(world: World, stream: int, role: Role, *, kept: bool) -> None:
    """By passcode, counter-password and name, kept or said."""
    world.hears_all()
    for _ in range(2):  # who calls, and whose code it is
        if world.questions:
            world.store_answers(
                accepted(role, asks_counter_password=True, recording_allowed=True, **NAMED), kept=kept
            )
        world.presses(stream, "1234#")
    world.presses(stream, "55#")
    for _ in range(4):
        if world.questions:
            world.store_answers(CounterVerdict(right=True), kept=kept)
        world.hears_all()
        if stream in world.recording:
            world.stops_speaking(stream, 4000)
        world.presses(stream, "1")


def call_out(world: World) -> None:
    """`*1`, `*2`; then everybody on the list (`*92`)."""
    world.presses(2, f"*1{NUMBER}#")
    world.presses(2, "1")
    while world.asked:
        world.pool_answers(0, opens=True)
    if world.to_place:
        call = world.call_is_placed()
        world.rings(call, EARLY)
        world.answers(call, EARLY)
    world.presses(2, "*2*92")
    if world.lists:
        world.list_is_found(LIST)
    world.passes(1)
    while world.asked:
        world.pool_answers(0, opens=True)
    while world.to_place:
        world.answers(world.call_is_placed(), WITHOUT_EVENTS)
    world.passes(2)
    world.hears_all()


def meeting(world: World) -> str:
    rooms = world.board._rooms.by_id
    return next((name for name, room in rooms.items() if 1 in room.conference.participants), "")


def watch_and_refer(world: World) -> None:
    """They watch the roster, one who may not wants to, and people are brought in and sent away by REFER."""
    world.watches(1)
    world.watches(3)
    world.watches(99)
    world.refers_to(2, f"tel:{E164}")
    world.refers_to(1, "sip:bob@b.example")
    while world.asked:
        world.pool_answers(0, opens=True)
    if world.to_place:
        call = world.call_is_placed()
        world.rings(call)
        world.refuses(call, 486)
    world.happens(Asked(1, Give(meeting(world), Transfer(1, "sip:bob@b.example"), "eva")))
    if 1 in world.sent_away:
        world.happens(ReferAnswered(1, 486))
    world.passes(3)


def a_day(world: World) -> None:
    """People meet and call others; one is named by a console; they record a message; everybody leaves."""
    arrive(world)
    join(world, 1, Role.PARTICIPANT, kept=True)
    join(world, 2, Role.MODERATOR, kept=False)
    world.presses(1, "*6")
    world.happens(OfferReceived(1, sdp(direction="sendonly", version=2)))
    watch_and_refer(world)
    world.presses(2, "*90")
    for _ in range(2):
        world.happens(Asked(1, Give(meeting(world), PauseRecording(), "eva")))
    call_out(world)
    world.presses(2, "*90")
    world.presses(2, "*99")
    world.passes(1)
    world.hears_all()
    world.hears_all()
    if 2 in world.recording:
        world.stops_speaking(2, 4000)
    world.presses(2, "1")
    world.happens(Asked(1, Give(meeting(world), Identify(1, "Ana"), "eva")))
    world.passes(10)
    if 2 in world.calls:
        world.hangs_up(2)
    world.passes(70)
    world.hears_all()


def world_of_a_day(lost: int = -1) -> World:
    return World(
        lost,
        recording=Recording(allowed=True),
        server=Server(trusted_networks=(ip_network(f"{TRUSTED_HOST}/32"),)),
    )


def effects_of_a_day() -> list[Effect]:
    world = world_of_a_day()
    a_day(world)
    world.everybody_leaves()
    world.nothing_is_left()
    return world.done


def test_a_day_has_every_kind_of_effect_that_a_day_can_have() -> None:
    seen = {type(effect) for effect in effects_of_a_day()}
    assert seen == set(get_args(Effect)) - {Log, RejectCall, RejectOffer}


@pytest.mark.parametrize("lost", range(len(effects_of_a_day())))
def test_every_effect_may_fail_once_and_all_ends_well(lost: int) -> None:
    world = world_of_a_day(lost)
    a_day(world)
    world.everybody_leaves()
    world.nothing_is_left()
