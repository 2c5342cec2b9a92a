"""What is known of each codec before a packet comes: its name and clock in SDP, its bands, how long a payload lasts.

Numbers are those of `media.control.Codec`; they stand here again, held equal by a test, so that messages can carry what this
package says (`terms`) without a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RATE_HZ: Final = 8_000
"""Of band 1; durations are counted in its samples."""

BANDS: Final = (1, 2, 6)
"""8, 16 and 48 kHz."""

LONGEST_MS: Final = 120
"""The longest packet that Opus knows (RFC 6716 section 3.2.5, R5), and six times what everybody sends. Longer ones of any
codec are not played: `duration` says 0 and `decode` None."""
LONGEST_SAMPLES: Final = LONGEST_MS * RATE_HZ // 1_000

VARIES: Final = 0
"""`Kind.sample_bytes` where a payload's size says nothing about its duration."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The facts of a codec."""

    number: int
    """As in `media.control.Codec`: the static payload type (RFC 3551 section 6) where there is one."""
    name: str
    """The encoding name in SDP; SDP compares it without regard to case."""
    clock_hz: int
    """Of RTP timestamps. G.722 counts 8,000 though it samples at 16 kHz, an error kept for old time's sake (RFC 3551 section
    4.5.2); Opus counts 48,000 whatever it samples at (RFC 7587 section 4.1)."""
    bands: tuple[int, ...]
    """Bands that it can be decoded to and encoded from."""
    sample_bytes: int
    """Bytes of payload for each sample at 8 kHz, or `VARIES`."""
    channels: int = 1
    """As SDP says: Opus is always opus/48000/2, and what is sent may be mono all the same (RFC 7587 section 7)."""
    packet_ms: int = 20
    """What we send in a packet, unless the peer asks for another time."""

    @property
    def band(self) -> int:
        """The widest band: what the codec can carry."""
        return self.bands[-1]

    @property
    def ticks(self) -> int:
        """Of the RTP clock, for each sample at 8 kHz."""
        return self.clock_hz // RATE_HZ

    @property
    def static(self) -> bool:
        """The payload type is the number, and needs no rtpmap line."""
        return self.number < 96

    @property
    def rtpmap(self) -> str:
        """What stands behind the payload type in a=rtpmap (RFC 8866 section 6.6)."""
        return f"{self.name}/{self.clock_hz}" + (f"/{self.channels}" if self.channels > 1 else "")

    def duration(self, payload_bytes: int) -> int:
        """Samples at 8 kHz in a payload of that size; 0 where there is no such payload. Not for a codec that `VARIES`."""
        samples, rest = divmod(payload_bytes, self.sample_bytes)
        return 0 if rest or samples > LONGEST_SAMPLES else samples


PCMU: Final = Kind(0, "PCMU", 8_000, (1,), 1)
PCMA: Final = Kind(8, "PCMA", 8_000, (1,), 1)
G722: Final = Kind(9, "G722", 8_000, (2,), 1)
OPUS: Final = Kind(128, "opus", 48_000, BANDS, VARIES, channels=2)
L16_8: Final = Kind(129, "L16", 8_000, (1,), 2)
L16_16: Final = Kind(130, "L16", 16_000, (2,), 4)
L16_48: Final = Kind(131, "L16", 48_000, (6,), 12, packet_ms=10)
"""10 ms are 960 bytes; 20 ms would not fit into one Ethernet frame."""

KINDS: Final = {kind.number: kind for kind in (PCMU, PCMA, G722, OPUS, L16_8, L16_16, L16_48)}


def facts(codec: int) -> Kind:
    """Return what is known of `codec`, a number of `media.control.Codec`."""
    return KINDS[codec]
