"""Which codecs are spoken with telephones, and how Opus is; how a pause sounds. Trunks name their own codecs (`config.trunks`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bridge.config.values import OneOf, Range

CodecName = Annotated[str, OneOf(("opus", "G722", "PCMU", "PCMA", "L16"))]
"""As SDP calls them. L16 has 16 kHz here."""
Codecs = Annotated[tuple[CodecName, ...], Range(1)]

G711: Final = ("PCMU", "PCMA")
"""What every carrier and every telephone speaks."""
OF_TELEPHONES: Final = ("opus", "G722", *G711)
"""Opus survives what networks do to packets, and G.722 is what desk telephones have of HD."""


LOUDEST_COMFORT_DBOV: Final = -50
"""What is louder is no comfort: the threshold of speech lies there."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Of telephones: accounts, open rooms, operators, and whoever dials an access number by no trunk."""

    codecs: Codecs = OF_TELEPHONES
    """What is offered and taken, the liked best first. Opus only where libopus is installed."""
    opus_rate_hz: Annotated[int, Range(8_000, 48_000)] = 48_000
    """The highest sample rate that Opus is asked for and sent with: 16,000 has all of speech but a breath, for less of processor."""
    opus_dtx: bool = False
    """Whether telephones are asked to send nothing while nobody speaks there (usedtx)."""
    comfort_noise_dbov: Annotated[int, Range(-90, 0)] = -68
    """How loud the noise is that people hear while nobody speaks; 0: none."""
