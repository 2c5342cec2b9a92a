"""Server transactions: RFC 3261 17.2 with the Accepted state of RFC 6026 7.1.

Tables as in `client_transaction`: state -> input -> (next state, effects), a timer among the effects means "start it".
They absorb what the peer repeats and answer it from the state, so that the user sees every request once. 2xx to INVITE
are repeated by the session, not here (13.3.1.4): the table only lets them pass. TERMINATED has no row.

One step more than the RFCs draw: an INVITE that nobody acknowledged ends by way of CONFIRMED, too. A caller repeats it
for 32 s, and what it sent last may travel for T4 yet: later than timers H and L, it would ring as a second call.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sip.flow import Flow
from sip.timers import Alarm, Timer


class State(StrEnum):
    """CONFIRMED and ACCEPTED belong to INVITE, TRYING to all else."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Told(StrEnum):
    """Inputs that are not timers: what the peer sends, and what the user wants sent."""

    REQUEST = "the request again"
    ACK = "ACK"
    PROVISIONAL = "1xx to send"
    SUCCESS = "2xx to send"
    FAILURE = "3xx-6xx to send"


class Do(StrEnum):
    """Effects that are not timers."""

    SEND = "send the response and remember it"
    RELAY = "send the response"
    REPEAT = "send the last response again"
    STOP = "stop all timers"
    FORGET = "drop the remembered response"


Input = Told | Timer
Effect = Do | Timer
Row = Mapping[Input, tuple[State, tuple[Effect, ...]]]
Table = Mapping[State, Row]


def _ignored(state: State, *inputs: Input) -> Row:
    """Inputs that change nothing in this state."""
    return dict.fromkeys(inputs, (state, ()))


INVITE: Final[Table] = {
    State.PROCEEDING: {
        Told.REQUEST: (State.PROCEEDING, (Do.REPEAT,)),
        Told.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Told.SUCCESS: (State.ACCEPTED, (Do.RELAY, Do.FORGET, Timer.L)),
        Told.FAILURE: (State.COMPLETED, (Do.SEND, Timer.H, Timer.G)),
        **_ignored(State.PROCEEDING, Told.ACK, Timer.G, Timer.H, Timer.I, Timer.L),
    },
    State.COMPLETED: {
        Told.REQUEST: (State.COMPLETED, (Do.REPEAT,)),
        Told.ACK: (State.CONFIRMED, (Do.STOP, Do.FORGET, Timer.I)),
        Timer.G: (State.COMPLETED, (Do.REPEAT, Timer.G)),
        Timer.H: (State.CONFIRMED, (Do.STOP, Do.FORGET, Timer.I)),
        **_ignored(State.COMPLETED, Told.PROVISIONAL, Told.SUCCESS, Told.FAILURE, Timer.I, Timer.L),
    },
    State.CONFIRMED: {
        Timer.I: (State.TERMINATED, ()),
        **_ignored(
            State.CONFIRMED,
            Told.REQUEST, Told.ACK, Told.PROVISIONAL, Told.SUCCESS, Told.FAILURE, Timer.G, Timer.H, Timer.L,
        ),
    },
    # RFC 6026: repeated INVITEs are absorbed here and never become a second call.
    State.ACCEPTED: {
        Told.SUCCESS: (State.ACCEPTED, (Do.RELAY,)),
        Timer.L: (State.CONFIRMED, (Timer.I,)),
        **_ignored(
            State.ACCEPTED,
            Told.REQUEST, Told.ACK, Told.PROVISIONAL, Told.FAILURE, Timer.G, Timer.H, Timer.I,
        ),
    },
}  # fmt: skip

NON_INVITE: Final[Table] = {
    State.TRYING: {
        Told.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Told.SUCCESS: (State.COMPLETED, (Do.SEND, Timer.J)),
        Told.FAILURE: (State.COMPLETED, (Do.SEND, Timer.J)),
        **_ignored(State.TRYING, Told.REQUEST, Told.ACK, Timer.J),
    },
    State.PROCEEDING: {
        Told.REQUEST: (State.PROCEEDING, (Do.REPEAT,)),
        Told.PROVISIONAL: (State.PROCEEDING, (Do.SEND,)),
        Told.SUCCESS: (State.COMPLETED, (Do.SEND, Timer.J)),
        Told.FAILURE: (State.COMPLETED, (Do.SEND, Timer.J)),
        **_ignored(State.PROCEEDING, Told.ACK, Timer.J),
    },
    State.COMPLETED: {
        Told.REQUEST: (State.COMPLETED, (Do.REPEAT,)),
        Timer.J: (State.TERMINATED, ()),
        **_ignored(State.COMPLETED, Told.ACK, Told.PROVISIONAL, Told.SUCCESS, Told.FAILURE),
    },
}

Key = tuple[str, str, int | None, str, str]
"""Branch, sent-by host and port, Call-ID and method; ACK and CANCEL look for INVITE (17.2.3, 9.2). The RFC does without
the Call-ID; but phones that count their branches, behind NATs that count their addresses, do meet.
"""
Merge = tuple[str, str, int, str]
"""Call-ID, From tag, CSeq number and method: the same request come by another way (8.2.2.2)."""


class ServerTransaction:
    """One request of a peer until it can no longer be repeated."""

    __slots__ = (
        "alarm_end", "alarm_retry", "call", "doubtful", "flow", "interval_s", "key", "merge", "reopen", "response", "state",
        "table", "tag",
    )  # fmt: skip

    def __init__(self, key: Key, merge: Merge | None, flow: Flow) -> None:
        invite = key[-1] == "INVITE"
        self.table = INVITE if invite else NON_INVITE
        self.state = State.PROCEEDING if invite else State.TRYING
        self.key = key
        self.merge = merge
        self.flow = flow
        self.reopen: Flow | None = None
        """Asks for a connection to where the peer listens, should its own be gone; None where that has been tried."""
        self.call = 0
        """Handle of the call that an INVITE belongs to, for the CANCEL that may follow."""
        self.tag = ""
        """To tag of the answers to a call's first INVITE: an ACK that has it shows that one of them has arrived."""
        self.doubtful = False
        """What is answered may go to somebody who never asked: it is repeated less."""
        self.response = b""
        self.interval_s = 0.0
        self.alarm_retry: Alarm | None = None
        self.alarm_end: Alarm | None = None


def told(status: int) -> Told:
    """Class of a response to send."""
    if status < 200:
        return Told.PROVISIONAL
    return Told.SUCCESS if status < 300 else Told.FAILURE
