"""Client transactions: RFC 3261 17.1 with the Accepted state of RFC 6026 7.2.

Two machines, both tables: state -> input -> (next state, effects). An input is what happened (a class of response, a
timer that fired, a broken transport). Effects are done in order by `Transactions`, which knows flows, heaps and users;
this file knows none of them. A timer among the effects means "start it". Every input is listed in every state: what
cannot matter any more is listed as ignored, so the reader sees that it was thought of. TERMINATED has no row: a
transaction that reaches it is gone.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from sip.draft import Draft
from sip.flow import Flow
from sip.message import Response
from sip.timers import Alarm, Timer


class State(StrEnum):
    """CALLING and ACCEPTED belong to INVITE, TRYING to all else."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Heard(StrEnum):
    """Inputs that are not timers."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "3xx-6xx"
    BROKEN = "transport error"


class Do(StrEnum):
    """Effects that are not timers."""

    SEND = "send the request"
    ACK = "send the ACK of a failure"
    TELL = "give the response to the user"
    STOP = "stop all timers"
    TELL_TIMEOUT = "tell the user that nobody answered"
    TELL_BROKEN = "tell the user that the transport failed"


Input = Heard | Timer
Effect = Do | Timer
Row = Mapping[Input, tuple[State, tuple[Effect, ...]]]
Table = Mapping[State, Row]


def _ignored(state: State, *inputs: Input) -> Row:
    """Inputs that change nothing in this state."""
    return dict.fromkeys(inputs, (state, ()))


INVITE: Final[Table] = {
    State.CALLING: {
        Heard.PROVISIONAL: (State.PROCEEDING, (Do.STOP, Do.TELL)),
        Heard.SUCCESS: (State.ACCEPTED, (Do.STOP, Timer.M, Do.TELL)),
        Heard.FAILURE: (State.COMPLETED, (Do.STOP, Do.ACK, Do.TELL, Timer.D)),
        Timer.A: (State.CALLING, (Do.SEND, Timer.A)),
        Timer.B: (State.TERMINATED, (Do.TELL_TIMEOUT,)),
        Heard.BROKEN: (State.TERMINATED, (Do.TELL_BROKEN,)),
        **_ignored(State.CALLING, Timer.D, Timer.M),
    },
    State.PROCEEDING: {
        Heard.PROVISIONAL: (State.PROCEEDING, (Do.TELL,)),
        Heard.SUCCESS: (State.ACCEPTED, (Timer.M, Do.TELL)),
        Heard.FAILURE: (State.COMPLETED, (Do.ACK, Do.TELL, Timer.D)),
        # The peer has the request; its final response can still come by another connection (18.2.2).
        **_ignored(State.PROCEEDING, Heard.BROKEN, Timer.A, Timer.B, Timer.D, Timer.M),
    },
    State.COMPLETED: {
        Heard.FAILURE: (State.COMPLETED, (Do.ACK,)),
        Heard.BROKEN: (State.TERMINATED, ()),
        Timer.D: (State.TERMINATED, ()),
        **_ignored(State.COMPLETED, Heard.PROVISIONAL, Heard.SUCCESS, Timer.A, Timer.B, Timer.M),
    },
    # RFC 6026: a 2xx does not end the transaction. Every further 2xx, repeated or from another fork, is the user's.
    State.ACCEPTED: {
        Heard.SUCCESS: (State.ACCEPTED, (Do.TELL,)),
        Timer.M: (State.TERMINATED, ()),
        **_ignored(State.ACCEPTED, Heard.PROVISIONAL, Heard.FAILURE, Heard.BROKEN, Timer.A, Timer.B, Timer.D),
    },
}

NON_INVITE: Final[Table] = {
    State.TRYING: {
        Heard.PROVISIONAL: (State.PROCEEDING, (Do.TELL,)),
        Heard.SUCCESS: (State.COMPLETED, (Do.STOP, Do.TELL, Timer.K)),
        Heard.FAILURE: (State.COMPLETED, (Do.STOP, Do.TELL, Timer.K)),
        Heard.BROKEN: (State.TERMINATED, (Do.TELL_BROKEN,)),
        Timer.E: (State.TRYING, (Do.SEND, Timer.E)),
        Timer.F: (State.TERMINATED, (Do.TELL_TIMEOUT,)),
        **_ignored(State.TRYING, Timer.K),
    },
    State.PROCEEDING: {
        Heard.PROVISIONAL: (State.PROCEEDING, (Do.TELL,)),
        Heard.SUCCESS: (State.COMPLETED, (Do.STOP, Do.TELL, Timer.K)),
        Heard.FAILURE: (State.COMPLETED, (Do.STOP, Do.TELL, Timer.K)),
        Heard.BROKEN: (State.TERMINATED, (Do.TELL_BROKEN,)),
        Timer.E: (State.PROCEEDING, (Do.SEND, Timer.E)),
        Timer.F: (State.TERMINATED, (Do.TELL_TIMEOUT,)),
        **_ignored(State.PROCEEDING, Timer.K),
    },
    State.COMPLETED: {
        Timer.K: (State.TERMINATED, ()),
        **_ignored(
            State.COMPLETED,
            Heard.PROVISIONAL, Heard.SUCCESS, Heard.FAILURE, Heard.BROKEN, Timer.E, Timer.F,
        ),
    },
}  # fmt: skip


class Failure(StrEnum):
    """How a request ends without a response."""

    TIMEOUT = "timeout"
    TRANSPORT = "transport"


Outcome = Response | Failure
User = Callable[["ClientTransaction", Outcome, float], None]


class ClientTransaction:
    """One request of ours until its last response."""

    __slots__ = ("alarm_end", "alarm_retry", "data", "draft", "flow", "interval_s", "state", "table", "user")

    def __init__(self, draft: Draft, flow: Flow, user: User | None) -> None:
        invite = draft.method == "INVITE"
        self.table = INVITE if invite else NON_INVITE
        self.state = State.CALLING if invite else State.TRYING
        self.draft = draft
        self.data = draft.encode()
        self.flow = flow
        self.user = user
        self.interval_s = 0.0
        self.alarm_retry: Alarm | None = None
        self.alarm_end: Alarm | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What a response is matched by: branch and method (17.1.3)."""
        return (self.draft.branch, self.draft.method)


def heard(status: int) -> Heard:
    """Class of a response."""
    if status < 200:
        return Heard.PROVISIONAL
    return Heard.SUCCESS if status < 300 else Heard.FAILURE
