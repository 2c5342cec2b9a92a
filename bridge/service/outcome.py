"""What became of a call that we placed and nobody took, in the few words that a caller, a board or a report needs.

SIP has some sixty ways to say no. People need to know which of them is worth another try and what to tell whoever asked
for the call, and for that there are eight. The tables below are the whole truth; dial-out (`*1`) and blast (`*92`) both
read them, so that the same refusal is spoken of in the same words.

Two things decide. Where the call ended without the peer's own word (nobody answered at all, the connection broke, we
gave up ringing), how it ended is what counts, since the status is then one that our own stack made up. Otherwise the
peer's status counts; one that nobody has listed means what the x00 of its class does (RFC 3261 8.1.3.2).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from sip.events import EndCause


class Outcome(Enum):
    """Why a call that was to be placed did not come about."""

    BUSY = "busy"
    """They are talking to somebody else."""
    NO_ANSWER = "no_answer"
    """It rang, or their phone is off; nobody took it."""
    DECLINED = "declined"
    """They, or their line, do not want this call."""
    UNKNOWN_NUMBER = "unknown_number"
    """Nobody has this number, or it is not whole."""
    UNREACHABLE = "unreachable"
    """The number may be right, but there is no way to it: network, gateway or trunk down, or moved."""
    CONGESTED = "congested"
    """All lines of the way there are taken: worth another try soon."""
    ERROR = "error"
    """We and the other side do not understand each other: credentials, codecs, protocol. Trying again changes
    nothing; somebody must look into it."""
    REFUSED = "refused"
    """We did not call at all: the dial plan or a limit forbids it (G3). No SIP status means this."""


BY_STATUS: Final[dict[int, Outcome]] = {
    300: Outcome.UNREACHABLE,  # Multiple Choices, and all of 3xx: they have moved, and calls are not sent after them,
    #                            since where they went has not been through the dial plan (G3)
    400: Outcome.ERROR,  # Bad Request, and every 4xx that is not listed
    403: Outcome.DECLINED,  # Forbidden: their side understood and will not
    404: Outcome.UNKNOWN_NUMBER,  # Not Found
    408: Outcome.NO_ANSWER,  # Request Timeout, from a proxy on the way: their phone does not answer
    410: Outcome.UNKNOWN_NUMBER,  # Gone: the number is no longer in use
    430: Outcome.UNREACHABLE,  # Flow Failed (RFC 5626): their phone's connection is gone
    433: Outcome.DECLINED,  # Anonymity Disallowed (RFC 5079): they take no calls without a number
    480: Outcome.NO_ANSWER,  # Temporarily Unavailable: not logged in, do not disturb, rang out
    482: Outcome.UNREACHABLE,  # Loop Detected: the way leads nowhere
    483: Outcome.UNREACHABLE,  # Too Many Hops: so does this
    484: Outcome.UNKNOWN_NUMBER,  # Address Incomplete: digits are missing
    485: Outcome.UNKNOWN_NUMBER,  # Ambiguous
    486: Outcome.BUSY,  # Busy Here
    487: Outcome.NO_ANSWER,  # Request Terminated: rung until somebody gave up
    500: Outcome.CONGESTED,  # Server Internal Error, and every 5xx that is not listed: theirs, and it may pass
    501: Outcome.ERROR,  # Not Implemented
    502: Outcome.UNREACHABLE,  # Bad Gateway: the network behind the gateway is out of order
    503: Outcome.CONGESTED,  # Service Unavailable: what gateways say when all circuits are taken (RFC 3398 8.2.6.1)
    504: Outcome.UNREACHABLE,  # Server Time-out: what is behind the proxy does not answer
    505: Outcome.ERROR,  # Version Not Supported
    513: Outcome.ERROR,  # Message Too Large
    580: Outcome.CONGESTED,  # Precondition Failure (RFC 3312): no resources for the media
    600: Outcome.BUSY,  # Busy Everywhere, and every 6xx that is not listed
    603: Outcome.DECLINED,  # Decline
    604: Outcome.UNKNOWN_NUMBER,  # Does Not Exist Anywhere
    606: Outcome.ERROR,  # Not Acceptable: as 488, no codec in common
    607: Outcome.DECLINED,  # Unwanted (RFC 8197)
    608: Outcome.DECLINED,  # Rejected (RFC 8688): something on the way judged so for them
}
"""By the status that ended the call."""

BY_CAUSE: Final[dict[tuple[str, int | None], Outcome]] = {
    (
        EndCause.TIMEOUT.value,
        408,
    ): Outcome.UNREACHABLE,  # our INVITE was never answered: the trunk itself is away
    (EndCause.TIMEOUT.value, None): Outcome.NO_ANSWER,  # it rang for as long as anything may ring
    (EndCause.TRANSPORT.value, None): Outcome.UNREACHABLE,  # no way to the trunk; the 503 is our own stack's
    (EndCause.LOCAL.value, None): Outcome.NO_ANSWER,  # we stopped ringing
    (EndCause.CANCELLED.value, None): Outcome.NO_ANSWER,  # so did whoever asked for the call
    (EndCause.BYE.value, None): Outcome.DECLINED,  # hung up on before the talk began
    (EndCause.NO_ACK.value, None): Outcome.ERROR,
    (EndCause.PROTOCOL.value, None): Outcome.ERROR,
}
"""By how the call ended, where that says more than the status: with this status, or (None) with any."""


def outcome_of(sip_status: int, cause: str) -> Outcome:
    """Say what became of a call that we placed and that was not answered.

    `sip_status` and `cause` are those of `sip.events.CallEnded`, the cause by its value ("rejected", "timeout" ...).
    A status of 0 or out of range, with a cause that says nothing either, is an ERROR.
    """
    by_cause = BY_CAUSE.get((cause, sip_status)) or BY_CAUSE.get((cause, None))
    if by_cause is not None:
        return by_cause
    return BY_STATUS.get(sip_status) or BY_STATUS.get(sip_status // 100 * 100, Outcome.ERROR)
