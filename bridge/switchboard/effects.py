"""What the switchboard wants done. `bridge.server` does it, in the order given, and nothing else touches the world.

Numbers: `call` is the agent's handle of a SIP call; `leg` is the switchboard's number of a person on the line and, once
audio is asked for, also the number of that person's media `stream`; `room` is the media plane's number of a conference.
Conference and participant ids are text, unique across machines; records and logs carry them.

Every effect may fail. How a failure comes back is said at each; an effect whose failure does not come back needs none,
because another event tells the same story (a call that cannot be accepted ends with `CallEnded`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.conference.events import LeaveReason
    from bridge.control.protocol import AnyReply
    from bridge.service.origin import Origin
    from bridge.service.role import Role
    from media.control import AnyCommand, Endpoint, Format, Segment
    from prompts.values import Clip
    from sip.forking import Branch
    from sip.pending import Way

# --- calls: executed by the method of `sip.agent.Agent` that bears the same name -------------------------------------


@dataclass(frozen=True, slots=True)
class AcceptCall:
    """200 with our answer, or with our offer where the INVITE brought none: `agent.accept`."""

    call: int
    sdp: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RejectCall:
    """A final answer that is no 2xx: `agent.reject`."""

    call: int
    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HangUpCall:
    """BYE, with `reason` as RFC 3326 Reason: `agent.hang_up`. `CallEnded` follows."""

    call: int
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """200 to a re-INVITE, with our answer or (late offer) our offer: `agent.accept_offer`."""

    call: int
    sdp: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RejectOffer:
    """A refused re-INVITE; the session that runs goes on unchanged: `agent.reject_offer`."""

    call: int
    status: int


@dataclass(frozen=True, slots=True)
class SendDigit:
    """Press a key by INFO: `agent.send_digit`. Answered by `sip.events.DigitSent`, or the call ends."""

    call: int
    digit: str = field(repr=False)
    duration_ms: int


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """INVITE with our offer: `agent.invite`. Answered by `CallPlaced` or `CallNotPlaced`, once.

    The edge finds the servers: those of the trunk for a number, else those of the SIP address.
    """

    leg: int
    uri: str
    """`sip:` for an address, `tel:` for a number, which goes by `trunk`."""
    caller_id: str
    sdp: bytes = field(repr=False)
    trunk: str = ""
    """Its name."""
    national: str = ""
    """The number as it is dialled in the country."""
    carrier: str = ""
    price_per_minute: Decimal = Decimal(0)
    """What was agreed to: where the trunk sends the call elsewhere, it may not be dearer there."""
    others: bool = False
    """Whether another trunk or telephone would be tried after this one, so that a silent one need not be waited for."""
    phone: Way | None = None
    """The registered telephone that is called, where `uri` is an account's."""
    beside: tuple[Branch, ...] = ()
    """Those that are called at once with it."""
    replaces: str = field(default="", repr=False)
    """The dialog of the called one whose place this call is to take (RFC 3891); "" for none. Who knows its name may take it."""
    referred_by: str = ""
    """The URI of whoever has asked for this call by REFER, by their own word (RFC 3892); "" for nobody, or nobody who is shown."""


# --- subscriptions and REFER: executed by the method of `sip.agent.Agent` that is named ------------------------------


@dataclass(frozen=True, slots=True)
class AcceptSubscription:
    """Somebody may watch: `agent.accept_subscription`. A `Notify` with all there is to see follows, or (`pending`) they are
    told that it is not decided, until this comes once more.
    """

    subscription: int
    pending: bool = False


@dataclass(frozen=True, slots=True)
class RejectSubscription:
    """Or may not: `agent.reject_subscription`."""

    subscription: int
    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Notify:
    """What there is to see now: `agent.notify`. `NotifyAnswered` follows, or `SubscriptionEnded`."""

    subscription: int
    body: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class EndSubscription:
    """There is no more to see: `agent.end_subscription`."""

    subscription: int
    reason: str


@dataclass(frozen=True, slots=True)
class AcceptRefer:
    """We try what somebody asked for by REFER: `agent.accept_refer`."""

    refer: int


@dataclass(frozen=True, slots=True)
class RejectRefer:
    """Or do not: `agent.reject_refer`."""

    refer: int
    status: int


