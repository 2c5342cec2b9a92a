"""Callers, called people, media plane and store around a switchboard, in one process and without any of them.

What the switchboard wants is done at once where the world has no choice in it, and otherwise kept for the test to decide:
which stream is opened or refused, who answers, what the store says. Every effect is looked at before it is done: one that is
out of place (a command for a stream that is closed, the answer to a call that is over) fails here, where it happened.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bridge.conference.model import ALONE, LARGEST_GROUP, MAIN, standing
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Denied
from bridge.switchboard import effects as wanted
from bridge.switchboard.effects import Effect
from bridge.switchboard.events import (
    BlastListFound,
    CallerRecognised,
    CallNotPlaced,
    CallPlaced,
    CounterPasswordChecked,
    LookUpFailed,
    MessageKept,
    NameFound,
    PasscodeFound,
    StreamOpened,
    StreamRefused,
)
from bridge.switchboard.legs import LegState
from bridge.switchboard.registered import Reached
from media import control
from media.arena import Arena
from media.control import DigitReceived, Play, PlaybackEnded, RecordingEnded, StreamClosed
from media.recording.messages import Ended, File, Reason
from sip.events import (
    CallAnswered,
    CallConfirmed,
    CallEnded,
    CallRinging,
    DigitSent,
    EndCause,
    NotifyAnswered,
    SubscriptionEnded,
)
from tests.support.builders import ARENA_FIRST, TRUSTED_HOST, board, config, dial_out, incoming, sdp
from tests.support.subscribing import refers, subscribes

if TYPE_CHECKING:
    from bridge.dialogue.verdicts import Verdict
    from bridge.service.blast_list import BlastList

LONG_S: Final = 100_000.0
ARENA_SAMPLES: Final = 800_000
"""A hundred seconds: some names, and it may well be full."""

EXTENSION: Final = "+551140028999"
"""The number of the account "ana", whose telephones a test may register (`World.phones`)."""

Question = wanted.LookUpPasscode | wanted.CheckCounterPassword | wanted.RecogniseCaller | wanted.FetchName


class OneAccount:
    """A directory with "ana" in it."""

    def account_of(self, called: str) -> str:
        return "ana" if called in {"ana", EXTENSION} else ""

    def number_of(self, account: str) -> str:
        return EXTENSION if account == "ana" else ""


class World:
    """The effect of number `lost`, counted from 0, is never done."""

    def __init__(self, lost: int = -1, **configured: Any) -> None:
        self.arena = Arena(ARENA_FIRST, ARENA_SAMPLES)
        settings = config(**{"dial_out": dial_out(maximum_call_s=75.0), **configured})
        self.spending = settings.spending()
        self.phones: list[Reached] = []
        """Where ana's telephones are registered, the best liked first."""
        self.board = board(
            settings,
            arena=self.arena,
            spending=self.spending,
            find_phones=lambda account, _: self.phones if account == "ana" else [],
            directory=OneAccount(),
        )
        self.now = 0.0
        self.done: list[Effect] = []
        self.calls: dict[int, str] = {}
        """Call -> "invited", "accepted", "confirmed"; one that is over is not here."""
        self.late: set[int] = set()
        """Calls that wait for our offer."""
        self.asked: list[wanted.OpenStream] = []
        self.open: set[int] = set()
        self.routed: dict[int, int] = {}
        self.music: dict[int, control.Segment | None] = {}
        self.muted: dict[int, bool] = {}
        self.recording: dict[int, control.Record] = {}
        """By stream: what is being recorded."""
        self.questions: list[Question] = []
        self.lists: list[wanted.FetchBlastList] = []
        self.playing: list[Play] = []
        self.to_place: list[wanted.PlaceCall] = []
        self.watching: dict[int, list[bytes]] = {}
        """By subscription that was accepted and has not ended: what it was told."""
        self.refers: dict[int, list[int]] = {}
        """By REFER that was accepted: the statuses reported. One that was refused has its status alone, negative."""
        self.sent_away: dict[int, str] = {}
        """Calls whose telephones were asked to call elsewhere."""
        self.placed: dict[int, str] = {}
        """Calls of ours -> "calling", "answered"."""
        self.branches: dict[int, int] = {}
        """How many telephones ring of those calls."""
        self._happens: deque[object] = deque()
        self._lost = lost
        self._next_call = 0
        self._next_subscription = 0

    # --- effects ---

    def happens(self, event: object) -> None:
        self.board.handle(event, self.now)  # type: ignore[arg-type]  # any event
        self.drain()

    def drain(self) -> None:
        while True:
            for effect in self.board.effects():
                if isinstance(effect, wanted.Log):
                    continue
                self.check(effect)
                number = len(self.done)
                self.done.append(effect)
                if number != self._lost:
                    self.execute(effect)
            if not self._happens:
                return
            self.board.handle(self._happens.popleft(), self.now)  # type: ignore[arg-type]

    def check(self, effect: Effect) -> None:
        """No effect may be out of place."""
        match effect:
            case wanted.AcceptCall() | wanted.RejectCall():
                assert self.calls.get(effect.call) == "invited"
            case wanted.HangUpCall():
                up = self.calls.get(effect.call) in {"accepted", "confirmed"} or effect.call in self.placed
                assert up or self._lost >= 0
            case wanted.CloseStream():
                assert effect.stream in self.open
            case wanted.Notify() | wanted.EndSubscription():
                assert effect.subscription in self.watching or self._lost >= 0
            case wanted.ReportRefer():
                reports = self.refers.get(effect.refer)
                assert reports is not None or self._lost >= 0
                assert not reports or reports[-1] < 200, "said after the last word"
            case wanted.Refer():
                # A key may have told before the ACK that they are there; the agent asks them all the same.
                up = self.calls.get(effect.call) in {"accepted", "confirmed"} or effect.call in self.placed
                assert up or self._lost >= 0
            case wanted.MediaCommand():
                stream = getattr(effect.command, "stream", None)
                assert stream is None or stream in self.open, effect

    def execute(self, effect: Effect) -> None:
        match effect:
            case wanted.AcceptCall():
                self.calls[effect.call] = "accepted"
            case wanted.RejectCall() | wanted.HangUpCall():
                if self.calls.pop(effect.call, None) or self.placed.pop(effect.call, None):
                    self._happens.append(CallEnded(effect.call, EndCause.LOCAL, 0, ""))
            case wanted.PlaceCall():
                self.to_place.append(effect)
            case wanted.OpenStream():
                self.asked.append(effect)
            case wanted.CloseStream():
                self._close(effect.stream)
            case (
                wanted.LookUpPasscode()
                | wanted.CheckCounterPassword()
                | wanted.RecogniseCaller()
                | wanted.FetchName()
            ):
                self.questions.append(effect)
            case wanted.FetchBlastList():
                self.lists.append(effect)
            case wanted.KeepMessage():
                self._happens.append(MessageKept(effect.leg, kept=True))
            case wanted.EndRecording(recording):
                file = File("meeting.flac", 8_000, 8_000, 900)
                self._happens.append(Ended(recording, Reason.STOPPED, (file,)))
            case wanted.MediaCommand():
                self._command(effect.command)
            case _:
                self._signal(effect)

    def _signal(self, effect: Effect) -> None:
        """Subscriptions and REFER."""
        match effect:
            case wanted.AcceptSubscription():
                self.watching.setdefault(effect.subscription, [])
            case wanted.Notify() if effect.subscription in self.watching:
                self.watching[effect.subscription].append(effect.body)
                self._happens.append(NotifyAnswered(effect.subscription))
            case wanted.EndSubscription():
                if self.watching.pop(effect.subscription, None) is not None:
                    self._happens.append(SubscriptionEnded(effect.subscription, effect.reason))
            case wanted.AcceptRefer():
                self.refers[effect.refer] = []
            case wanted.RejectRefer():
                self.refers[effect.refer] = [-effect.status]
            case wanted.ReportRefer() if effect.refer in self.refers:
                self.refers[effect.refer].append(effect.status)
            case wanted.Refer():
                self.sent_away[effect.call] = effect.to
            case wanted.SendDigit():
                self._happens.append(DigitSent(effect.call, 200))

    def _command(self, command: control.AnyCommand) -> None:
        match command:
            case Play():
                self.playing.append(command)
            case control.Route():
                self.routed[command.stream] = command.room
            case control.Music():
                self.music[command.stream] = command.segment
            case control.Mute():
                self.muted[command.stream] = command.muted
            case control.Record():
                self._stop_recording(command.stream)
                self.recording[command.stream] = command
            case control.StopRecording():
                self._stop_recording(command.stream)

    def _close(self, stream: int) -> None:
        if stream in self.open:
            self.open.discard(stream)
            self._stop_recording(stream)
            self._happens.append(StreamClosed(stream))

    def _stop_recording(self, stream: int, length: int = 8000) -> None:
        record = self.recording.pop(stream, None)
        if record is not None:
            length = min(length, record.into.length)
            self._happens.append(RecordingEnded(stream, record.recording, length))

    # --- people who call ---

    def calls_in(self, dialled: str, *, late: bool = False, trusted: bool = False, replaces: int = 0) -> int:
        """Somebody calls; from a trusted network they have a number that says who they are. With `replaces` they want the place
        of another call.
        """
        self._next_call += 1
        call = self._next_call
        self.calls[call] = "invited"
        if late:
            self.late.add(call)
        source = TRUSTED_HOST if trusted or dialled.startswith("conf-") else "192.0.2.7"
        offer: dict[str, Any] = {"offer": None} if late else {}
        caller = f"119{call:08}" if trusted else ""
        self.happens(
            incoming(call, dialled=dialled, source=source, caller=caller, replaces=replaces, **offer)
        )
        return call

    def pool_answers(self, index: int, *, opens: bool) -> None:
        request = self.asked.pop(index % len(self.asked))
        stream = request.stream
        if opens:
            self.open.add(stream)
            self.routed[stream], self.music[stream], self.muted[stream] = request.room, None, False
            self.happens(StreamOpened(stream, "192.0.2.1", 20_000))
        else:
            self.happens(StreamRefused(stream, "full"))

    def acknowledges(self, call: int) -> None:
        self.calls[call] = "confirmed"
        self.happens(CallConfirmed(call, sdp() if call in self.late else None))

    def hangs_up(self, call: int, cause: EndCause = EndCause.BYE) -> None:
        self.calls.pop(call, None)
        self.placed.pop(call, None)
        self.happens(CallEnded(call, cause, 0, ""))

    def presses(self, stream: int, keys: str) -> None:
        for key in keys:
            self.happens(DigitReceived(stream, key))

    def hears_all(self) -> None:
        for _ in range(len(self.playing)):
            play = self.playing.pop(0)
            self.happens(PlaybackEnded(playback=play.playback, stream=play.stream))

    def stops_speaking(self, stream: int, length: int) -> None:
        """The silence after it ends the recording; `length` samples of it were speech."""
        self._stop_recording(stream, length)
        while self._happens:
            self.happens(self._happens.popleft())

    # --- telephones that watch and refer ---

    def watches(self, call: int, **others: Any) -> int:
        """A SUBSCRIBE in the dialog of a call; the number of the subscription."""
        self._next_subscription += 1
        self.happens(subscribes(self._next_subscription, call, **others))
        return self._next_subscription

    def refers_to(self, call: int, to: str, method: str = "INVITE", **others: Any) -> int:
        """A REFER in the dialog of a call; its number."""
        self._next_subscription += 1
        self.happens(refers(self._next_subscription, call, to, method, **others))
        return self._next_subscription

    # --- people who are called ---

    def call_is_placed(self, *, found: bool = True) -> int:
        """The INVITE is out, or there is no way to the address."""
        wish = self.to_place.pop(0)
        if not found:
            self.happens(CallNotPlaced(wish.leg, "no way"))
            return 0
        self._next_call += 1
        call = self._next_call
        self.placed[call] = "calling"
        self.branches[call] = 1 + len(wish.beside)
        self.happens(CallPlaced(wish.leg, call, f"out-{call}"))
        return call

    def rings(self, call: int, early: bytes | None = None) -> None:
        self.happens(CallRinging(call, 180 if early is None else 183, early))

    def answers(self, call: int, answer: bytes | None, branch: int = 0) -> None:
        """Somebody answers; where several telephones ring, at one of them."""
        self.placed[call] = "answered"
        several = self.branches[call] > 1
        self.happens(CallAnswered(call, answer, branch, f"out-{call}-{branch}" if several else ""))

    def refuses(self, call: int, status: int) -> None:
        del self.placed[call]
        self.happens(CallEnded(call, EndCause.REJECTED, status, ""))

    # --- store and media plane ---

    def store_answers(self, verdict: Verdict | CounterVerdict | None, *, kept: bool = False) -> None:
        """Answer the question that has waited longest; None, or what answers another: the store fails."""
        question = self.questions.pop(0)
        match question:
            case wanted.FetchName():
                audio = np.ones(4000, np.int16) if kept else None
                self.happens(NameFound(question.leg, audio))
            case wanted.RecogniseCaller():
                self.happens(CallerRecognised(question.leg, None))
            case wanted.LookUpPasscode() if isinstance(verdict, Accepted | Denied):
                self.happens(PasscodeFound(question.leg, verdict))
            case wanted.CheckCounterPassword() if isinstance(verdict, CounterVerdict):
                self.happens(CounterPasswordChecked(question.leg, verdict))
            case _:
                self.happens(LookUpFailed(question.leg))

    def list_is_found(self, blast_list: BlastList | None) -> None:
        request = self.lists.pop(0)
        audio = None if blast_list is None else np.ones(8000, np.int16)
        self.happens(BlastListFound(request.request, blast_list, audio=audio))

    def loses(self, stream: int) -> None:
        """The stream's worker dies, and nobody takes over."""
        # The pool tells of the recording first, and then of the stream: what is said in between is lost, and no fault.
        self._stop_recording(stream, 0)
        while self._happens:
            self.happens(self._happens.popleft())
        self.open.discard(stream)
        self.playing = [each for each in self.playing if each.stream != stream]
        self._happens.append(StreamClosed(stream))
        while self._happens:
            self.happens(self._happens.popleft())

    def passes(self, seconds: float) -> None:
        until = self.now + seconds
        while (deadline := self.board.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.board.advance(self.now)
            self.drain()
        self.now = until

    # --- what always holds ---

    def everybody_is_where_the_conference_says(self) -> None:
        """Who hears whom, who hears music, who is silenced: as the rules have it, for all who are in a conference."""
        board = self.board
        for room in board._rooms.by_number.values():
            for number, participant in room.conference.participants.items():
                leg = board._lines.by_number.get(number)
                if leg is None or number not in self.open or leg.state is not LegState.CONFERENCE:
                    continue
                place = room.conference.place(number)
                if place is None:
                    expected = control.NO_ROOM
                elif place == MAIN:
                    expected = room.number
                else:
                    expected = room.groups.get(place, place - LARGEST_GROUP)
                assert self.routed[number] == expected == leg.routed_to
                assert self.muted[number] == room.conference.muted(number)
                if not participant.aside:
                    assert (self.music[number] is not None) == standing(room.conference, participant).music

    def strangers_hear_nobody(self) -> None:
        """Who is not in a conference is in no room, or alone with whom they talk to in private."""
        board = self.board
        rooms = {room.number for room in board._rooms.by_number.values()}
        for leg in board._lines.by_number.values():
            if leg.number in self.open and leg.state in {
                LegState.RECEPTION,
                LegState.CALLING,
                LegState.CALLED,
            }:
                assert self.routed[leg.number] not in rooms

    def nobody_is_left_in_a_side_room(self) -> None:
        """Who is aside is on an errand, or asked something; who is on one is up, and so is their guest, in the same place once they can be heard.

        There are no operators in this world, who would be another reason to be aside.
        """
        lines, errands = self.board._lines, self.board._performing._errands
        aside = {
            number
            for room in self.board._rooms.by_number.values()
            for number, each in room.conference.participants.items()
            if each.aside and each.dismissed is None
        }
        assert aside >= set(errands._by_moderator)
        assert all(lines.by_number[number].runner for number in aside - set(errands._by_moderator))
        guests = {each.guest.number: each for each in errands._by_moderator.values() if each.guest}
        assert guests == errands._by_guest
        assert set(guests) <= set(lines.by_number)
        for number, errand in guests.items():
            together = errand.place != ALONE
            assert together == (lines.by_number[number].routed_to == errand.moderator.routed_to != 0)
            assert together or self._lost >= 0 or self.music[errand.moderator.number] is not None

    def everybody_leaves(self) -> None:
        for _ in range(3):
            while self.to_place:
                self.call_is_placed()
            for call in [*self.calls, *self.placed]:
                if call in self.calls or call in self.placed:
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
        assert self.arena.free == ARENA_SAMPLES or self._lost >= 0
        assert self.spending._overall.parallel == 0
        assert not self.spending._calls
        assert not board._recordings._running
        assert not board._console.identities
        assert not board._watchers._by_room
        assert not board._watchers._by_subscription
        assert not board._watchers._pending
        assert not board._transfers._sent
        assert not board._transfers._attended
        self._nothing_is_left_of_calls_out()
        assert not self.watching or self._lost >= 0
        self._records_are_balanced()
        closed = Counter(effect.stream for effect in self.done if isinstance(effect, wanted.CloseStream))
        assert set(closed.values()) <= {1}
        rooms = [effect.room for effect in self.done if isinstance(effect, wanted.CloseRoom)]
        assert len(rooms) == len(set(rooms))

    def _nothing_is_left_of_calls_out(self) -> None:
        calls, guests = self.board._calls_out, self.board._errands._invitations
        tables = (
            calls._ways, calls._audio, calls._negotiations, calls._replaces, calls._referred_by, calls._registered._by_leg,
            guests._to, guests._tell, guests._takes,
        )  # fmt: skip
        assert not any(tables)
        reported = [statuses for statuses in self.refers.values() if statuses]
        assert self._lost >= 0 or all(said[-1] < 0 or said[-1] >= 200 for said in reported), "no last word"

    def _records_are_balanced(self) -> None:
        def counted(kind: type, name: str) -> Counter[str]:
            return Counter(getattr(effect, name) for effect in self.done if isinstance(effect, kind))

        joined = counted(wanted.RecordJoined, "participant")
        assert joined == counted(wanted.RecordLeft, "participant")
        assert set(joined.values()) <= {1}
        started = counted(wanted.RecordConferenceStarted, "conference")
        assert started == counted(wanted.RecordConferenceEnded, "conference")
        placed = counted(wanted.RecordCallPlaced, "call")
        assert placed == counted(wanted.RecordCallEnded, "call")
        assert set(placed.values()) <= {1}
        answered = counted(wanted.RecordCallAnswered, "call")
        assert answered <= placed
