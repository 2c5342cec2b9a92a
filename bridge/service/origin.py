"""Where a keyed code came from, for those who count wrong ones (G5): its source and its trunk.

A source is one guesser, as far as can be told; a trunk is the way by which many of them come.

    the call comes from          source           trunk
    a network that is trusted    caller@peer      peer
    anywhere else                peer             the listener that it came in by

What From says is anybody's invention (RFC 3261 section 8.1.1.3), so it tells callers apart only where the operator
vouches for who writes it: `server.trusted_networks`, the addresses of carriers and PBXs. There it must, because all their
callers come from one address, and ten wrong codes in an hour are nothing in a house of a thousand people. Everywhere
else the address is the source, with whoever is behind it: a PBX that nobody configured has one person's ten wrong codes
for all of its people. That is the safe side to err on, and the operator is told at half of them.

Callers of a trunk who withhold their number are one source together: to withhold it must not buy guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WITHHELD: Final = frozenset({"", "anonymous", "restricted", "unavailable", "unknown"})
"""What telephone networks write where the caller's number should be (RFC 3323 section 4.1.1.3 has the first)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """By what a wrong code is counted."""

    source: str
    trunk: str


def origin(*, peer: str, listener: str, caller: str, trusted: bool) -> Origin:
    """Say whose a code is that comes from the address `peer`, which may be `trusted` to say truly who calls."""
    if not trusted:
        return Origin(source=peer, trunk=listener)
    number = "withheld" if caller.lower() in WITHHELD else caller
    return Origin(source=f"{number}@{peer}", trunk=peer)
