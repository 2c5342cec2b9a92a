"""What an agent is told once: who it says it is and how much it takes on."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from sip.flow import Flow

METHODS: Final = (
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "INFO",
    "SUBSCRIBE",
    "NOTIFY",
    "REFER",
    "PRACK",
    "UPDATE",
)
"""What we do; the Allow header."""
KNOWN_METHODS: Final = frozenset({
    *METHODS, "REGISTER", "PUBLISH", "MESSAGE",
})  # fmt: skip
"""What SIP has a name for: of these the ones that are not ours get 405, all others 501."""
RELIABLE: Final = "100rel"
"""Provisional responses that are acknowledged (RFC 3262)."""
TIMER: Final = "timer"
"""Session timers (RFC 4028)."""
SUPPORTED: Final[tuple[str, ...]] = ("norefersub", RELIABLE, "replaces", TIMER)
"""Option tags (RFC 3261 20.32, 20.37) that a Require may name."""
PACKAGES: Final = {"conference": "application/conference-info+xml"}
"""What can be subscribed (RFC 6665), and what its NOTIFYs carry. To all else: 489."""
SDP_TYPE: Final = "application/sdp"
SDP_FIELD: Final = ("Content-Type", SDP_TYPE)
DIGIT_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
CALLS_MAX: Final = 10_000
"""Calls at once unless configured. Above it: 503 with Retry-After. A call kept costs about 4 kB here."""
RETRY_AFTER_S: Final = 5
"""What a 503 of ours asks callers to wait: long enough to spread a burst, short enough for a person redialling."""
SESSION_EXPIRES_S: Final = 1800
"""Half an hour (RFC 4028 4 recommends it): so long a call may be billed after its end has been lost on the way."""
MIN_SE_S: Final = 90
"""The least that RFC 4028 4 allows. A shorter interval is refused with 422: refreshing would be all that we do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Settings of one `Agent`."""

    product: str = ""
    """Server and User-Agent header; empty sends none, which tells a scanner nothing."""
    user: str = "roda"
    """User part of our Contact."""
    reached_at: Callable[[Flow], tuple[str, int]] = attrgetter("local")
    """Host and port where the peer of a flow reaches us: the listener's, unless it is bound to all addresses or behind NAT,
    where each peer may have to be told another."""
    calls_max: int = CALLS_MAX
    retry_after_s: int = RETRY_AFTER_S
    reliable: bool = False
    """Ask for a PRACK wherever the peer can send one; else only where it insists. A lost 183 costs early media alone."""
    session_expires_s: int = SESSION_EXPIRES_S
    """Length of a session between two refreshes, where we may say; 0 switches session timers off."""
    min_se_s: int = MIN_SE_S
    large_over_tcp: bool = True
    """Requests above 1,300 bytes that were meant for UDP try TCP first (RFC 3261 18.1.1)."""
    served: tuple[str, ...] = ()
    """Methods beyond `METHODS` that the user of the agent answers itself (REGISTER, MESSAGE, PUBLISH): each becomes a
    RequestReceived. All others are refused with 405."""
