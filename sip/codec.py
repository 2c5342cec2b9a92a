"""What a codec is called in SDP, and the numbers that it goes by (RFC 3551, RFC 8866 section 6.6).

A codec is its name, its clock and its channels: L16/16000 is another than L16/8000, and Opus is opus/48000/2 and nothing
else, whatever it samples at and however many channels are sent (RFC 7587 section 7). G.722 says 8000 and samples at 16 kHz
(RFC 3551 section 4.5.2). Names differ in case from peer to peer.

Telephone-events count by the clock of the audio beside them (RFC 4733 section 2.5.1.2). So there is one for each clock, each
under a number of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sip.sdp import Format

TELEPHONE_EVENT = "telephone-event"
FIRST_DYNAMIC = 96
"""Payload types 96-127 are for dynamic use (RFC 3551 section 6)."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec we speak. `payload_type` is the static number, or the dynamic one we offer it under."""

    name: str
    clock_rate: int
    payload_type: int
    channels: int = 1
    fmtp: str = ""
    """What we say of ourselves in a=fmtp; empty: nothing. Here it is text: what it means is the media plane's business."""

    @property
    def rtpmap(self) -> str:
        """What stands in a=rtpmap. One channel is not said."""
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.payload_type} {self.name}/{self.clock_rate}{channels}"

    def under(self, payload_type: int) -> Codec:
        """The same under another number."""
        return replace(self, payload_type=payload_type)


PCMU = Codec("PCMU", 8000, 0)
PCMA = Codec("PCMA", 8000, 8)
G722 = Codec("G722", 8000, 9)
OPUS = Codec("opus", 48000, 111, channels=2)
L16 = Codec("L16", 16000, 98)
"""Linear samples; the static types of this name (10, 11) have 44,100 Hz and are not spoken."""


def same(mine: Codec | Format, theirs: Format) -> bool:
    """Whether both are one codec, under whatever numbers."""
    return (
        theirs.clock_rate == mine.clock_rate
        and theirs.channels == mine.channels
        and (theirs.name == mine.name or theirs.name.lower() == mine.name.lower())
    )


def is_event(format_: Format) -> bool:
    """Whether it stands for keys instead of audio."""
    return format_.name.lower() == TELEPHONE_EVENT


def event_for(clock_rate: int, formats: Iterable[Format]) -> Format | None:
    """The telephone-event with this clock, where there is one, else one with another: phones that offer Opus first name its
    clock alone, and a press is a press however its length is counted.
    """
    events = [format_ for format_ in formats if is_event(format_)]
    return next((event for event in events if event.clock_rate == clock_rate), next(iter(events), None))


def events_for(codecs: Iterable[Codec], formats: Sequence[Format]) -> list[Format]:
    """Of the telephone-events among `formats`, those that go with the codecs."""
    found = (event_for(codec.clock_rate, formats) for codec in codecs)
    return list(dict.fromkeys(event for event in found if event is not None))


def number(mine: Codec | Format, known: Iterable[Format]) -> int:
    """Payload type to offer a format under: the one it is known by, else its own, else a dynamic one that is not taken."""
    taken = set()
    for format_ in known:
        if same(mine, format_):
            return format_.payload_type
        taken.add(format_.payload_type)
    if mine.payload_type not in taken:
        return mine.payload_type
    return next(free for free in range(FIRST_DYNAMIC, FIRST_DYNAMIC + 32) if free not in taken)
