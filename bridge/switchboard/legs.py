"""One person on the line: which call, which stream, who listens to the keys.

Theory of operation
-------------------
    OPENING ----> ANSWERED ----> RECEPTION ----> CONFERENCE ----> LAST_WORDS
    ports are     200 is out,    a dialogue      the conference   something is said,
    asked for     ACK is not in  owns the keys   owns the keys    then we hang up
        '--------------------------- open rooms ------^
        |                                             |
        '------> CALLING ------------> CALLED --------'
    we call:     INVITE is out         answered: belongs to `user`
Any leg that speaks with a dialogue has a `runner`, and its keys are the dialogue's as long as it runs, also in a
conference (`*1` asks for a number). What it asks is told to the leg's `host`; what becomes of a call of ours, to its `user`.

A leg goes forward only, and may skip; from every state it may be gone: then it is in no table, whatever comes for it is
late and ignored, and what it held (stream, place in a conference, place among the calls) has been given back once.

The stream has a life of its own beside that, because the pool answers when it can.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from bridge.switchboard.keys_in import KeysIn
from media.control import NO_ROOM

if TYPE_CHECKING:
    from bridge.conference.events import LeaveReason
    from bridge.conference.keymap import Matcher
    from bridge.conference.trouble import Trouble
    from bridge.dialogue.runner import Runner
    from bridge.service.dialplan import Destination
    from bridge.service.origin import Origin
    from bridge.service.outcome import Outcome
    from bridge.service.role import Role
    from bridge.switchboard.negotiation import Negotiation
    from bridge.switchboard.room import Room
    from prompts.values import Clip


class LegState(Enum):
    """How far a call is."""

    OPENING = "opening"
    CALLING = "calling"
    CALLED = "called"
    ANSWERED = "answered"
    RECEPTION = "reception"
    CONFERENCE = "conference"
    LAST_WORDS = "last_words"


class StreamState(Enum):
    """What we know of the leg's row in a media worker."""

    ASKED = "asked"
    OPEN = "open"
    GONE = "gone"
    """The pool closed it or refused it: there is nothing to give back."""


class LegTimer(Enum):
    """What a leg may be waiting for, beside its calls and its caller. At most one of each runs."""

    # Each is the only one of its kind; Enum's own hash is Python, and asked for ten times in a call.
    __hash__ = object.__hash__

    STREAM = "stream"
    """The pool's answer."""
    SPEECH = "speech"
    """The end of what is being said, should its event be lost."""
    DIALOGUE = "dialogue"
    """The dialogue's own timer."""
    STORE = "store"
    """The store's answer."""
    KEYS = "keys"
    """The rest of a star command."""
    RECORDING = "recording"
    """The end of a recording, should its event be lost."""
    RINGING = "ringing"
    """Somebody we call is given so long to answer."""
    FAREWELL = "farewell"
    """Somebody else has the caller's place, and their telephone has been told so: it is given so long to hang up."""
    KEYS_OUT = "keys out"
    """The next key that we press, or the end of a pause between two."""


class Host(Protocol):
    """Who runs a dialogue on a leg."""

    def asked(self, leg: Leg, request: Any, now: float) -> None:
        """Answer a request of the dialogue that only the user knows an answer to, now or later (`Dialogues.answered`)."""

    def concluded(self, leg: Leg, result: Any, now: float) -> None:
        """Go on with what the dialogue came to."""


class User(Protocol):
    """For whom a leg is called."""

    def ringing(self, leg: Leg, now: float) -> None:
        """It rings there; where `leg.early`, the other side can be heard already. May be told more than once."""

    def answered(self, leg: Leg, now: float) -> None:
        """Somebody has answered our call."""

    def failed(self, leg: Leg, outcome: Outcome, now: float) -> None:
        """Our call came to nothing. The leg is gone; `gone` is not told."""

    def key(self, leg: Leg, key: str, now: float) -> None:
        """A key that no dialogue and no conference owns."""

    def gone(self, leg: Leg, now: float) -> None:
        """The leg has ended, after it was answered. Where its last words were said, `leaves_because` tells why."""


