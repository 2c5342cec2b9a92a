"""Whom a stream listens to: learn the peer's RTP source once, then nobody else is heard (RTP bleed and injection).

A bridge is worse off than a relay: one injected stream is heard by the whole room. So, for each stream:

- the address that SDP named is believed at its first packet;
- another port of the same host, after `PROOF` packets in sequence from one source (a NAT that renumbers ports);
- the host that signals, after the same proof (a NAT that SDP knows nothing of);
- another host, after the same proof, only within `WINDOW_S` of the (re-)negotiation, only once those two have had
  `PATIENCE_S` to speak, and only until one of them does: within the window they take its place (`is_sure`);
- then the source is locked: the socket is connected to it and the kernel drops all others;
- a locked source that is silent for `SILENCE_S` may have moved (from Wi-Fi to the mobile network): everybody is listened
  to again, but only who goes on with the same SSRC and sequence is believed, or the host of SDP after `PROOF` packets.

Nothing is ever sent to an address that is neither in SDP nor learned so; and where SDP named a host that is not the one
that signals, nothing before the source is learned (`Format.hear_first`). Packets of a secured stream are weighed once they
are proved, so that nobody but the peer can move it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

Address = tuple[str, int]

PROOF: Final = 5
"""Packets of consecutive sequence numbers and one SSRC: an attacker who sprays ports cannot keep that up by chance."""
GOES_ON: Final = 2
"""So many are asked of who knows the SSRC and the sequence of the call: 48 bits that nobody guesses twice."""
WINDOW_S: Final = 5.0
"""After the answer a real phone behind NAT begins to send within this; later only the host of SDP is believed."""
PATIENCE_S: Final = 2.0
"""Telephones speak within milliseconds of the answer, most of them. Who sprays all our ports would else be faster than one that
takes a moment, and have the call: its owner hears nothing, the sprayer hears all, and is heard."""
SILENCE_S: Final = 5.0
"""A phone that is locked and silent for so long has muted itself, or has moved."""
CANDIDATES: Final = 8
"""Sources weighed at once; beyond, the one that has proved least makes room. A sprayer of many addresses can delay a
phone behind NAT so, but not shut it out for longer than the spray lasts."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where the numbering of a source stands."""

    ssrc: int
    sequence: int

    def leads_to(self, ssrc: int, sequence: int) -> bool:
        """Tell whether such a packet may be a later one of the same source."""
        return ssrc == self.ssrc and 0 < (sequence - self.sequence) & 0xFFFF < 0x8000


@dataclass(slots=True)
class _Candidate:
    ssrc: int
    sequence: int
    proofs: int = 1

    def proves(self, ssrc: int, sequence: int) -> int:
        """Count one more packet; returns how many have come in sequence."""
        step = (sequence - self.sequence) & 0xFFFF
        if ssrc != self.ssrc or step > 1:
            self.ssrc, self.sequence, self.proofs = ssrc, sequence, 1
        elif step == 1:
            self.sequence, self.proofs = sequence, self.proofs + 1
        return self.proofs  # a packet that came twice proves nothing and spoils nothing


@dataclass(slots=True)
class Latch:
    """The learning of one stream; dropped when the source is locked.

    `expected` is the address believed at once: SDP's, or the one that was locked before its silence. `course` is where
    that one's numbering stood, None for a stream that had no source yet.
    """

    expected: Address | None
    opened_at: float
    course: Course | None = None
    sdp_host: str | None = None
    signals: str = ""
    """The host that the peer signals from; empty where it is not known."""
    proved: bool = False
    """Every packet is the peer's: it is proved before it is weighed."""
    holder: Address | None = None
    """Another host that is believed until a better one speaks."""
    candidates: dict[Address, _Candidate] = field(default_factory=dict)

    @classmethod
    def first(cls, expected: Address | None, now: float, signals: str = "", *, proved: bool = False) -> Latch:
        """After an answer: SDP says `expected`."""
        host = None if expected is None else expected[0]
        return cls(expected, now, sdp_host=host, signals=signals, proved=proved)

    @classmethod
    def again(cls, locked: Address, sdp_host: str | None, course: Course, now: float) -> Latch:
        """After a silence of the source that was `locked`."""
        return cls(locked, now, course, sdp_host)

    def consider(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Weigh one packet; True when its source is to be locked (and this packet heard)."""
        if source == self.expected:
            return True
        needed = self._needed(source, ssrc, sequence, now)
        if needed is None:
            return False
        candidate = self.candidates.get(source)
        if candidate is None:
            if len(self.candidates) >= CANDIDATES:
                least = min(self.candidates, key=lambda each: self.candidates[each].proofs)
                del self.candidates[least]
            candidate = self.candidates[source] = _Candidate(ssrc, sequence)
        elif candidate.proves(ssrc, sequence) >= needed:
            return True
        return False

    def is_sure(self, source: Address) -> bool:
        """Whether nobody can come who has a better claim than a source that is believed."""
        known = (self.sdp_host, self.signals)
        return self.proved or self.course is not None or source[0] in known or known == (None, "")

    def is_over(self, now: float) -> bool:
        """Whether the time is over in which somebody else may come."""
        return now - self.opened_at > WINDOW_S

    def _needed(self, source: Address, ssrc: int, sequence: int, now: float) -> int | None:
        """How many packets such a source must show; None where it is not believed at all."""
        if self.course is not None and self.course.leads_to(ssrc, sequence):
            return GOES_ON
        if source[0] in (self.sdp_host, self.signals):
            return PROOF
        early = bool(self.signals) and not self.proved and now - self.opened_at < PATIENCE_S
        taken = self.course is not None or self.holder is not None
        return None if early or taken or self.is_over(now) else PROOF
