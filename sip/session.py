"""A call as data: where it stands, and what may happen there.

Two machines per call, both tables. The *call* goes from INVITE to BYE (`CALL`); the *negotiation* says whose
offer is open (`NEGOTIATION`): the first INVITE and every later one go through the same few states, whichever side
sends them. The verbs (`answering`, `placing`, `renegotiating`, `ending`) do what has to be done on the way. What has
no entry in a row cannot happen there: a verb of ours is then a LocalError, a message of the peer is dropped or refused.

                    ACCEPT              ACK               2xx
        OFFERED ------------> ACCEPTED ------> CONFIRMED <------ PLACED, PROGRESSING
           |                     | HANG_UP         |                    | HANG_UP,
           | REJECT,             v                 | HANG_UP,           | EXPIRED
           | HANG_UP,         CLOSING              | BYE,               v
           | CANCEL,             | ACK,            | NO_ACK,        ABANDONED
           | EXPIRED             | NO_ACK          | LOST               | any final
           v                     v                 v                    v response
         ENDED <----------------------------------------------------------

REDIRECTED, beside PLACED and PROGRESSING, waits to be told where a 3xx leads; RETRY leads from these three to PLACED: the
same call by another way, or with proof. CLOSING waits for the ACK before it says BYE (RFC 3261 15: a callee must not, before). ABANDONED waits for something
to cancel: a 1xx brings the CANCEL on its way, a 2xx is acknowledged and hung up.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sip.client_transaction import ClientTransaction
from sip.dialog import Dialog
from sip.digest import Credentials
from sip.draft import Fields
from sip.errors import LocalError
from sip.flow import Flow
from sip.message import Response
from sip.proving import Prover
from sip.reply import Echo
from sip.server_transaction import ServerTransaction
from sip.timers import T1_S, Alarm
from sip.uri import Uri


class State(StrEnum):
    """Of the call."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    CLOSING = "closing"
    PLACED = "placed"
    PROGRESSING = "progressing"
    REDIRECTED = "redirected"
    ABANDONED = "abandoned"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Input(StrEnum):
    """What moves a call: our verbs, the peer's messages, time."""

    ACCEPT = "we accept"
    REJECT = "we reject"
    HANG_UP = "we hang up"
    CANCEL = "CANCEL"
    ACK = "ACK of our 2xx"
    BYE = "BYE"
    PROVISIONAL = "1xx to our INVITE"
    SUCCESS = "2xx to our INVITE"
    FAILURE = "3xx-6xx to our INVITE"
    BROKEN = "no answer to our INVITE, or no way"
    REDIRECTED = "3xx that we may follow"
    RETRY = "we ask again"
    EXPIRED = "waited long enough"
    NO_ACK = "no ACK of our 2xx"
    LOST = "the peer does not know the call any more"


CALL: Final[Mapping[State, Mapping[Input, State]]] = {
    State.OFFERED: {
        Input.ACCEPT: State.ACCEPTED,
        Input.REJECT: State.ENDED,
        Input.HANG_UP: State.ENDED,
        Input.CANCEL: State.ENDED,
        Input.BYE: State.ENDED,
        Input.EXPIRED: State.ENDED,
    },
    State.ACCEPTED: {
        Input.ACK: State.CONFIRMED,
        Input.HANG_UP: State.CLOSING,
        Input.BYE: State.ENDED,
        Input.NO_ACK: State.ENDED,
    },
    State.CLOSING: {
        Input.ACK: State.ENDED,
        Input.NO_ACK: State.ENDED,
        Input.BYE: State.ENDED,
    },
    State.PLACED: {
        Input.PROVISIONAL: State.PROGRESSING,
        Input.SUCCESS: State.CONFIRMED,
        Input.FAILURE: State.ENDED,
        Input.BROKEN: State.ENDED,
        Input.REDIRECTED: State.REDIRECTED,
        Input.RETRY: State.PLACED,
        Input.HANG_UP: State.ABANDONED,
        Input.BYE: State.ABANDONED,
    },
    State.PROGRESSING: {
        Input.PROVISIONAL: State.PROGRESSING,
        Input.SUCCESS: State.CONFIRMED,
        Input.FAILURE: State.ENDED,
        Input.REDIRECTED: State.REDIRECTED,
        Input.RETRY: State.PLACED,
        Input.HANG_UP: State.ABANDONED,
        Input.EXPIRED: State.ABANDONED,
        Input.BYE: State.ABANDONED,
    },
    # Nothing is on the way: whoever wanted the call says where to, or it is over.
    State.REDIRECTED: {
        Input.RETRY: State.PLACED,
        Input.HANG_UP: State.ENDED,
        Input.EXPIRED: State.ENDED,
        Input.BYE: State.ENDED,
    },
    State.ABANDONED: {
        Input.PROVISIONAL: State.ABANDONED,
        Input.SUCCESS: State.ENDED,
        Input.FAILURE: State.ENDED,
        Input.BROKEN: State.ENDED,
        Input.EXPIRED: State.ENDED,
        Input.BYE: State.ABANDONED,
    },
    State.CONFIRMED: {
        Input.HANG_UP: State.ENDED,
        Input.BYE: State.ENDED,
        Input.NO_ACK: State.ENDED,
        Input.LOST: State.ENDED,
    },
    State.ENDED: {},
}