class Leg:
    """A row of the switchboard's table. Made for thousands: no dictionary, nothing that is not needed yet."""

    __slots__ = (
        "asked_for_help",
        "awaits",
        "call",
        "call_id",
        "called_for",
        "caller",
        "came_at",
        "cause",
        "clip",
        "clip_kept",
        "conference_name",
        "customer",
        "destination",
        "dialled",
        "early",
        "host",
        "hours_end_at",
        "identity",
        "keys",
        "language",
        "leaves_because",
        "limited",
        "matcher",
        "matches_as",
        "name",
        "negotiation",
        "number",
        "origin",
        "out",
        "outcome",
        "person",
        "playback",
        "post_dial",
        "private",
        "ring_s",
        "room",
        "routed_to",
        "runner",
        "source",
        "state",
        "status",
        "stream",
        "succeeds",
        "trouble",
        "trunk",
        "trusted_number",
        "user",
    )

    def __init__(  # noqa: PLR0915 - a row has as many columns as it has
        self,
        *,
        number: int,
        call: int,
        call_id: str,
        caller: str,
        dialled: str,
        source: str,
        origin: Origin,
        negotiation: Negotiation,
        came_at: float,
    ) -> None:
        self.number = number
        self.call = call
        self.call_id = call_id
        self.caller = caller
        self.dialled = dialled
        self.source = source
        """The peer's address, by which calls are counted."""
        self.origin = origin
        """By what wrong codes are counted (G5)."""
        self.negotiation = negotiation
        self.came_at = came_at
        self.state = LegState.OPENING
        self.out = ""
        """The id of the call in the records, where we call."""
        self.destination: Destination | None = None
        self.ring_s = 0.0
        self.limited = False
        """Where we call: it counts against the limits of money and number (G3)."""
        self.outcome: Outcome | None = None
        """Where we called and nobody took it: why."""
        self.early = False
        """Where we call: the other side can be heard already."""
        self.user: User | None = None
        """Where we call: for whom."""
        self.host: Host | None = None
        """Whose dialogue runs on it."""
        self.awaits: type | None = None
        """The event of the store that the dialogue waits for; any other is late."""
        self.customer = 0
        """Whose passcode it came with, or who pays for the call."""
        self.asked_for_help = 0
        """How often, in a conference."""
        self.conference_name = ""
        """What the passcode's pair is called."""
        self.hours_end_at: float | None = None
        """Level 1: when today's hours are over."""
        self.called_for: Room | None = None
        """Where we call: for which conference."""
        self.clip: Clip | None = None
        """A recording that goes when the leg goes: nobody else has taken it yet."""
        self.clip_kept = False
        """It came from the store."""
        self.identity = ""
        """The account or trunk that the call has proved; "" is nobody in particular."""
        self.trunk = ""
        """By which it came, or goes; "" where by none."""
        self.post_dial = ""
        """Where we call: what is keyed once they have answered, before anybody is told that they have."""
        self.status = 0
        """SIP's, that ended the call; 0 where none did."""
        self.cause = 0
        """The telephone network's, that ended the call (Q.850), where the peer said one; else 0."""
        self.private = False
        """The caller wants to be shown to nobody (RFC 3323)."""
        self.succeeds = 0
        """The leg whose place this call is to take (RFC 3891), until it has."""
        self.trusted_number = ""
        """Where a trusted network says who calls: E.164, or an extension of theirs."""
        self.trouble: Trouble | None = None
        """What the line disturbs its room by, whichever that is."""
        self.stream = StreamState.ASKED
        self.language = ""
        self.runner: Runner | None = None
        """While a dialogue runs on it."""
        self.room: Room | None = None
        """In CONFERENCE, and before for whoever dialled an open room."""
        self.routed_to = NO_ROOM
        """The media room whose people the stream hears and is heard by."""
        self.name: str | None = None
        self.person: int | None = None
        self.matcher: Matcher | None = None
        """From the first key in a conference on."""
        self.matches_as: Role | None = None
        """Whose keys the matcher reads: a role may be handed on."""
        self.playback = 0
        """What is being said whose end somebody waits for; 0: nothing."""
        self.leaves_because: LeaveReason | None = None
        """In LAST_WORDS: what the call's end will be recorded as."""
        self.keys = KeysIn()

    @property
    def via(self) -> str:
        """The trunk or account that it came by, or goes to, for logs and records; "" where by none."""
        if self.trunk:
            return f"trunk:{self.trunk}"
        if self.destination is not None:
            return self.destination.uri if self.destination.uri.startswith("account:") else ""
        return f"account:{self.identity}" if self.identity else ""
