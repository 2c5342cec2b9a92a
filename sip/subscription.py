"""A subscription as data, seen from the notifier, which is always us (RFC 6665 4.2): where it stands, and its NOTIFYs.

Two machines each, both tables, as a call has (`session`). `SUBSCRIPTION` says how far the subscription is:

               ACCEPT             REFRESH
        ASKED ---------> ACTIVE <---------.
          | HOLD            ^ | '---------'        LAST: the next NOTIFY is the last one, since the
          |      ACCEPT     | | UNSUBSCRIBE        peer wants no more (Expires: 0), or never
          '----> PENDING ---' '----------> LAST    wanted more than one look
          | FETCH                           ^ | CLOSE
          '---------------------------------' v
                     all but ASKED: END, EXPIRED, FAILED --> TERMINATED

`DELIVERY` keeps NOTIFYs in order: one is open at a time, and while it is, of what is to be told only the latest is kept.
What the two cannot do on each other's behalf is done by `notifying`, which knows dialogs, alarms and the wire.

A subscription lives in the dialog of a call, or in one of its own. In a call's dialog it is a usage beside the call
(RFC 5057): the call's end is not its end, and its end is not the call's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sip.dialog import Dialog
from sip.draft import Fields
from sip.errors import ParseError
from sip.grammar import TOKEN, excerpt, find_parameter, parse_parameters
from sip.headers import MAX_IDENTIFIER
from sip.message import Request
from sip.reply import Echo
from sip.server_transaction import ServerTransaction
from sip.timers import Alarm
from sip.walking import Walker, go

EXPIRES_MIN_S: Final = 60
"""Shorter subscriptions would be mostly refreshes: refused by 423 (RFC 6665 4.2.1.1). The RFC lets us do so below an hour."""
EXPIRES_MAX_S: Final = 3600
"""Longer ones are granted this much; it is also the default of the conference package (RFC 4575 3.3)."""
REFER_EXPIRES_S: Final = 300
"""How long a REFER is reported on: somebody who is called may let it ring for three minutes, and is looked for before."""
SUBSCRIPTIONS_MAX: Final = 2000
"""Subscriptions in all; each may cost a NOTIFY a second. Above: 503 with Retry-After."""
PER_DIALOG_MAX: Final = 4
"""Subscriptions in one dialog: the roster, and a few REFERs that go on at once. Above: 403."""
UNANSWERED_S: Final = 5.0
"""A SUBSCRIBE or REFER that the user of the agent has not answered by then is answered 500."""
RETRIES_MAX: Final = 3
"""How often a NOTIFY is sent again that was answered with Retry-After; then the subscription has failed."""
RETRY_AFTER_MAX_S: Final = 60.0
"""A longer Retry-After is as good as a refusal: the state would be stale."""

REFER: Final = "refer"
"""The package of the subscription that a REFER makes (RFC 3515 3)."""


class State(StrEnum):
    """Of the subscription. PENDING and ACTIVE are the words of Subscription-State."""

    ASKED = "asked"
    PENDING = "pending"
    ACTIVE = "active"
    LAST = "last"
    TERMINATED = "terminated"


class Input(StrEnum):
    """What moves it: our verbs, the peer's messages, time."""

    ACCEPT = "we accept"
    HOLD = "we accept, and decide later"
    FETCH = "we accept who wants one NOTIFY only"
    REJECT = "we reject"
    REFRESH = "SUBSCRIBE of the peer"
    UNSUBSCRIBE = "SUBSCRIBE of the peer with Expires: 0"
    CLOSE = "the last NOTIFY is written"
    END = "we end it"
    EXPIRED = "its time is over, or our time to answer"
    FAILED = "a NOTIFY was refused, or not answered"


_ENDS: Final = dict.fromkeys((Input.END, Input.EXPIRED, Input.FAILED), State.TERMINATED)

SUBSCRIPTION: Final[Mapping[State, Mapping[Input, State]]] = {
    State.ASKED: {
        Input.ACCEPT: State.ACTIVE,
        Input.HOLD: State.PENDING,
        Input.FETCH: State.LAST,
        Input.REJECT: State.TERMINATED,
        Input.EXPIRED: State.TERMINATED,
    },
    State.PENDING: {
        Input.ACCEPT: State.ACTIVE,
        Input.REFRESH: State.PENDING,
        Input.UNSUBSCRIBE: State.LAST,
        **_ENDS,
    },
    State.ACTIVE: {
        Input.REFRESH: State.ACTIVE,
        Input.UNSUBSCRIBE: State.LAST,
        **_ENDS,
    },
    State.LAST: {Input.CLOSE: State.TERMINATED, **_ENDS},
    State.TERMINATED: {},
}


class Delivery(StrEnum):
    """Of its NOTIFYs."""

    IDLE = "idle"
    OPEN = "one waits for its answer"
    PAUSED = "the peer wants it again later"


class Turn(StrEnum):
    """What moves the delivery."""

    SEND = "a NOTIFY of ours"
    ANSWERED = "its 2xx"
    RETRY = "its answer has a Retry-After"
    RESUME = "the time for that has come"


DELIVERY: Final[Mapping[Delivery, Mapping[Turn, Delivery]]] = {
    Delivery.IDLE: {Turn.SEND: Delivery.OPEN},
    Delivery.OPEN: {Turn.ANSWERED: Delivery.IDLE, Turn.RETRY: Delivery.PAUSED},
    Delivery.PAUSED: {Turn.RESUME: Delivery.IDLE},
}


@dataclass(frozen=True, slots=True)
class Package:
    """An Event header: `conference;id=7`."""

    name: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.name};id={self.id}" if self.id else self.name


