"""What an agent tells the one who uses it. `call` is the agent's own handle, never used twice. Session descriptions show
themselves nowhere: they may carry the keys of secure audio.
"""

from dataclasses import dataclass, field
from enum import Enum

from sip.flow import Flow
from sip.headers import Address
from sip.message import Request, Response
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
    offer: bytes | None = field(repr=False)
    """None: the caller wants our offer in the answer."""
    call_id: str
    request: Request
    identity: str = ""
    """Account or trunk that the gate has proved; "" is nobody in particular."""
    trusted: bool = False
    """Whether its word on who calls (P-Asserted-Identity, Diversion, ...) is believed."""
    real: bool = False
    """The caller is where its address says, as far as anybody knows before the ACK."""
    replaces: int = 0
    """Handle of the call that this one takes the place of (RFC 3891): accept it and the other is to be hung up."""


@dataclass(frozen=True, slots=True)
class CallRinging:
    """A call we placed is on its way; `sdp` is early media."""

    call: int
    status: int
    sdp: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call we placed was answered; the agent has sent the ACK."""

    call: int
    sdp: bytes | None = field(repr=False)
    branch: int = 0
    """Which of several places that were called at once."""
    call_id: str = ""
    """And the Call-ID there; "" where one place was called, whose Call-ID is known."""


@dataclass(frozen=True, slots=True)
class CallConfirmed:
    """The ACK of our answer came; `sdp` is the peer's answer where we made the offer."""

    call: int
    sdp: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The peer wants to change the session. Answer with accept_offer or reject_offer."""

    call: int
    offer: bytes | None = field(repr=False)
    """None: the peer wants our offer."""


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The answer to an offer of ours on a running call."""

    call: int
    sdp: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """An offer of ours on a running call was refused; the session goes on as it was."""

    call: int
    status: int


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """A key sent by INFO (application/dtmf-relay or application/dtmf)."""

    call: int
    digit: str = field(repr=False)
    """Not for logs: it may be a passcode's."""
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DigitSent:
    """What the peer said to a key of ours: 200 where it took it, 408 or 503 where nothing came back."""

    call: int
    status: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The last event of a call, told exactly once."""

    call: int
    cause: EndCause
    status: int
    """SIP status that ended the call; 0 where none did."""
    reason: str
    """Words for the record: the peer's Reason header or reason phrase, or our own."""
    q850: int = 0
    """Q.850 cause of the peer's Reason header (RFC 3326); 0 is not said."""
    retry_after_s: int = 0
    """How long the peer wants to be left alone (Retry-After); 0 is not said."""
    message: Response | None = None
    """The final response that ended a call we placed."""
    statuses: tuple[int, ...] = ()
    """Of a call to several places at once that nobody has answered: how it ended at each, in their order; 0 where none had said."""


@dataclass(frozen=True, slots=True)
class CallRedirected:
    """A call we placed with `redirects` is to be placed elsewhere (3xx). Answer with redirect or hang_up; soon."""

    call: int
    status: int
    targets: tuple[Address, ...]
    """Contacts of the response, the likeliest (its q) first."""


@dataclass(frozen=True, slots=True)
class WayFailed:
    """A way of a call we place did not serve: it was silent, broke, or said 503. The call goes on by the next one. Where there
    is none CallEnded alone is told: then all have failed.
    """

    call: int
    flow: Flow


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """A request that the user of the agent answers itself, with respond; soon, or it is answered 500."""

    request: int
    flow: Flow
    message: Request
    call: int
    """Call in whose dialog it came; 0 is none."""
    identity: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """What became of a request of ours outside calls: its final response, or none."""

    request: int
    status: int
    """Of the response; 408 if none came in time, 503 if the way broke."""
    reason: str
    message: Response | None


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """Somebody wants to be told of something. Answer with accept_subscription, then notify, or with reject_subscription;
    soon, or it is answered 500.
    """

    subscription: int
    flow: Flow
    message: Request
    package: str
    expires_s: int
    """How long; 0: to be told once."""
    call: int
    """Call in whose dialog it came, or whose name as a focus was asked; 0 is none."""
    identity: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class SubscriptionRefreshed:
    """It goes on for `expires_s`, or (0) the subscriber wants no more: notify the whole state, now or for the last time."""

    subscription: int
    expires_s: int


@dataclass(frozen=True, slots=True)
class NotifyAnswered:
    """The subscriber has what was last notified, and nothing waits to be sent."""

    subscription: int


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """Nothing is told to this subscriber any more."""

    subscription: int
    reason: str
    """The word of Subscription-State, or the status or failure that a NOTIFY met."""


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """Somebody wants us to contact somebody. Answer with accept_refer and refer_progress, or with reject_refer; soon, or it
    is answered 500. Where it leads is theirs to say, whether we go there is not.
    """

    refer: int
    call: int
    """Call in whose dialog it came, or whose name as a focus was asked; 0 is none."""
    flow: Flow
    message: Request
    to: Address
    """Without the method and without headers."""
    method: str
    """INVITE adds somebody, BYE removes them (RFC 4579 5)."""
    replaces: str
    """A Replaces, read and good, for an attended transfer; "" without."""
    referred_by: str
    """On whose word, by their own; "" where they do not say."""
    identity: str
    trusted: bool
    own: int = 0
    """Handle of the call of ours that `replaces` names: whom we would call is ourselves; 0 is none of ours."""


@dataclass(frozen=True, slots=True)
class ReferAnswered:
    """What the peer says to our REFER: 2xx, and it reports; or it does not do it."""

    call: int
    status: int
    """408 if no answer came in time, 503 if the way broke."""


@dataclass(frozen=True, slots=True)
class ReferProgress:
    """How our REFER goes. A status from 200 on is the last one, as is 0: the peer reports no more, and has not said."""

    call: int
    status: int


@dataclass(frozen=True, slots=True)
class FlowClosed:
    """A connection is gone, or never came up; what was registered or subscribed over it has lost its way."""

    flow: Flow


Event = (
    IncomingCall
    | CallRinging
    | CallAnswered
    | CallConfirmed
    | OfferReceived
    | AnswerReceived
    | OfferFailed
    | DigitReceived
    | CallRedirected
    | DigitSent
    | WayFailed
    | CallEnded
    | RequestReceived
    | RequestAnswered
    | SubscribeReceived
    | SubscriptionRefreshed
    | NotifyAnswered
    | SubscriptionEnded
    | ReferReceived
    | ReferAnswered
    | ReferProgress
    | FlowClosed
)
