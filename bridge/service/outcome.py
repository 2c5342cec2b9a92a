"""What became of a call that we placed and nobody took, in the few words that a caller, a board or a report needs.

SIP has some sixty ways to say no. People need to know which of them is worth another try and what to tell whoever asked
for the call, and for that there are eight. The tables below are the whole truth; dial-out (`*1`) and blast (`*92`) both
read them, so that the same refusal is spoken of in the same words.

Two things decide. Where the call ended without the peer's own word (nobody answered at all, the connection broke, we
gave up ringing), how it ended is what counts, since the status is then one that our own stack made up. Otherwise, where a
gateway names the cause that the telephone network gave (Q.850, in the Reason header of RFC 3326), that is the truth, and
the status only its translation, in which much is lost: 480 and 503 stand for a dozen causes each (RFC 3398 8.2.6.1). Else
the peer's status counts; one that nobody has listed means what the x00 of its class does (RFC 3261 8.1.3.2).
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

BY_Q850: Final[dict[int, Outcome]] = {
    1: Outcome.UNKNOWN_NUMBER,  # unallocated number
    2: Outcome.UNREACHABLE,  # no route to transit network
    3: Outcome.UNREACHABLE,  # no route to destination
    17: Outcome.BUSY,  # user busy
    18: Outcome.NO_ANSWER,  # no user responding
    19: Outcome.NO_ANSWER,  # alerted, and nobody took it
    20: Outcome.NO_ANSWER,  # subscriber absent: the mobile is off
    21: Outcome.DECLINED,  # call rejected
    22: Outcome.UNKNOWN_NUMBER,  # number changed
    26: Outcome.UNREACHABLE,  # cleared for another reason before it got there
    27: Outcome.UNREACHABLE,  # destination out of order
    28: Outcome.UNKNOWN_NUMBER,  # invalid number format, address incomplete
    29: Outcome.DECLINED,  # facility rejected
    34: Outcome.CONGESTED,  # no circuit or channel
    38: Outcome.CONGESTED,  # network out of order
    41: Outcome.CONGESTED,  # temporary failure
    42: Outcome.CONGESTED,  # switching equipment congestion
    43: Outcome.CONGESTED,  # access information discarded
    44: Outcome.CONGESTED,  # requested circuit not there
    47: Outcome.CONGESTED,  # resource unavailable
    50: Outcome.DECLINED,  # facility not subscribed
    55: Outcome.DECLINED,  # incoming calls barred within a closed group
    57: Outcome.DECLINED,  # bearer capability not authorised
    58: Outcome.CONGESTED,  # bearer capability not there now
    65: Outcome.ERROR,  # bearer capability not implemented
    79: Outcome.ERROR,  # service or option not implemented
    87: Outcome.DECLINED,  # not a member of the closed group
    88: Outcome.ERROR,  # incompatible destination
    102: Outcome.UNREACHABLE,  # a timer ran out in the network
    111: Outcome.ERROR,  # protocol error
}
"""By the cause that the telephone network gave (ITU-T Q.850 table 1). 16, 31 and 127 say nothing, and are not here."""

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


FAULTS_OF_THE_WAY: Final = frozenset({401, 407, 500, 502, 503, 504})
"""Statuses that are about the trunk and not about whoever is called: another trunk may do better. 401 and 407 are here
since the next trunk has credentials of its own."""
ABOUT_THE_CALLED: Final = frozenset({1, 17, 18, 19, 20, 21, 22, 28})
"""Causes of Q.850 that are about whoever is called, whatever status stands before them: each trunk would say the same."""


def outcome_of(sip_status: int, cause: str, q850: int = 0) -> Outcome:
    """Say what became of a call that we placed and that was not answered.

    `sip_status`, `cause` and `q850` are those of `sip.events.CallEnded`, the cause by its value ("rejected", "timeout"
    ...). A status of 0 or out of range, with causes that say nothing either, is an ERROR.
    """
    by_cause = BY_CAUSE.get((cause, sip_status)) or BY_CAUSE.get((cause, None))
    if by_cause is not None:
        return by_cause
    by_network = BY_Q850.get(q850)
    if by_network is not None:
        return by_network
    return BY_STATUS.get(sip_status) or BY_STATUS.get(sip_status // 100 * 100, Outcome.ERROR)


def is_the_ways_fault(sip_status: int, cause: str, q850: int = 0) -> bool:
    """Whether the same call may succeed by another trunk: this one is away, out of lines, or does not let us."""
    if cause in {EndCause.TIMEOUT.value, EndCause.TRANSPORT.value}:
        return sip_status in {408, 503}
    return (
        cause == EndCause.REJECTED.value and sip_status in FAULTS_OF_THE_WAY and q850 not in ABOUT_THE_CALLED
    )