@dataclass(frozen=True, slots=True)
class ReportRefer:
    """How it goes; from 200 on it is the last word: `agent.refer_progress`."""

    refer: int
    status: int


@dataclass(frozen=True, slots=True)
class Refer:
    """Ask a caller's telephone to call `to`: `agent.refer`. Answered by `ReferAnswered` and `ReferProgress`."""

    call: int
    to: str = field(repr=False)
    """A URI."""


# --- media: executed by the pool -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenStream:
    """Bind ports for `stream` on a worker: answered by `StreamOpened` or `StreamRefused`, once.

    `local` is the address that was called. `room` is where the stream belongs at once (the pool picks the room's worker), or `media.control.NO_ROOM`. The pool
    adds sockets, SSRC, first sequence and timestamp, and CNAME. `CloseStream` never comes before the answer.
    """

    stream: int
    format: Format
    local: str
    remote: Endpoint | None
    room: int
    rtp_timeout_s: float
    source: str = ""
    """Where the peer signals from, where that is known: by it our address is chosen that it can reach."""


@dataclass(frozen=True, slots=True)
class CloseStream:
    """Give the stream's row and ports back. Once per `OpenStream` that was not refused and not closed by the pool."""

    stream: int


@dataclass(frozen=True, slots=True)
class MediaCommand:
    """A command for the worker that owns its stream or its room; the pool moves a row whose `Route` names a room of
    another worker. One that cannot be delivered is lost: timers guard what waits for it.
    """

    command: AnyCommand


@dataclass(frozen=True, slots=True)
class WriteAudio:
    """Put audio that was kept into the arena, in all its forms. Done before any later effect."""

    into: Segment
    audio: Any = field(repr=False)
    """ndarray of shape (S,), int16 at 8 kHz."""


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """The media room is empty and its number will not be used again: the pool may forget which worker had it."""

    room: int


@dataclass(frozen=True, slots=True)
class BeginRecording:
    """Record a room (C6): the pool is told which by `media.control.RecordRoom`. `media.recording.messages.Ended` comes, once."""

    recording: int
    conference: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """What is said from now on is left out, or no longer."""

    recording: int
    on: bool


@dataclass(frozen=True, slots=True)
class EndRecording:
    """It ends here; `Ended` follows."""

    recording: int


# --- the store: answered by an event with the same `leg` -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookUpPasscode:
    """Whose passcode is this, and may it be used now? Answered by `PasscodeFound` or `LookUpFailed`.

    `origin` is for the guessing limits (G5). The digits are never shown by `repr`.
    """

    leg: int
    passcode: str = field(repr=False)
    origin: Origin
    number: str = ""
    """Who calls, E.164, where a trusted network says so: somebody known need not key a counter-password."""


@dataclass(frozen=True, slots=True)
class CheckCounterPassword:
    """Answered by `CounterPasswordChecked` or `LookUpFailed`. `token` is the one that `PasscodeFound` brought."""

    leg: int
    token: Any = field(repr=False)
    password: str = field(repr=False)
    origin: Origin


@dataclass(frozen=True, slots=True)
class RecogniseCaller:
    """Who calls from this number? Answered by `CallerRecognised`."""

    leg: int
    number: str


@dataclass(frozen=True, slots=True)
class FetchBlastList:
    """Whom and what does a blast of this pair call and play? Answered by `BlastListFound`."""

    request: int
    pair: int
    name: str


@dataclass(frozen=True, slots=True)
class FetchName:
    """The kept name of somebody known (C2). Answered by `NameFound`."""

    leg: int
    person: int


@dataclass(frozen=True, slots=True)
class KeepName:
    """The recording at `clip` is how this person is announced from now on. A failure is the store's to log."""

    person: int
    clip: Clip


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """The recording at `clip` is what a blast of this pair plays first (O5). Answered by `MessageKept`."""

    leg: int
    pair: int
    clip: Clip


# --- the console: executed by `bridge.control.door` ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """What is said back to whoever asked with this `ticket`. Once per `Asked`."""

    ticket: int
    reply: AnyReply


# --- records: written in order; a failure is the store's to log and to retry, the call goes on -----------------------


