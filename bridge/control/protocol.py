"""What a console asks of a running bridge, and what it is told: one frozen type each.

A request goes to the switchboard as it is and is answered by exactly one reply: the one that stands in its docstring, or
a `Problem`. On the wire each is a line of JSON with its type's name under "type":

    {"type":"give","conference":"0192f3","command":{"command":"lock","on":true},"by":"ana"}
    {"type":"given","done":true,"text":"locked"}

Whoever can ask is trusted with everything an operator may do (service.md, People); that is why the audit trail wants a
name (R4). Conferences are told by their id, people by the number of their leg, who waits for an operator by the number
of the request. Names and numbers in replies are whole where the conference's settings do not mask them. A duration
(`..._s`) counts back from now: a console's clock need not be right.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bridge.blast.states import State
from bridge.conference.commands import AnyCommand, tag_of
from bridge.conference.model import Phase
from bridge.service.outcome import Outcome
from bridge.service.role import Role
from bridge.service.settings import MuteMode

LONGEST_NAME: Final = 100
"""Characters of anybody's name, company, number or address: more is no such thing. A longer one is a `Problem`."""

LONGEST_CALL_ID: Final = 256
"""As long as the agent takes one (`sip.headers.MAX_IDENTIFIER`)."""

LONGEST_TRACE_S: Final = 3600.0
"""A trace that was forgotten ends by itself (`sip.trace.WATCH_S_MAX`)."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
By = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
Words = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]


class Request(msgspec.Struct, frozen=True, tag_field="type", tag=tag_of, forbid_unknown_fields=True):
    """Base of all. A field that is not known is an error: it was meant to matter."""


# Asked -----------------------------------------------------------------------------------------------------------


class ListConferences(Request, frozen=True):
    """All that somebody is in: `Conferences`."""


class ShowConference(Request, frozen=True):
    """Who is in one: `Roster`. A locked one's too (issue: "shows a locked room's roster to operators without audio")."""

    conference: Id


class ListCalls(Request, frozen=True):
    """Every call there is, in a conference or not: `Calls`."""


class Give(Request, frozen=True):
    """Give a command to a conference: `Given`."""

    conference: Id
    command: AnyCommand
    by: By
    moderator: bool = False
    """Given as the moderator that `by` is, on a customer's page; else as an operator."""


class HelpQueue(Request, frozen=True):
    """Who waits for an operator, and the operators (O2, O3): `Queue`."""


class TakeRequest(Request, frozen=True):
    """Ring the operator's telephone and join it with who waits: `Given`."""

    operator: Id
    request: int = 0
    """0: who has waited longest."""


class SetAway(Request, frozen=True):
    """Whether the operator's telephone is rung at all: `Given`."""

    operator: Id
    away: bool


class AdmitCaller(Request, frozen=True):
    """Let a caller out of the entry hall into their conference (O2): `Given`. Fields that are empty stay unknown."""

    request: int
    by: By
    name: Words = ""
    company: Words = ""
    phone: Words = ""
    email: Words = ""


class RefuseCaller(Request, frozen=True):
    """Tell a caller in the entry hall that they are not admitted, and hang up (O2, G4): `Given`."""

    request: int
    by: By


class SendKeys(Request, frozen=True):
    """Press keys on somebody's line, who is up: `Given`. A comma waits for a second."""

    leg: int
    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#A-D,]{1,32}$")]
    by: By

    def __repr__(self) -> str:
        """Show how many: what is keyed may be a code."""
        return f"SendKeys(leg={self.leg}, keys=<{len(self.keys)}>, by={self.by!r})"


class BlastBoard(Request, frozen=True):
    """How far the calls of a conference's blast are: `Board`, without rows where it has none."""

    conference: Id


class ListPhones(Request, frozen=True):
    """Where telephones have registered: `Phones`."""

    account: Words = ""
    """Of this account alone; empty: of all."""


class ListTrunks(Request, frozen=True):
    """The carriers and PBXs that calls go to and come from: `Trunks`."""


class ListBans(Request, frozen=True):
    """Which sources of signalling are not listened to for a time: `Bans`."""


class LiftBan(Request, frozen=True):
    """Listen to a source again: `Given`."""

    source: Id
    """As `Bans` has it, or any address of it."""


class ShowFigures(Request, frozen=True):
    """All that has been counted since the start: `Figures`."""


