"""What of a call is open: the peer's INVITE, or ours; what was said early; a change that is asked for.

Data alone, each kept as long as it is needed: the verbs (`answering`, `placing`, `reliable`, `updating`, `session_timer`)
do something with it.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sip.client_transaction import ClientTransaction
from sip.dialog import Dialog
from sip.digest import Credentials
from sip.draft import Fields
from sip.events import CallAnswered, CallEnded, CallRinging
from sip.flow import Flow
from sip.message import Response
from sip.proving import Prover
from sip.reply import Echo
from sip.server_transaction import ServerTransaction
from sip.timers import T1_S, Alarm, Ticket
from sip.uri import Uri


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says about session timers (RFC 4028)."""

    supported: bool
    expires_s: int
    """Session-Expires; 0 is not said."""
    refresher: str
    """"uac", "uas", or "" where that is left to the other side."""
    min_se_s: int


class SessionTimer:
    """How long a session lasts unless somebody refreshes it."""

    __slots__ = ("alarm", "asking", "interval_s", "ours", "until")

    def __init__(self, interval_s: int, *, ours: bool, until: float) -> None:
        self.interval_s = interval_s
        self.ours = ours
        """We refresh."""
        self.until = until
        """When it is over if nothing comes."""
        self.asking = False
        """A refresh is on its way."""
        self.alarm: Ticket | None = None


class Invitation:
    """An INVITE of the peer that is not settled yet: kept until its ACK, then dropped."""

    __slots__ = (
        "alarm", "cseq", "data", "echo", "fields", "gone", "interval_s", "late", "reliable", "started", "transaction",
        "wish",
    )  # fmt: skip

    def __init__(
        self,
        transaction: ServerTransaction,
        echo: Echo,
        cseq: int,
        *,
        late: bool,
        wish: Wish | None,
        alarm: Alarm,
    ) -> None:
        self.transaction = transaction
        self.echo = echo
        self.cseq = cseq
        self.late = late
        """It came without offer: ours is in the 2xx, the answer in the ACK."""
        self.reliable = False
        """What we say provisionally wants a PRACK."""
        self.wish = wish
        self.fields: Fields = ()
        """What the user wants to say in the 2xx."""
        self.data = b""
        """The 2xx, to be repeated."""
        self.gone = False
        """Once it could not be sent, for want of a connection."""
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
    routes: tuple[str, ...] = ()
    """Route values of this way alone, the next hop first: a registered telephone's path (RFC 3327)."""


class Several(Protocol):
    """A call to several places at once (`forking`): what each of them tells goes there first, and what its user wants."""

    call: int
    """The handle that its user knows."""

    @property
    def call_id(self) -> str:
        """Call-ID of one of them."""

    def hang_up(self, reason: str, cause: int, now: float) -> None:
        """Nobody is called any more."""

    def rings(self, event: CallRinging) -> None:
        """1xx."""

    def answered(self, event: CallAnswered, now: float) -> None:
        """2xx."""

    def ended(self, event: CallEnded) -> None:
        """There will be no answer."""

    def refused(self, status: int, now: float) -> None:
        """And that was because of this status."""


class Placement:
    """A call of ours that is not answered yet: what is asked, and by which ways."""

    __slots__ = (
        "agreed", "credentials", "early", "fields", "hurry", "min_se_s", "prover", "redirected", "redirects", "refusal", "sdp", "target", "transaction", "tried",
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
        hurry: bool = False,
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
        self.early: dict[str, Early] = {}
        """Dialogs that the INVITE which is on its way has opened, by the peer's tag."""
        self.agreed: Early | None = None
        """The newest in which the session is agreed; there it may be changed."""
        self.min_se_s = 0
        """Shortest session interval that somebody on the way will have (RFC 4028 7.3)."""
        self.hurry = hurry
        """The last way, too, is left when it is silent."""
        self.redirects = redirects
        """3xx are told, not the end."""
        self.redirected = 0
        self.refusal: Response | None = None
        """The 3xx that is being thought about."""


class Early:
    """A dialog of a call of ours that is not answered yet."""

    __slots__ = ("dialog", "rseq", "sdp")

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.rseq = 0
        """Of the last reliable provisional response; 0 before the first."""
        self.sdp: bytes | None = None
        """The peer's answer, once it came reliably."""


class Reliable:
    """Provisional responses of ours that want a PRACK, one at a time."""

    __slots__ = (
        "accepting", "acknowledged", "agreed", "alarm", "answer", "carries", "data", "interval_s", "rseq", "said",
        "started", "waiting",
    )  # fmt: skip

    def __init__(self, rseq: int) -> None:
        self.rseq = rseq
        """Of the newest."""
        self.data = b""
        """The one that is open; empty where none is."""
        self.acknowledged = True
        self.carries = False
        """The session is in the one that is open."""
        self.said = False
        """Our session description is out."""
        self.agreed = False
        """The session is agreed: both descriptions are out."""
        self.answer: bytes | None = None
        """What the peer answered to our offer."""
        self.waiting: dict[int, bytes] = {}
        """What is to be said next: session descriptions by status."""
        self.accepting: bytes | None = None
        """What is to be said in the 2xx, once it may go out."""
        self.started = 0.0
        self.interval_s = T1_S
        self.alarm: Alarm | None = None

    @property
    def awaited(self) -> bool:
        """The session is in what waits for its PRACK."""
        return bool(self.data) and self.carries


class Exchange(StrEnum):
    """Whose offer outside INVITEs is open."""

    IDLE = "idle"
    ASKED = "the peer's waits for our answer"
    ASKING = "ours waits for the peer's answer"
    WAITING = "both asked at once; we ask again later"


class Update:
    """A change of the session by UPDATE or PRACK."""

    __slots__ = ("alarm", "attempts", "echo", "state", "transaction", "wish")

    def __init__(self) -> None:
        self.state = Exchange.IDLE
        self.transaction: ServerTransaction | None = None
        """The peer's request that waits for our answer."""
        self.echo: Echo | None = None
        self.wish: Wish | None = None
        self.alarm: Alarm | None = None
        """Until our answer; or the pause after a glare."""
        self.attempts = 0
        """491 and their kin heard in a row."""