@dataclass(frozen=True, slots=True)
class RecordConferenceStarted:
    """The first one is in. `pair` is the passcode pair's id; None for an open room, which has a `name` instead."""

    conference: str
    pair: int | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordJoined:
    """One per participant (R2, R3): followed by exactly one `RecordLeft` of the same participant."""

    participant: str
    conference: str
    role: Role
    name: str
    """Empty where nobody knows it."""
    person: int | None
    """The directory's, where an individual counter-password says who it is (A5)."""
    caller: str
    """The user part of the caller's From, as the peer says it."""
    access_number: str
    """What the caller dialled."""
    call_id: str
    came_by: str = "dial-in"
    """How they came in (R2): "dial-in", or how they were called."""
    via: str = ""
    """By which trunk or account (`Leg.via`)."""


@dataclass(frozen=True, slots=True)
class RecordIdentified:
    """Who `participant` is, learned while they were in (O2, R2): what is empty stays as it was."""

    participant: str
    name: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class RecordLeft:
    """And is no longer."""

    participant: str
    conference: str
    reason: LeaveReason
    cause: int = 0
    """The telephone network's (Q.850), where the peer said one."""


@dataclass(frozen=True, slots=True)
class RecordConferenceEnded:
    """Everybody is gone: after the last `RecordLeft`."""

    conference: str
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class Taped:
    """A file of a recording."""

    name: str
    participant: str
    """Whose voice it is, as the records know them; empty: everybody's."""
    begins_s: float
    """In the recording."""
    length_s: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RecordRecording:
    """A recording is over, and these are its files."""

    recording: str
    """Unique across machines."""
    conference: str
    reason: str
    missing_s: float
    """So long frames were lost."""
    files: tuple[Taped, ...]


CallKind = Literal["dial_out", "blast", "operator", "api"]
"""Who called out: a moderator by `*1`, a list by `*92`, an operator, a program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCallPlaced:
    """A call out (G3, R1): followed by exactly one `RecordCallEnded`, with `RecordCallAnswered` between or not."""

    call: str
    """Unique across machines, as the ids of conferences."""
    conference: str
    """Empty where there is none yet."""
    pair: int | None
    customer: int
    kind: CallKind
    number: str
    price_per_minute: str
    """In decimal digits, as the dial plan has it: money is no float. Empty: it has none."""


@dataclass(frozen=True, slots=True)
class RecordCallAnswered:
    """From here on it costs."""

    call: str


@dataclass(frozen=True, slots=True)
class RecordCallEnded:
    """It is over, or nobody answered."""

    call: str
    outcome: str
    via: str = ""
    """By which trunk it went at last, or to which account (`Leg.via`)."""
    status: int = 0
    """SIP's, that ended it, where one did."""
    cause: int = 0
    """The telephone network's (Q.850), where the peer said one."""


@dataclass(frozen=True, slots=True)
class RecordAct:
    """For the audit trail (R4): `actor` did `action` to `subject`; never a code in `details`."""

    actor: str
    action: str
    subject: str
    details: Mapping[str, str] = field(default_factory=dict)


# --- the log ---------------------------------------------------------------------------------------------------------


class Level(Enum):
    """How much an operator cares. The values are structlog's method names."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Log:
    """A line for an operator. `fields` carry `call_id`, `leg`, `conference` where there are such; never digits."""

    level: Level
    event: str
    fields: Mapping[str, object]


Effect = (
    AcceptCall
    | RejectCall
    | HangUpCall
    | AcceptOffer
    | RejectOffer
    | SendDigit
    | PlaceCall
    | AcceptSubscription
    | RejectSubscription
    | Notify
    | EndSubscription
    | AcceptRefer
    | RejectRefer
    | ReportRefer
    | Refer
    | OpenStream
    | CloseStream
    | MediaCommand
    | WriteAudio
    | CloseRoom
    | BeginRecording
    | PauseRecording
    | EndRecording
    | LookUpPasscode
    | CheckCounterPassword
    | RecogniseCaller
    | FetchBlastList
    | FetchName
    | KeepName
    | KeepMessage
    | Answered
    | RecordConferenceStarted
    | RecordJoined
    | RecordLeft
    | RecordConferenceEnded
    | RecordIdentified
    | RecordCallPlaced
    | RecordCallAnswered
    | RecordCallEnded
    | RecordRecording
    | RecordAct
    | Log
)