class StartTrace(Request, frozen=True):
    """Keep signalling from now on: `Tracing`. Fields that are empty do not matter; without any, it is everybody's."""

    seconds: Annotated[float, msgspec.Meta(gt=0.0, le=LONGEST_TRACE_S)]
    call_id: Annotated[str, msgspec.Meta(max_length=LONGEST_CALL_ID)] = ""
    leg: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Somebody who is on the line; their call."""
    number: Words = ""
    """Whoever calls from it or is called by it."""
    address: Words = ""
    """Whoever is there."""


class ReadTrace(Request, frozen=True):
    """What has been kept: `TraceRows`."""

    trace: int
    after: int = 0
    """Only what came after the message of this number."""


class StopTrace(Request, frozen=True):
    """Keep nothing more, and forget what was kept: `Given`."""

    trace: int


SignallingRequest = ListBans | LiftBan | ShowFigures | StartTrace | ReadTrace | StopTrace
"""What is about signalling as such, not about calls: answered beside the agent (`bridge.lookout`)."""

AnyRequest = (
    ListConferences
    | ShowConference
    | ListCalls
    | Give
    | HelpQueue
    | TakeRequest
    | SetAway
    | AdmitCaller
    | RefuseCaller
    | SendKeys
    | BlastBoard
    | ListPhones
    | ListTrunks
    | SignallingRequest
)


# Answered --------------------------------------------------------------------------------------------------------


class Reply(msgspec.Struct, frozen=True, tag_field="type", tag=tag_of):
    """Base of all."""


class ConferenceRow(msgspec.Struct, frozen=True):
    """A conference at a glance."""

    id: str
    """As in its records."""
    pair: int
    """The passcode pair's; 0 for an open room."""
    name: str
    """The room's or the pair's."""
    phase: Phase
    people: int
    """Moderators too; who monitors is not counted."""
    moderators: int
    mode: MuteMode
    locked: bool
    began_s: float | None
    """How long people have heard each other; None: not yet."""


class Conferences(Reply, frozen=True):
    """The longest running first."""

    rows: tuple[ConferenceRow, ...]


class PersonRow(msgspec.Struct, frozen=True):
    """Somebody in a conference."""

    leg: int
    role: Role
    name: str
    """Empty: unknown."""
    caller: str
    """The number; in part where the settings say so."""
    came_by: str
    """"dial-in", "dial-out", "blast", "operator"."""
    muted: bool
    """By own choice, on entry, or by somebody in charge."""
    silenced: bool
    """By the mode of the conference: would be heard otherwise."""
    hand: int
    """The place in the queue of raised hands, from 1; 0: not raised."""
    asking: bool
    """Has the floor."""
    place: int
    """0 the room, -1 alone with the bridge, from 1 on a sub-conference, above those a private talk (`conference.model`)."""
    gain_db: float
    joined_s: float
    """How long they have been in."""
    keys: dict[str, int] = {}
    """How many keys came which way (`switchboard.keys_in`); never which."""
    trouble: str = ""
    """What the line disturbs the others by: "noise", "music", "howl", "echo"; empty: nothing."""
    lowered: bool = False
    """It is heard softer as long as that lasts."""
    suppressed: bool = False
    """Noise is taken out of what they say."""


class Roster(Reply, frozen=True):
    """One conference and its people, in the order they came."""

    conference: ConferenceRow
    rows: tuple[PersonRow, ...]


class CallRow(msgspec.Struct, frozen=True):
    """One call."""

    leg: int
    caller: str
    """The number at the far end, whichever side called."""
    dialled: str
    """The access number or room that was called; empty where we call."""
    state: str
    """`switchboard.legs.LegState`, as its value."""
    conference: str
    """Its id; empty: in none."""
    since_s: float
    keys: dict[str, int] = {}
    """Likewise."""
    via: str = ""
    """The trunk or account that it came by or goes to: "trunk:NAME", "account:NAME"; empty: by none."""
    secured: str = ""
    """What secures the audio, by the name that SDP has for it; empty: it is plain."""
    codec: str = ""
    """By the name that SDP has for it; empty: none is agreed on yet."""
    mos: float = 0.0
    """How good it sounds here, by the E-model (`media.quality`), and at the far end, as that says (RTCP XR); 0: not known."""
    mos_by_peer: float = 0.0
    loss_percent: float = 0.0
    """Packets lost in the last seconds, on the way to us and from us."""
    loss_by_peer_percent: float = 0.0
    jitter_ms: float = 0.0
    delay_ms: float = 0.0
    """Of the jitter buffer."""
    round_trip_ms: float = 0.0


class Calls(Reply, frozen=True):
    """The oldest first."""

    rows: tuple[CallRow, ...]


class Given(Reply, frozen=True):
    """What became of a command, as `commands.Outcome`."""

    done: bool
    text: str = ""
    """The prompt that a caller would hear, by its name in the catalogue: `locked`, `dial_limit`; or plain words."""


class QueueRow(msgspec.Struct, frozen=True):
    """Somebody who waits for an operator (O3)."""

    request: int
    kind: str
    """`helpdesk.model.Kind`, as its value: keyed `*0`, or is in the entry hall and wants to be admitted (O2)."""
    leg: int
    name: str
    caller: str
    conference: str
    """The id of the one they are in or want to enter; empty: not known yet."""
    waited_s: float
    operator: str = ""
    """Whose telephone rings for them or who talks with them; empty: nobody's yet."""


