"""What an agent tells the one who uses it. `call` is the agent's own handle, never used twice."""

from dataclasses import dataclass
from enum import Enum

from sip.flow import Flow
from sip.headers import Address
from sip.message import Request
from sip.uri import Uri


class EndCause(Enum):
    """Why a call is over."""

    BYE = "bye"
    """The peer hung up."""
    CANCELLED = "cancelled"
    """The caller gave up before we answered."""
    REJECTED = "rejected"
    """The peer refused the call we placed."""
    LOCAL = "local"
    """We hung up or rejected."""
    NO_ACK = "no ack"
    """Our answer was never acknowledged."""
    TIMEOUT = "timeout"
    """The peer stopped answering, or never began."""
    TRANSPORT = "transport"
    """The way to the peer broke while we placed the call."""
    PROTOCOL = "protocol"
    """The peer no longer knows the call, or broke the rules beyond repair."""


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody calls; 100 has gone out. Answer with ring, progress, accept or reject."""

    call: int
    flow: Flow
    request_uri: Uri
    from_: Address
    to: Address
    offer: bytes | None
    """None: the caller wants our offer in the answer."""
    call_id: str
    request: Request


@dataclass(frozen=True, slots=True)
class CallRinging:
    """A call we placed is on its way; `sdp` is early media."""

    call: int
    status: int
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call we placed was answered; the agent has sent the ACK."""

    call: int
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class CallConfirmed:
    """The ACK of our answer came; `sdp` is the peer's answer where we made the offer."""

    call: int
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The peer wants to change the session. Answer with accept_offer or reject_offer."""

    call: int
    offer: bytes | None
    """None: the peer wants our offer."""


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The answer to an offer of ours on a running call."""

    call: int
    sdp: bytes


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """An offer of ours on a running call was refused; the session goes on as it was."""

    call: int
    status: int


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """A key sent by INFO (application/dtmf-relay or application/dtmf)."""

    call: int
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last event of a call, told exactly once."""

    call: int
    cause: EndCause
    status: int
    """SIP status that ended the call; 0 where none did."""
    reason: str
    """Words for the record: the peer's Reason header or reason phrase, or our own."""


Event = (
    IncomingCall
    | CallRinging
    | CallAnswered
    | CallConfirmed
    | OfferReceived
    | AnswerReceived
    | OfferFailed
    | DigitReceived
    | CallEnded
)