class Negotiation(StrEnum):
    """Whose INVITE is open."""

    IDLE = "idle"
    ASKED = "the peer's INVITE waits for our answer"
    ANSWERED = "our 2xx waits for its ACK"
    ASKING = "our INVITE waits for the peer's answer"
    WAITING = "both asked at once; we ask again later"


class Turn(StrEnum):
    """What moves the negotiation."""

    PEER_ASKS = "INVITE of the peer"
    WE_ANSWER = "we accept"
    WE_REFUSE = "we reject"
    ACK = "ACK of our 2xx"
    WE_ASK = "INVITE of ours"
    PEER_ANSWERS = "final response to our INVITE"
    GLARE = "491"


NEGOTIATION: Final[Mapping[Negotiation, Mapping[Turn, Negotiation]]] = {
    Negotiation.IDLE: {Turn.PEER_ASKS: Negotiation.ASKED, Turn.WE_ASK: Negotiation.ASKING},
    Negotiation.ASKED: {Turn.WE_ANSWER: Negotiation.ANSWERED, Turn.WE_REFUSE: Negotiation.IDLE},
    Negotiation.ANSWERED: {Turn.ACK: Negotiation.IDLE},
    Negotiation.ASKING: {Turn.PEER_ANSWERS: Negotiation.IDLE, Turn.GLARE: Negotiation.WAITING},
    # While we wait the peer may ask; our own question keeps and is asked once the call is idle again.
    Negotiation.WAITING: {Turn.PEER_ASKS: Negotiation.ASKED, Turn.WE_ASK: Negotiation.ASKING},
}


class Invitation:
    """An INVITE of the peer that is not settled yet: kept until its ACK, then dropped."""

    __slots__ = ("alarm", "cseq", "data", "echo", "interval_s", "late", "started", "transaction")

    def __init__(
        self, transaction: ServerTransaction, echo: Echo, cseq: int, *, late: bool, alarm: Alarm
    ) -> None:
        self.transaction = transaction
        self.echo = echo
        self.cseq = cseq
        self.late = late
        """It came without offer: ours is in the 2xx, the answer in the ACK."""
        self.data = b""
        """The 2xx, to be repeated."""
        self.started = 0.0
        self.interval_s = T1_S
        self.alarm = alarm
        """Until our 2xx: we have not answered. After: its next repetition."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to place a call by."""

    flow: Flow
    uri: Uri | None = None
    """The Request-URI for this way, where it differs."""


class Placement:
    """A call of ours that is not answered yet: what is asked, and by which ways."""

    __slots__ = (
        "credentials", "fields", "prover", "redirected", "redirects", "refusal", "sdp", "target", "transaction", "tried",
        "way", "ways",
    )  # fmt: skip

    def __init__(
        self,
        target: str,
        sdp: bytes,
        fields: Fields,
        credentials: Credentials | None,
        ways: deque[Way],
        *,
        redirects: bool,
    ) -> None:
        self.target = target
        """Request-URI, where a way has none of its own."""
        self.sdp = sdp
        self.fields = fields
        self.credentials = credentials
        self.ways = ways
        """Those not tried yet."""
        self.way = ways[0]
        """The one that is being tried."""
        self.tried = 0
        self.transaction: ClientTransaction | None = None
        """The INVITE that may have to be cancelled."""
        self.prover: Prover | None = None
        self.redirects = redirects
        """3xx are told, not the end."""
        self.redirected = 0
        self.refusal: Response | None = None
        """The 3xx that is being thought about."""


class Session:
    """One call."""

    __slots__ = (
        "alarm", "attempts", "call", "dialog", "farewell", "invitation", "negotiation", "offer", "ours", "placement",
        "state", "tag", "told",
    )  # fmt: skip

    def __init__(self, call: int, tag: str, dialog: Dialog, *, ours: bool) -> None:
        self.call = call
        self.tag = tag
        self.dialog = dialog
        """Of a call we placed it is complete once it is answered."""
        self.ours = ours
        """We placed the call and so own its Call-ID: who waits longer after a glare (14.1)."""
        self.state = State.PLACED if ours else State.OFFERED
        self.negotiation = Negotiation.ASKING if ours else Negotiation.ASKED
        self.invitation: Invitation | None = None
        self.offer: bytes | None = None
        """An offer of ours that waits for its turn: after a glare, or while another negotiation is open."""
        self.attempts = 0
        """491 heard in a row for the offer."""
        self.alarm: Alarm | None = None
        """Ring limit, CANCEL limit or glare pause: never two at once."""
        self.placement: Placement | None = None
        """Of a call of ours until it is answered."""
        self.farewell: Fields = ()
        """What the BYE will say that has to wait for an ACK."""
        self.told = False
        """CallEnded has been told."""

    def may(self, what: Input) -> bool:
        """Whether the table has a way from here."""
        return what in CALL[self.state]

    def step(self, what: Input) -> bool:
        """Go where the table leads; False where it leads nowhere."""
        after = CALL[self.state].get(what)
        if after is None:
            return False
        self.state = after
        return True

    def require(self, what: Input) -> None:
        """Go where the table leads for a verb of ours."""
        if not self.step(what):
            raise LocalError(f"call {self.call} is {self.state}: {what} is out of place")

    def turn(self, what: Turn) -> bool:
        """Move the negotiation; False where it cannot."""
        after = NEGOTIATION[self.negotiation].get(what)
        if after is None:
            return False
        self.negotiation = after
        return True
