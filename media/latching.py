"""Whom a stream listens to: learn the peer's RTP source once, then nobody else is heard (RTP bleed and injection).

A bridge is worse off than a relay: one injected stream is heard by the whole room. So, for each stream:

- the address that SDP named is believed at its first packet;
- another port of the same host, after `PROOF` packets in sequence from one source (a NAT that renumbers ports);
- another host, after the same proof and only within `WINDOW_S` of the (re-)negotiation (a NAT that SDP knows nothing of);
- then the source is locked: the socket is connected to it and the kernel drops all others.

Nothing is ever sent to an address that is neither in SDP nor learned so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Address = tuple[str, int]

PROOF: Final = 5
"""Packets of consecutive sequence numbers and one SSRC: an attacker who sprays ports cannot keep that up by chance."""
WINDOW_S: Final = 5.0
"""After the answer a real phone behind NAT begins to send within this; later only the host of SDP is believed."""


@dataclass(slots=True)
class Latch:
    """The learning of one stream; dropped when the source is locked."""

    expected: Address | None
    opened_at: float
    candidate: Address | None = None
    ssrc: int = 0
    sequence: int = 0
    proofs: int = 0

    def consider(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Weigh one packet; True when its source is to be locked (and this packet heard)."""
        if source == self.expected:
            return True
        same_host = self.expected is not None and source[0] == self.expected[0]
        if not same_host and now - self.opened_at > WINDOW_S:
            return False
        follows = (sequence - self.sequence) & 0xFFFF == 1
        if source == self.candidate and ssrc == self.ssrc and follows:
            self.proofs += 1
        else:
            self.candidate, self.ssrc, self.proofs = source, ssrc, 1
        self.sequence = sequence
        return self.proofs >= PROOF