@dataclass(frozen=True, slots=True)
class Note:
    """The body of a NOTIFY."""

    body: bytes = b""
    content_type: str = ""


class Subscription(Walker[State, Input]):
    """One of them."""

    table = SUBSCRIPTION
    __slots__ = (
        "alarm", "attempts", "call", "cseq", "delivery", "dialog", "echo", "expires_at", "fields", "number", "open",
        "owed", "package", "pause", "reason", "retry_after_s", "standing", "tag", "transaction", "waiting",
        "wanted_s",
    )  # fmt: skip

    def __init__(self, number: int, package: Package, dialog: Dialog, *, call: int) -> None:
        self.number = number
        self.package = package
        self.dialog = dialog
        self.call = call
        """The call whose dialog it shares, or whose focus was asked; 0 for none."""
        self.tag = dialog.local_tag
        self.state = State.ASKED
        self.delivery = Delivery.IDLE
        self.cseq = 0
        """Of the request that made it."""
        self.transaction: ServerTransaction | None = None
        self.echo: Echo | None = None
        """Of that request, until it is answered."""
        self.wanted_s = 0
        self.expires_at = 0.0
        self.fields: Fields = ()
        """What its NOTIFYs say besides: who we are in this dialog."""
        self.alarm: Alarm | None = None
        """Our time to answer, then the subscription's own."""
        self.owed: Alarm | None = None
        """A NOTIFY must follow, though the user may have nothing to say."""
        self.pause: Alarm | None = None
        """Until the peer takes the NOTIFY it has put off."""
        self.open: Note | None = None
        """On its way."""
        self.waiting: Note | None = None
        """Of what is to be told while another is on its way, the latest."""
        self.standing: Note | None = None
        """What a refresh is answered with, where the user is not asked."""
        self.attempts = 0
        self.reason = ""
        """Why it ends, for Subscription-State."""
        self.retry_after_s = 0

    def __str__(self) -> str:
        return f"subscription {self.number}"

    def turn(self, what: Turn) -> bool:
        """Move the delivery; False where it cannot."""
        return go(self, "delivery", DELIVERY, what)

    def state_field(self, now: float) -> str:
        """Subscription-State as the next NOTIFY has it (RFC 6665 8.2.3)."""
        if self.state is State.TERMINATED:
            later = f";retry-after={self.retry_after_s}" if self.retry_after_s else ""
            return f"terminated;reason={self.reason}{later}"
        return f"{self.state};expires={max(0, round(self.expires_at - now))}"


class Subscriptions:
    """All of an agent, by number and by the tag of ours that names their dialog."""

    __slots__ = ("by_number", "by_tag", "last")

    def __init__(self) -> None:
        self.by_number: dict[int, Subscription] = {}
        self.by_tag: dict[str, list[Subscription]] = {}
        self.last = 0

    def __len__(self) -> int:
        return len(self.by_number)

    @property
    def full(self) -> bool:
        """No room for another one."""
        return len(self.by_number) >= SUBSCRIPTIONS_MAX

    def crowded(self, tag: str) -> bool:
        """No room for another one in that dialog."""
        return len(self.by_tag.get(tag, ())) >= PER_DIALOG_MAX

    def new(self, package: Package, dialog: Dialog, *, call: int) -> Subscription:
        """Take one in."""
        self.last += 1
        subscription = Subscription(self.last, package, dialog, call=call)
        self.by_number[subscription.number] = subscription
        self.by_tag.setdefault(subscription.tag, []).append(subscription)
        return subscription

    def drop(self, subscription: Subscription) -> None:
        """Forget one; one that is forgotten already is fine."""
        if self.by_number.pop(subscription.number, None) is None:
            return
        rest = [each for each in self.by_tag[subscription.tag] if each is not subscription]
        if rest:
            self.by_tag[subscription.tag] = rest
        else:
            del self.by_tag[subscription.tag]

    def in_dialog(self, request: Request) -> Subscription | None:
        """Any one of the dialog that a request belongs to."""
        usages = self.by_tag.get(request.to.tag or "")
        return usages[0] if usages and usages[0].dialog.matches(request) else None

    def meant(self, tag: str, package: Package) -> Subscription | None:
        """The one that a SUBSCRIBE in a dialog names. Of REFERs the one that goes on may be meant without its id: the first
        of a dialog need not say it (RFC 3515 2.4.6).
        """
        usages = [each for each in self.by_tag.get(tag, ()) if each.package.name == package.name]
        exact = [each for each in usages if each.package.id == package.id]
        if not exact and package == Package(REFER) and len(usages) == 1:
            exact = usages
        return exact[0] if exact else None


def parse_event(text: str | None) -> Package | None:
    """Read an Event header; None where there is none, or none that names a package (then: 489)."""
    if text is None:
        return None
    name, semicolon, rest = text.partition(";")
    name = name.strip(" \t")
    if not TOKEN.fullmatch(name) or len(name) > MAX_IDENTIFIER:
        return None
    try:
        found = find_parameter(parse_parameters(semicolon + rest), "id") or ""
    except ParseError:
        return None
    return Package(name, found) if len(found) <= MAX_IDENTIFIER else None


_SECONDS: Final = re.compile(r"[ \t]*+([0-9]{1,10})[ \t]*+")


def parse_expires(text: str | None) -> int:
    """Read Expires, in seconds; without one it is as long as we like (RFC 6665 4.1.2.1)."""
    if text is None:
        return EXPIRES_MAX_S
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise ParseError(f"malformed Expires: {excerpt(text)}")
    return int(match[1])
