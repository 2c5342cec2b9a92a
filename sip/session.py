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

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sip.dialog import Dialog
from sip.draft import Fields
from sip.message import Request, Response
from sip.pending import Exchange, Invitation, Placement, Reliable, SessionTimer, Several, Update
from sip.timers import Alarm
from sip.walking import Walker, go


class State(StrEnum):
    """Of the call."""

    OFFERED = "offered"
    ACCEPTING = "accepted once the PRACK is there"
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
    ACCEPT_LATER = "we accept, but the session is not acknowledged"
    PRACK = "PRACK of the session we answered with"
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
        Input.ACCEPT_LATER: State.ACCEPTING,
        Input.REJECT: State.ENDED,
        Input.HANG_UP: State.ENDED,
        Input.CANCEL: State.ENDED,
        Input.BYE: State.ENDED,
        Input.EXPIRED: State.ENDED,
    },
    # RFC 3262 3: no 2xx while a provisional response with the session in it waits for its PRACK.
    State.ACCEPTING: {
        Input.PRACK: State.ACCEPTED,
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
EARLY: Final = frozenset({State.OFFERED, State.ACCEPTING, State.PLACED, State.PROGRESSING})
"""States of a call that nobody has answered."""


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


EXCHANGE: Final[Mapping[Exchange, Mapping[Turn, Exchange]]] = {
    Exchange.IDLE: {Turn.PEER_ASKS: Exchange.ASKED, Turn.WE_ASK: Exchange.ASKING},
    Exchange.ASKED: {Turn.WE_ANSWER: Exchange.IDLE, Turn.WE_REFUSE: Exchange.IDLE},
    Exchange.ASKING: {Turn.PEER_ANSWERS: Exchange.IDLE, Turn.GLARE: Exchange.WAITING},
    Exchange.WAITING: {Turn.PEER_ASKS: Exchange.ASKED, Turn.WE_ASK: Exchange.ASKING},
}
"""The same for offers that are in no INVITE: by UPDATE (RFC 3311), or in a PRACK. They are answered at once, so no ACK."""


class Owes(StrEnum):
    """Who has to answer an offer: until then nobody may make another (RFC 3264 4, RFC 6337 2)."""

    NOBODY = "nobody"
    WE = "we"
    PEER = "the peer"


class Session(Walker[State, Input]):
    """One call."""

    table = CALL
    __slots__ = (
        "alarm", "attempts", "call", "dialog", "doubtful", "farewell", "focus", "fork", "invitation", "negotiation", "offer", "ours",
        "peer_sdp", "peer_updates", "placement", "proved", "reliable", "sdp", "tag", "timer", "told", "update",
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
        self.fork: Several | None = None
        """Of one of several places that are called at once, until it is answered: what is told of it is told there."""
        self.farewell: Fields = ()
        """What the BYE will say that has to wait for an ACK."""
        self.told = False
        """CallEnded has been told."""
        self.proved = False
        """The caller has answered a challenge, and so is where its address says."""
        self.doubtful = ""
        """The source of a caller of whom that is not known, until its ACK."""
        self.sdp = b""
        """What we said last about the session; a refresh says it again."""
        self.peer_sdp = b""
        """What the peer said last."""
        self.peer_updates = False
        """The peer takes UPDATE: its Allow says so."""
        self.focus = False
        """Our Contact is the name of a conference's focus (RFC 4579)."""
        self.reliable: Reliable | None = None
        """Provisional responses of ours that want a PRACK."""
        self.update: Update | None = None
        """A change that is asked for by UPDATE or PRACK; None as long as there never was one."""
        self.timer: SessionTimer | None = None

    @property
    def early(self) -> bool:
        """Not answered yet, by whichever side, and still wanted."""
        return self.state in EARLY

    @property
    def handle(self) -> int:
        """What the agent's user knows it by: one of several places has that of the call to all of them."""
        return self.call if self.fork is None else self.fork.call

    def __str__(self) -> str:
        return f"call {self.call}"

    def turn(self, what: Turn) -> bool:
        """Move the negotiation; False where it cannot."""
        return go(self, "negotiation", NEGOTIATION, what)

    def note_abilities(self, message: Request | Response) -> None:
        """Remember whether the peer takes UPDATE, which may change with every message that says what it takes."""
        allow = message.headers.get("Allow")
        if allow is not None:
            self.peer_updates = "UPDATE" in allow

    def exchange(self, what: Turn) -> bool:
        """Move the exchange of offers outside INVITEs; False where it cannot."""
        update = self.update
        if update is None:
            update = self.update = Update()
        return go(update, "state", EXCHANGE, what)

    @property
    def asked(self) -> bool:
        """An offer of the peer by UPDATE or PRACK waits for our answer."""
        return self.update is not None and self.update.state is Exchange.ASKED

    @property
    def asking(self) -> bool:
        """An offer of ours by UPDATE waits for the peer's answer."""
        return self.update is not None and self.update.state is Exchange.ASKING

    def owes(self) -> Owes:
        """Whose answer is open."""
        update = self.update
        if update is not None and update.state in (Exchange.ASKED, Exchange.ASKING):
            return Owes.WE if update.state is Exchange.ASKED else Owes.PEER
        invitation, reliable = self.invitation, self.reliable
        agreed = reliable is not None and reliable.agreed
        if self.negotiation is Negotiation.ASKED:
            if self.early and agreed:
                return Owes.NOBODY
            offered = reliable is not None and reliable.said and invitation is not None and invitation.late
            return Owes.PEER if self.early and offered else Owes.WE
        if self.negotiation is Negotiation.ANSWERED:
            late = invitation is not None and invitation.late and not agreed
            return Owes.PEER if late else Owes.NOBODY
        if self.negotiation is Negotiation.ASKING:
            placement = self.placement
            return Owes.NOBODY if placement is not None and placement.agreed is not None else Owes.PEER
        return Owes.NOBODY
