"""The face that every codec shows: what a decoder and an encoder can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:  # so that whoever asks for the library alone does not load numpy
    from dsp.frames import Frames


class CodecError(Exception):
    """A coder was asked for what it cannot be or do: a band that the codec has not, a library that is missing, a frame of a
    length that no packet has. Always a mistake on our side; what a peer sends never raises.
    """


class Decoder(Protocol):
    """One stream's way in: payloads in the order of their timestamps, PCM out at the decoder's band.

    A payload is whatever a peer sent, of any length. What is not one of the codec gives None and changes nothing: the caller
    counts it and conceals.
    """

    def decode(self, payload: bytes) -> Frames | None:
        """Return the samples of `payload`, an array that is the caller's; None where it is none of the codec."""

    def conceal(self, samples: int) -> Frames | None:
        """Return what the codec itself puts into a gap of `samples` (at 8 kHz) that begins now; None: it has no way."""

    def recover(self, following: bytes) -> Frames | None:
        """Return the end of a gap from what `following`, the payload right behind the gap, repeats of it; then `decode` that.

        None where it repeats nothing. What comes back is as long as `repeats` says, which may be less than `following` itself: the
        part of a longer gap before that is to be concealed first.
        """

    def repeats(self, payload: bytes) -> int:
        """How long before `payload` what `recover` can make of it begins, in samples at 8 kHz; 0: it repeats nothing."""

    def duration(self, payload: bytes) -> int:
        """How long `payload` lasts, in samples at 8 kHz, without decoding it; 0 where it is none of the codec."""

    def silent(self, payload: bytes) -> bool:
        """Nobody is heard in `payload`, as can be seen without decoding it: it can be left out of everything."""

    def reset(self) -> None:
        """Forget what was: another source begins."""


class Unrepaired:
    """What a decoder says whose codec has nothing of its own for lost packets."""

    def conceal(self, samples: int) -> None:  # noqa: ARG002 - the face has it
        """Nothing is made up."""
        return

    def recover(self, following: bytes) -> None:  # noqa: ARG002 - the face has it
        """Nothing is repeated."""
        return

    def repeats(self, payload: bytes) -> int:  # noqa: ARG002 - the face has it
        """Nothing is repeated."""
        return 0


class Encoder(Protocol):
    """The way out of one stream, or of all that hear the same."""

    def encode(self, frame: Frames) -> bytes:
        """Return the payload of `frame`, which is as long as the packet; empty where the peer agreed that silence is not sent.

        frame : ndarray of shape (S,), int16, at the encoder's band
        """

    def copy(self) -> Self:
        """Return an encoder that goes on from here by itself, without a click to whoever heard this one."""

    def expect_loss(self, percent: int) -> None:
        """So many packets of a hundred do not arrive, by the peer's reports: repeat what was said where the codec can."""

    def reset(self) -> None:
        """Forget what was."""