class OperatorRow(msgspec.Struct, frozen=True):
    """An operator of the configuration."""

    name: str
    state: str
    """`helpdesk.states.OperatorState`, as its value."""
    request: int = 0
    """Of whom they take care."""
    conference: str = ""
    """The id of the one they visit or listen to."""


class Queue(Reply, frozen=True):
    """Who has waited longest comes first; the operators as they are configured."""

    rows: tuple[QueueRow, ...]
    operators: tuple[OperatorRow, ...] = ()


class BoardRow(msgspec.Struct, frozen=True):
    """One of those whom a blast calls: `blast.model.Row` as it is now."""

    name: str
    number: str
    state: State
    attempts: int
    since_s: float
    outcome: Outcome | None = None
    """Why the last attempt came to nothing, where one did."""


class Board(Reply, frozen=True):
    """A blast in the order of its list."""

    rows: tuple[BoardRow, ...]


class PhoneRow(msgspec.Struct, frozen=True):
    """One telephone that has registered."""

    account: str
    contact: str
    """What it wants to be called by, as a SIP address."""
    transport: str
    source: str
    """Host and port that its registration came from, and that calls to it go to."""
    product: str
    """What it calls itself."""
    since_s: float
    """How long ago it registered last."""
    left_s: float
    """How long it may still be called if it does not register again."""


class Phones(Reply, frozen=True):
    """By account; of very many the first."""

    rows: tuple[PhoneRow, ...]
    total: int = 0


class TrunkRow(msgspec.Struct, frozen=True):
    """A trunk."""

    name: str
    address: str
    """As configured."""
    transport: str
    up: bool
    """It answers our OPTIONS, and holds our registration, as far as those are configured."""
    answers: bool
    registered: bool | None
    """None: we do not register there."""
    calls_out: int
    calls_in: int
    most_out: int
    """At once; 0: no limit of its own."""
    most_in: int
    since_s: float | None
    """How long it has been up or down; None: nothing is known yet."""
    last_error: str = ""
    """The last thing that went wrong there, however long ago."""
    without_ack: int = 0
    """Of the calls in: how many nobody has acknowledged. More than a few, and somebody calls in the trunk's name."""


class Trunks(Reply, frozen=True):
    """In the order of the configuration."""

    rows: tuple[TrunkRow, ...]


class BanRow(msgspec.Struct, frozen=True):
    """A source that is not listened to."""

    source: str
    """An IPv4 address, or the /64 of IPv6 that one customer has."""
    why: str
    since_s: float
    left_s: float
    times: int
    """Which ban it is of this source."""
    datagrams_only: bool
    """It may come by TCP or TLS: on UDP a stranger may have used its address."""


class Bans(Reply, frozen=True):
    """The longest first; of very many the first."""

    rows: tuple[BanRow, ...]
    total: int = 0


class Figures(Reply, frozen=True):
    """Counts by part and name (`bridge.figures`)."""

    parts: dict[str, dict[str, int]]


class Tracing(Reply, frozen=True):
    """Signalling is being kept."""

    trace: int
    call_id: str = ""
    """Of the leg that was asked for."""


class TraceRow(msgspec.Struct, frozen=True):
    """One message, without its secrets."""

    number: int
    ago_s: float
    outward: bool
    """Seen from the bridge."""
    transport: str
    local: tuple[str, int]
    remote: tuple[str, int]
    call_id: str
    data: bytes


class TraceRows(Reply, frozen=True):
    """In the order of the wire."""

    rows: tuple[TraceRow, ...]
    more: bool = False
    """There are further ones already: ask again, after the last of these."""


class Problem(Reply, frozen=True):
    """It cannot be answered: no such conference, not understood, too late. `text` is for the person who asked."""

    text: str


AnyReply = (
    Conferences
    | Roster
    | Calls
    | Given
    | Queue
    | Board
    | Phones
    | Trunks
    | Bans
    | Figures
    | Tracing
    | TraceRows
    | Problem
)


# On the wire -----------------------------------------------------------------------------------------------------

_requests: Final[msgspec.json.Decoder[AnyRequest]] = msgspec.json.Decoder(AnyRequest)
_replies: Final[msgspec.json.Decoder[AnyReply]] = msgspec.json.Decoder(AnyReply)


class WireError(ValueError):
    """A line that is no request or no reply; the text says what is wrong with it."""


def encoded(message: Request | Reply) -> bytes:
    """The line that says `message`, its end included."""
    return msgspec.json.encode(message) + b"\n"


def read_request(line: bytes) -> AnyRequest:
    """What a line from a console asks; raises `WireError` where it asks nothing."""
    try:
        return _requests.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error


def read_reply(line: bytes) -> AnyReply:
    """What a line from the bridge tells; raises `WireError` where it tells nothing."""
    try:
        return _replies.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(str(error)) from error
