"""Callers who press anything and hang up anywhere, in a world where everything may fail.

Whatever happens: no leg is left behind, every opened stream is closed once, every joined has its left, every call is
answered or refused at most once, and nothing is due when everybody has gone.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.role import Role
from bridge.switchboard.effects import (
    AcceptCall,
    CheckCounterPassword,
    CloseRoom,
    CloseStream,
    Effect,
    HangUpCall,
    Log,
    LookUpPasscode,
    MediaCommand,
    OpenStream,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordJoined,
    RecordLeft,
    RejectCall,
    RejectOffer,
)
from bridge.switchboard.events import (
    CounterPasswordChecked,
    Drain,
    LookUpFailed,
    PasscodeFound,
    Stop,
    StreamOpened,
    StreamRefused,
)
from media.control import DigitReceived, Play, PlaybackEnded, RtpTimedOut, StreamClosed
from sip import events as sip
from sip.events import CallConfirmed, CallEnded, EndCause, OfferReceived
from tests.support.builders import TRUSTED_HOST, accepted, board, incoming, sdp

if TYPE_CHECKING:
    from bridge.dialogue.verdicts import Verdict

LONG_S = 100_000.0


class World:
    """Callers, pool and store around a switchboard. The effect of number `lost`, counted from 0, is never done."""

    def __init__(self, lost: int = -1) -> None:
        self.board = board()
        self.now = 0.0
        self.done: list[Effect] = []
        self.calls: dict[int, str] = {}
        """Call -> "invited", "accepted", "confirmed"; one that is over is not here."""
        self.late: set[int] = set()
        """Calls that wait for our offer."""
        self.asked: list[OpenStream] = []
        self.open: set[int] = set()
        self.questions: list[LookUpPasscode | CheckCounterPassword] = []
        self.playing: list[Play] = []
        self.ends: list[CallEnded] = []
        self._lost = lost
        self._next_call = 0

    def happens(self, event: object) -> None:
        self.board.handle(event, self.now)
        self.drain()

    def drain(self) -> None:
        for effect in self.board.effects():
            if isinstance(effect, Log):
                continue
            self.check(effect)
            number = len(self.done)
            self.done.append(effect)
            if number != self._lost:
                self.execute(effect)
        while self.ends:
            self.happens(self.ends.pop())

    def check(self, effect: Effect) -> None:
        """No effect may be out of place."""
        match effect:
            case AcceptCall() | RejectCall():
                assert self.calls.get(effect.call) == "invited"
            case HangUpCall():
                assert self.calls.get(effect.call) in {"accepted", "confirmed"} or self._lost >= 0
            case CloseStream():
                assert effect.stream in self.open
            case MediaCommand():
                stream = getattr(effect.command, "stream", None)
                assert stream is None or stream in self.open

    def execute(self, effect: Effect) -> None:
        match effect:
            case AcceptCall():
                self.calls[effect.call] = "accepted"
            case RejectCall() | HangUpCall():
                if self.calls.pop(effect.call, None):
                    self.ends.append(CallEnded(effect.call, EndCause.LOCAL, 0, ""))
            case OpenStream():
                self.asked.append(effect)
            case CloseStream():
                self.open.discard(effect.stream)
            case LookUpPasscode() | CheckCounterPassword():
                self.questions.append(effect)
            case MediaCommand(command=Play() as play):
                self.playing.append(play)

    def calls_in(self, dialled: str, *, late: bool = False) -> int:
        self._next_call += 1
        call = self._next_call
        self.calls[call] = "invited"
        if late:
            self.late.add(call)
        source = TRUSTED_HOST if dialled.startswith("conf-") else "192.0.2.7"
        offer = {"offer": None} if late else {}
        self.happens(incoming(call, dialled=dialled, source=source, **offer))
        return call

    def pool_answers(self, index: int, *, opens: bool) -> None:
        request = self.asked.pop(index % len(self.asked))
        if opens:
            self.open.add(request.stream)
            self.happens(StreamOpened(request.stream, "192.0.2.1", 20_000))
        else:
            self.happens(StreamRefused(request.stream, "full"))

    def acknowledges(self, call: int) -> None:
        self.calls[call] = "confirmed"
        self.happens(CallConfirmed(call, sdp() if call in self.late else None))

    def hangs_up(self, call: int, cause: EndCause = EndCause.BYE) -> None:
        del self.calls[call]
        self.happens(CallEnded(call, cause, 0, ""))

    def presses(self, stream: int, keys: str) -> None:
        for key in keys:
            self.happens(DigitReceived(stream, key))

    def hears_all(self) -> None:
        while self.playing:
            play = self.playing.pop(0)
            self.happens(PlaybackEnded(playback=play.playback, stream=play.stream))

    def store_answers(self, verdict: Verdict | CounterVerdict | None) -> None:
        question = self.questions.pop(0)
        if verdict is None:
            self.happens(LookUpFailed(question.leg))
        elif isinstance(question, LookUpPasscode):
            self.happens(PasscodeFound(question.leg, verdict))
        else:
            self.happens(CounterPasswordChecked(question.leg, verdict))

    def loses(self, stream: int) -> None:
        self.open.discard(stream)
        self.happens(StreamClosed(stream))

    def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (deadline := self.board.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.board.advance(self.now)
            self.drain()
        self.now = until

    def everybody_leaves(self) -> None:
        for call in list(self.calls):
            if call in self.calls:
                self.hangs_up(call)
        while self.asked:
            self.pool_answers(0, opens=True)
        self.passes(LONG_S)

    def nothing_is_left(self) -> None:
        board = self.board
        assert board.calls == board.conferences == 0
        assert board.next_deadline() is None
        assert not board._lines.by_call
        assert not board._lines.late_streams or self._lost >= 0
        assert board._admission.calls == 0
        assert not board._admission.per_source
        kinds: dict[type, Counter[object]] = {}
        for effect in self.done:
            key = (
                getattr(effect, "participant", None)
                or getattr(effect, "conference", None)
                or getattr(effect, "stream", None)
            )
            kinds.setdefault(type(effect), Counter())[key] += 1
        assert kinds.get(RecordJoined, Counter()) == kinds.get(RecordLeft, Counter())
        assert kinds.get(RecordConferenceStarted, Counter()) == kinds.get(RecordConferenceEnded, Counter())
        assert set(kinds.get(RecordJoined, Counter()).values()) <= {1}
        assert set(kinds.get(CloseStream, Counter()).values()) <= {1}
        rooms = [effect.room for effect in self.done if isinstance(effect, CloseRoom)]
        assert len(rooms) == len(set(rooms))


VERDICTS: list[Verdict | CounterVerdict | None] = [
    accepted(Role.MODERATOR),
    accepted(Role.PARTICIPANT),
    accepted(Role.PARTICIPANT, maximum_participants=2),
    accepted(Role.MODERATOR, pair=8, delay_s=2.0, hours_end_in_s=30.0),
    accepted(Role.MODERATOR, pair=9, maximum_length_s=40.0, asks_counter_password=True),
    Denied(why=Why.UNKNOWN, delay_s=1.0),
    Denied(why=Why.OUTSIDE_HOURS),
    Denied(why=Why.TOO_MANY_ATTEMPTS),
    None,
]


class Callers(RuleBasedStateMachine):
    """Anybody, doing anything."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def _call(self, index: int) -> int:
        calls = sorted(self.world.calls)
        return calls[index % len(calls)]

    def _stream(self, index: int) -> int:
        streams = sorted(self.world.open)
        return streams[index % len(streams)]

    @rule(
        dialled=st.sampled_from(["551130000000", "551130000000", "conf-a", "conf-b", "nobody"]),
        late=st.booleans(),
    )
    def calls(self, dialled: str, late: bool) -> None:
        self.world.calls_in(dialled, late=late)

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
        keys=st.sampled_from(["1234#", "5", "#", "*", "*6", "*5", "*7", "*9", "*92", "*#"]),
    )
    def presses(self, index: int, keys: str) -> None:
        self.world.presses(self._stream(index), keys)

    @precondition(lambda self: self.world.calls)
    @rule(index=st.integers(0, 9), key=st.sampled_from("0123456789*#"))
    def presses_by_info(self, index: int, key: str) -> None:
        self.world.happens(sip.DigitReceived(self._call(index), key, 100))

    @precondition(lambda self: self.world.playing)
    @rule()
    def hears_all(self) -> None:
        self.world.hears_all()

    @precondition(lambda self: self.world.questions)
    @rule(verdict=st.sampled_from(VERDICTS), right=st.booleans())
    def store_answers(self, verdict: Verdict | None, right: bool) -> None:
        counter = isinstance(self.world.questions[0], CheckCounterPassword)
        self.world.store_answers(CounterVerdict(right=right, person=1) if counter and verdict else verdict)

    @precondition(lambda self: self.world.calls)
    @rule(index=st.integers(0, 9), cause=st.sampled_from([*EndCause]))
    def hangs_up(self, index: int, cause: EndCause) -> None:
        self.world.hangs_up(self._call(index), cause)

    @precondition(lambda self: self.world.calls)
    @rule(
        index=st.integers(0, 9),
        offer=st.sampled_from([sdp(direction="sendonly", version=2), sdp(), None, b"?"]),
    )
    def offers(self, index: int, offer: bytes | None) -> None:
        call = self._call(index)
        if self.world.calls[call] == "confirmed":
            self.world.happens(OfferReceived(call, offer))

    @precondition(lambda self: self.world.open)
    @rule(index=st.integers(0, 9), how=st.sampled_from(["lost", "silent"]))
    def stream_fails(self, index: int, how: str) -> None:
        stream = self._stream(index)
        self.world.loses(stream) if how == "lost" else self.world.happens(RtpTimedOut(stream))

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 30.0, 90.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.passes(seconds)

    @rule(dice=st.integers(0, 30))
    def stops(self, dice: int) -> None:
        if dice == 0:
            self.world.happens(Stop())
        elif dice == 1:
            self.world.happens(Drain())

    @invariant()
    def counts_agree(self) -> None:
        board = self.world.board
        assert board._admission.calls == board.calls == len(board._lines.by_call)
        assert set(board._lines.by_number) >= {
            leg for room in board._rooms.by_number.values() for leg in room.conference.participants
        }

    def teardown(self) -> None:
        self.world.everybody_leaves()
        self.world.nothing_is_left()
        assert not self.world.open


