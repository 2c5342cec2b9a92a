"""What the two ends of a call ask of each other's Opus in SDP's a=fmtp (RFC 7587 sections 6.1 and 7)."""

from __future__ import annotations

import re
from typing import Final, Self

import msgspec

LOWEST_HZ: Final = 8_000
HIGHEST_HZ: Final = 48_000
LOWEST_BITRATE: Final = 6_000
HIGHEST_BITRATE: Final = 510_000
"""What rates may be (section 6.1). What lies outside is drawn to the nearer end: it is a wish, and that is what it means."""

_PARAMETER: Final = re.compile(r"\s*([A-Za-z-]{1,32})\s*=\s*([0-9]{1,9})\s*")
"""All parameters that we know have whole numbers for values. Longer ones are nobody's."""


class OpusTerms(msgspec.Struct, frozen=True, gc=False):
    """What one end says of itself; the other heeds it when it sends. What is not said is the default.

    All are hints about what is best sent: a decoder takes whatever comes. None has to be answered with the same (section 7.1).
    """

    max_playback_hz: int = HIGHEST_HZ
    """maxplaybackrate: higher frequencies than this sample rate carries are lost on the receiver."""
    max_capture_hz: int = HIGHEST_HZ
    """sprop-maxcapturerate: the sender's own sound has no more."""
    max_average_bitrate: int = HIGHEST_BITRATE
    """maxaveragebitrate, in bits per second."""
    stereo: bool = False
    """The receiver would rather have stereo. We send mono all the same."""
    sprop_stereo: bool = False
    """The sender is likely to send stereo."""
    cbr: bool = False
    """Packets of one size: what is said cannot be guessed from how they vary, where SRTP hides the rest."""
    fec: bool = False
    """useinbandfec: the receiver makes use of repeats of lost speech."""
    dtx: bool = False
    """usedtx: the receiver would rather have nothing sent while nobody speaks."""

    @classmethod
    def from_fmtp(cls, text: str) -> Self:
        """Read the parameters of an a=fmtp line, what stands behind the payload type.

        What cannot be read is as if it were not said; of a name said twice the first counts.
        """
        said: dict[str, int] = {}
        for part in text.split(";"):
            parameter = _PARAMETER.fullmatch(part)
            if parameter is not None:
                said.setdefault(parameter[1].lower(), int(parameter[2]))
        return cls(
            max_playback_hz=_within(said.get("maxplaybackrate", HIGHEST_HZ), LOWEST_HZ, HIGHEST_HZ),
            max_capture_hz=_within(said.get("sprop-maxcapturerate", HIGHEST_HZ), LOWEST_HZ, HIGHEST_HZ),
            max_average_bitrate=_within(
                said.get("maxaveragebitrate", HIGHEST_BITRATE), LOWEST_BITRATE, HIGHEST_BITRATE
            ),
            stereo=said.get("stereo") == 1,
            sprop_stereo=said.get("sprop-stereo") == 1,
            cbr=said.get("cbr") == 1,
            fec=said.get("useinbandfec") == 1,
            dtx=said.get("usedtx") == 1,
        )

    @property
    def band(self) -> int:
        """The widest band worth encoding for who says this. There is none at 24 kHz: 48 kHz has what they play."""
        return 1 if self.max_playback_hz < 16_000 else 2 if self.max_playback_hz < 24_000 else 6

    def fmtp(self) -> str:
        """Return the parameters as an a=fmtp line has them; empty where all are the defaults, and no line is needed."""
        said = {
            "maxplaybackrate": (self.max_playback_hz, HIGHEST_HZ),
            "sprop-maxcapturerate": (self.max_capture_hz, HIGHEST_HZ),
            "maxaveragebitrate": (self.max_average_bitrate, HIGHEST_BITRATE),
            "stereo": (self.stereo, False),
            "sprop-stereo": (self.sprop_stereo, False),
            "cbr": (self.cbr, False),
            "useinbandfec": (self.fec, False),
            "usedtx": (self.dtx, False),
        }
        return ";".join(f"{name}={int(value)}" for name, (value, default) in said.items() if value != default)


def _within(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)
