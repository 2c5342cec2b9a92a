"""What an agent is told once: who it says it is and how much it takes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO")
"""What we do; the Allow header."""
KNOWN_METHODS: Final = frozenset({
    *METHODS, "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "UPDATE", "REFER", "MESSAGE",
})  # fmt: skip
"""What SIP has a name for: of these the ones that are not ours get 405, all others 501."""
SUPPORTED: Final[tuple[str, ...]] = ()
"""Option tags (RFC 3261 20.32, 20.37) that a Require may name."""
SDP_TYPE: Final = "application/sdp"
DIGIT_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
CALLS_MAX: Final = 10_000
"""Calls at once unless configured. Above it: 503 with Retry-After. A call kept costs about 4 kB here."""
RETRY_AFTER_S: Final = 5
"""What a 503 of ours asks callers to wait: long enough to spread a burst, short enough for a person redialling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Settings of one `Agent`."""

    product: str = ""
    """Server and User-Agent header; empty sends none, which tells a scanner nothing."""
    user: str = "roda"
    """User part of our Contact."""
    advertised: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host and port by transport where peers reach us, if it is not the address a message came in on (behind NAT, or
    a socket bound to all addresses)."""
    calls_max: int = CALLS_MAX
    retry_after_s: int = RETRY_AFTER_S