TestCallers = Callers.TestCase
TestCallers.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def a_day(world: World) -> None:
    """Two people meet by passcode, a third comes into an open room, everybody leaves."""
    world.calls_in("551130000000")
    world.calls_in("551130000000", late=True)
    world.calls_in("conf-a")
    while world.asked:
        world.pool_answers(0, opens=True)
    for call in [call for call, state in world.calls.items() if state == "accepted"]:
        world.acknowledges(call)
    for role, stream in ((Role.PARTICIPANT, 1), (Role.MODERATOR, 2)):
        world.presses(stream, "1234#")
        if world.questions:
            world.store_answers(accepted(role, asks_counter_password=True))
        world.presses(stream, "55#")
        if world.questions:
            world.store_answers(CounterVerdict(right=True))
        world.hears_all()
    world.presses(1, "*6")
    world.happens(OfferReceived(1, sdp(direction="sendonly", version=2)))
    world.passes(10)
    if 2 in world.calls:
        world.hangs_up(2)
    world.passes(70)
    world.hears_all()


def effects_of_a_day() -> list[Effect]:
    world = World()
    a_day(world)
    world.everybody_leaves()
    world.nothing_is_left()
    return world.done


def test_a_day_has_every_kind_of_effect_that_a_day_can_have() -> None:
    seen = {type(effect) for effect in effects_of_a_day()}
    assert seen == set(get_args(Effect)) - {Log, RejectCall, RejectOffer}


@pytest.mark.parametrize("lost", range(len(effects_of_a_day())))
def test_every_effect_may_fail_once_and_all_ends_well(lost: int) -> None:
    world = World(lost)
    a_day(world)
    world.everybody_leaves()
    world.nothing_is_left()
