"""A conversation with the switchboard: `>>` what happens, `<<` what it wants done.

    play >> incoming()
    play << OpenStream(...) << Nothing
    play >> StreamOpened(1, "192.0.2.1", 20_000) << Accepts(1)

Every effect must be expected, in order, but for the lines of the log: those are expected only where a test names one. A
mismatch is told with the whole conversation before it. `after(s)` lets time pass, with all that falls due meanwhile.

What is expected is an effect, a command to the media plane, or a `Pattern`: something that knows whether an effect is meant and can be read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.effects import AcceptCall, Effect, HangUpCall, Log, MediaCommand, RejectCall
from bridge.switchboard.events import CallPlaced, PasscodeFound, StreamOpened
from media.control import DigitReceived, Play, PlaybackEnded, PlayRoom
from sip.events import CallAnswered, CallConfirmed, CallRinging, IncomingCall
from tests.support.builders import (
    BRIDGE_HOST,
    TRUSTED_HOST,
    ReadableVoice,
    accepted,
    board,
    config,
    dial_out,
    incoming,
    sdp,
)

if TYPE_CHECKING:
    from bridge.config.settings import Config
    from bridge.dialogue.verdicts import Verdict

HERE: Final = BRIDGE_HOST


@dataclass(frozen=True)
class After:
    """So many seconds pass."""

    seconds: float


def after(seconds: float) -> After:
    return After(seconds)


@runtime_checkable
class Pattern(Protocol):
    """Tells whether an effect is meant."""

    def matches(self, effect: Effect, voice: ReadableVoice) -> bool: ...


@dataclass(frozen=True)
class Says:
    """Something is said to one, whatever the playback's number."""

    stream: int
    name: str
    language: str | None = None
    values: tuple[tuple[str, object], ...] | None = None

    def matches(self, effect: Effect, voice: ReadableVoice) -> bool:
        if not (isinstance(effect, MediaCommand) and isinstance(effect.command, Play)):
            return False
        spoken = voice.read(effect.command.segments)[0]
        return (
            effect.command.stream == self.stream
            and spoken.name == self.name
            and self.language in (None, spoken.language)
            and self.values in (None, spoken.values)
        )


@dataclass(frozen=True)
class SaysRoom:
    """Something is said to a room."""

    room: int
    name: str

    def matches(self, effect: Effect, voice: ReadableVoice) -> bool:
        return (
            isinstance(effect, MediaCommand)
            and isinstance(effect.command, PlayRoom)
            and effect.command.room == self.room
            and voice.read(effect.command.segments)[0].name == self.name
        )


@dataclass(frozen=True)
class Accepts:
    """200 with a description that holds all of `lines`."""

    call: int
    lines: tuple[str, ...] = ()

    def matches(self, effect: Effect, voice: ReadableVoice) -> bool:
        text = effect.sdp.decode() if isinstance(effect, AcceptCall) else ""
        return (
            isinstance(effect, AcceptCall)
            and effect.call == self.call
            and all(f"{line}\r\n" in text for line in self.lines)
        )


@dataclass(frozen=True)
class A:
    """An effect of a kind, with some fields; of a `MediaCommand`, a command of a kind."""

    kind: type
    fields: tuple[tuple[str, object], ...] = ()

    def matches(self, effect: Effect, voice: ReadableVoice) -> bool:
        thing: Any = (
            effect.command if isinstance(effect, MediaCommand) and self.kind is not MediaCommand else effect
        )
        return isinstance(thing, self.kind) and all(
            getattr(thing, name) == value for name, value in self.fields
        )


def a(kind: type, /, **fields: object) -> A:
    return A(kind, tuple(fields.items()))


def hangs_up(call: int, reason: str | None = None) -> A:
    return a(HangUpCall, call=call) if reason is None else a(HangUpCall, call=call, reason=reason)


def rejects(call: int, status: int) -> A:
    return a(RejectCall, call=call, status=status)


class Playbook:
    """One switchboard and the conversation with it."""

    def __init__(self, configuration: Config | None = None, **given: object) -> None:
        """`given` goes to the switchboard as it is."""
        self.voice = ReadableVoice()
        self.board = board(configuration, self.voice, **given)
        self.now = 1000.0
        self.playing: dict[int, int] = {}
        """Stream -> the playback that was asked for last."""
        self.logged: list[Log] = []
        self._open: deque[Effect] = deque()
        self._transcript: list[str] = []

    def __rshift__(self, event: object) -> Playbook:
        self.done()
        self._transcript.append(f">> {self._readable(event)}")
        self.logged = []
        if isinstance(event, After):
            self._pass(self.now + event.seconds)
        else:
            self.board.handle(event, self.now)
            self._drain()
        return self

    def __lshift__(self, expected: object) -> Playbook:
        __tracebackhide__ = True
        if isinstance(expected, A) and expected.kind is Log:
            assert any(expected.matches(line, self.voice) for line in self.logged), self._said(
                expected, "no such line"
            )
            return self
        got = self._open.popleft() if self._open else None
        meant = got is not None and (
            expected.matches(got, self.voice)
            if isinstance(expected, Pattern)
            else expected
            == (
                got.command
                if isinstance(got, MediaCommand) and not isinstance(expected, MediaCommand)
                else got
            )
        )
        assert meant, self._said(expected, got)
        self._transcript.append(f"<< {expected}")
        return self

    def skip(self) -> Playbook:
        """Take whatever effects there are; for what another test has looked at."""
        self._transcript += [f"<< {self._readable(effect)}" for effect in self._open]
        self._open.clear()
        return self

    def spoken(self, stream: int = 1) -> Playbook:
        """What is being said to `stream` has been said."""
        return self >> PlaybackEnded(playback=self.playing[stream], stream=stream)

    def done(self) -> None:
        """Nothing is left that was not expected."""
        __tracebackhide__ = True
        assert not self._open, self._said("nothing more", self._open[0])

    def _pass(self, until: float) -> None:
        while (deadline := self.board.next_deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.board.advance(self.now)
            self._drain()
        self.now = until

    def _drain(self) -> None:
        for effect in self.board.effects():
            if isinstance(effect, Log):
                self.logged.append(effect)
                continue
            if isinstance(effect, MediaCommand) and isinstance(effect.command, Play):
                self.playing[effect.command.stream] = effect.command.playback
            self._open.append(effect)

    def _said(self, expected: object, got: object) -> str:
        rest = [f"         {self._readable(effect)}" for effect in self._open]
        lines = [*self._transcript, f"<< expected {expected}", f"        got {self._readable(got)}", *rest]
        return "\n".join(["the conversation:", *lines])

    def _readable(self, effect: object) -> str:
        if isinstance(effect, MediaCommand) and isinstance(effect.command, Play | PlayRoom):
            spoken = ", ".join(
                f"{each.name} ({each.language})" for each in self.voice.read(effect.command.segments)
            )
            whom = (
                effect.command.stream if isinstance(effect.command, Play) else f"room {effect.command.room}"
            )
            return f"says to {whom}: {spoken}"
        if isinstance(effect, IncomingCall):
            return f"call {effect.call} of {effect.request_uri.user} from {effect.flow.remote[0]}"
        return str(effect.command) if isinstance(effect, MediaCommand) else str(effect)


# --- what happens in many conversations ---


def call(play: Playbook, leg: int = 1) -> Playbook:
    """Somebody hears the greeting."""
    play >> incoming(leg)
    play.skip() >> StreamOpened(leg, HERE, 20_000 + 2 * leg)
    play.skip() >> CallConfirmed(leg, None)
    return play.skip()


def press(play: Playbook, keys: str, leg: int = 1) -> Playbook:
    for key in keys:
        play.skip() >> DigitReceived(leg, key)
    return play


def greeted(play: Playbook) -> Playbook:
    """Somebody hears the greeting, on port 20,000 of ours."""
    play >> incoming()
    play.skip() >> StreamOpened(1, HERE, 20_000)
    play.skip() >> CallConfirmed(1, None)
    return play.skip()


def to_room(name: str, call: int = 1, **given: Any) -> IncomingCall:
    """Somebody dials an open room from where it is open."""
    return incoming(call, dialled=f"conf-{name}", source=TRUSTED_HOST, **given)


def in_room(play: Playbook, call: int = 1) -> Playbook:
    """Somebody in open room "a"."""
    play >> to_room("a", call)
    play.skip() >> StreamOpened(call, HERE, 20_000)
    play.skip() >> CallConfirmed(call, None)
    return play.skip()


NUMBER: Final = "40028922"
"""Of the local area, which takes the number alone."""
E164: Final = "+551140028922"


def dials_out(**settings: object) -> Playbook:
    """A bridge that calls out, and a moderator who may: leg 1, in the conference. `settings` are those of dial-out."""
    return joined(Playbook(config(dial_out=dial_out(**settings))), level=Level.HIGHLY_SECURE)


def asked(play: Playbook, leg: int = 1) -> Playbook:
    """`*1`: the moderator is asked for a number."""
    return press(play, "*1", leg).skip()


def wanted(play: Playbook, leg: int = 1) -> Playbook:
    """The number is keyed, heard and confirmed; a stream for the guest is asked for."""
    press(asked(play, leg), f"{NUMBER}#", leg).skip()
    return press(play, "1", leg)


def rings(play: Playbook, guest: int = 2, moderator: int = 1) -> Playbook:
    """The guest's telephone rings. Calls that we place have the number of their leg, and a hundred."""
    wanted(play, moderator).skip() >> StreamOpened(guest, HERE, 20_000 + 2 * guest)
    play.skip() >> CallPlaced(guest, 100 + guest, f"out-{guest}")
    play >> CallRinging(100 + guest, 180, None)
    return play


def talks(play: Playbook, guest: int = 2, moderator: int = 1) -> Playbook:
    """Moderator and guest talk in private."""
    rings(play, guest, moderator) >> CallAnswered(100 + guest, sdp())
    return play.skip()


def keyed(play: Playbook, verdict: Verdict, leg: int = 1) -> Playbook:
    """Somebody calls and keys a passcode about which the service says `verdict`."""
    press(call(play, leg), "1234#", leg).skip()
    return play >> PasscodeFound(leg, verdict)


def joined(play: Playbook, role: Role = Role.MODERATOR, leg: int = 1, **given: object) -> Playbook:
    """Somebody is in the conference, or waits for its moderator."""
    keyed(play, accepted(role, **given), leg)
    if role is Role.MODERATOR:
        play.skip().spoken(leg)
    return play.skip()
