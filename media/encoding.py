"""The payloads of rows whose codec has a past: one encoder for all who hear the same, one of his own for whoever does not.

Theory of operation
-------------------
A *stream* is an encoder that goes on from tick to tick with one thing to be heard: a room, a music, silence. It belongs to a
*manner* (codec and terms), and everybody of that manner who hears that thing gets the same payload. What a room's listeners
hear is encoded once, be it one or a thousand.

A row that begins to hear something else (it talks, and so hears the room without itself; a prompt plays to it alone; it
enters a room) takes a copy of the encoder that it heard so far, and that copy goes on with what it hears now. So its decoder
is never surprised. Once it has heard for `SETTLE_TICKS` what a stream carries, both encoders remember the same, the copy is
dropped, and the row is one of many again.

A room where nobody speaks has no line: its stream is fed silence, and after `PARK_TICKS` it is put away, and its listeners
get what all get who hear silence. When somebody speaks the stream begins as a copy of silence. So quiet rooms cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from media.codecs.coders import encoder
from media.codecs.face import Encoder
from media.codecs.terms import OpusTerms
from media.control import Codec
from media.hearing import NO_MUSIC, SILENCE, Lines, music_key
from media.rooms import NO_SLOT

SETTLE_TICKS: Final = 10
"""200 ms: G.722's predictors forget by a factor of 255/256 a sample, Opus' within its 2.5 to 60 ms frames and a few of them."""
PARK_TICKS: Final = 25
"""Half a second of silence, after which a room's encoder remembers nothing else."""
REPORT_TICKS: Final = 250
"""5 s, as often as listeners report what they lose (RFC 3550 section 6.2)."""
MOST_OWN: Final = 128
"""Rows on their way to what others hear with an encoder of their own, in one worker: at 0.1 ms each that is more than half of
a tick. Who would be one more gets there without a copy, which may click; that happens when a hundred are moved at once."""

Manner: TypeAlias = tuple[Codec, int, OpusTerms | None]
"""Codec, band and terms."""
_NOTHING: Final = np.zeros(1, np.int16)


@dataclass(slots=True)
class _Stream:
    """One encoder for all who hear the same."""

    encoder: Encoder | None = None
    """None while it is put away."""
    tick: int = 0
    """When `payload` was made."""
    payload: bytes = b""
    silent_ticks: int = 0
    loss: int = 0
    """The most that a listener has reported lately, of a hundred packets."""


@dataclass(slots=True)
class _Row:
    """One listener."""

    manner: Manner
    key: int = SILENCE
    """What it hears with others, or heard last."""
    own: Encoder | None = None
    settled: int = 0
    """Ticks for which `own` has encoded what others hear, too."""
    heard: NDArray[np.int16] = field(default_factory=lambda: _NOTHING)
    """In the last tick."""

    def hear(self, frame: NDArray[np.int16]) -> NDArray[np.int16]:
        """Remember what is heard."""
        self.heard = frame
        return frame


class _Band:
    """What one tick has to be heard at one band."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.index = {key: at for at, key in enumerate(lines.keys)}
        """Where the line of each key is; of rooms where nothing sounds there is none."""

    def shared(self, key: int) -> NDArray[np.int16]:
        """What all hear who hear `key`."""
        frame: NDArray[np.int16] = self._lines.shared[self.index.get(key, self.index[SILENCE])]
        return frame

    def own(self, row: int) -> NDArray[np.int16] | None:
        """What the row hears alone; None where others hear it, too."""
        at = int(self._lines.line[row]) - len(self._lines.shared)
        return self._lines.own[at] if at >= 0 else None


class Encoding:
    """Rows that do not speak G.711.

    Parameters
    ----------
    slot : ndarray of shape (R,), int32
        The room slot of each row.
    music : ndarray of shape (R,), intp
        The loop that each row hears while it is in no room.
    make : callable, optional
        Of a manner, a new encoder.
    """

    def __init__(
        self,
        slot: NDArray[np.int32],
        music: NDArray[np.intp],
        make: Callable[[Codec, int, OpusTerms | None], Encoder] = encoder,
    ) -> None:
        self._slot = slot
        self._music = music
        self._make = make
        self._rows: dict[int, _Row] = {}
        self._streams: dict[tuple[Manner, int], _Stream] = {}
        self._own = 0
        self._tick = 0

    @property
    def idle(self) -> bool:
        """No such rows."""
        return not self._rows

    def has(self, row: int) -> bool:
        """Whether the row is one of them."""
        return row in self._rows

    def open(self, row: int, codec: Codec, band: int, terms: OpusTerms | None) -> None:
        """From the next frame on the row speaks this; another manner that it spoke before ends."""
        manner = (codec, band, terms)
        if row not in self._rows or self._rows[row].manner != manner:
            self.close(row)
            self._rows[row] = _Row(manner)

    def close(self, row: int) -> None:
        """The row is gone, or speaks G.711."""
        state = self._rows.pop(row, None)
        if state is not None and state.own is not None:
            self._own -= 1

    def last(self, row: int) -> int:
        """The last sample of what the row heard."""
        return int(self._rows[row].heard[-1])

    def expect_loss(self, row: int, percent: int) -> None:
        """The row's peer reports that so many packets of a hundred do not arrive: whatever encodes for it repeats accordingly.

        Of listeners who share an encoder the one who loses most decides.
        """
        state = self._rows.get(row)
        if state is None:
            return
        if state.own is not None:
            state.own.expect_loss(percent)
        elif (stream := self._streams.get((state.manner, state.key))) is not None:
            stream.loss = max(stream.loss, percent)

    def tick(
        self, wide: Mapping[int, Lines], instead: Mapping[int, NDArray[np.int16]] = MappingProxyType({})
    ) -> list[tuple[int, bytes]]:
        """Encode what everybody hears, and for some rows what they get `instead`.

        Returns rows and payloads, empty ones where the peer agreed that silence is not sent.
        """
        self._tick += 1
        bands = {band: _Band(lines) for band, lines in wide.items()}
        rows = np.fromiter(self._rows, np.intp, len(self._rows))
        slots, loops = self._slot[rows], self._music[rows]
        keys = np.where(slots != NO_SLOT, slots, np.where(loops != NO_MUSIC, music_key(loops), SILENCE))
        out: list[tuple[int, bytes]] = []
        together = []
        # First those who need a copy: a stream that has encoded this tick's frame knows more than they have heard.
        for row, key, state in zip(rows.tolist(), keys.tolist(), self._rows.values(), strict=True):
            band = bands[state.manner[1]]
            own = band.own(row) if row not in instead else instead[row]
            if own is not None:
                out.append((row, self._alone(state, own)))
            elif state.own is None and (state.key == key or self._own >= MOST_OWN):
                together.append((row, key, state))
            else:
                out.append((row, self._approach(state, key, band.shared(key))))
        for row, key, state in together:
            band = bands[state.manner[1]]
            state.key = key
            state.heard = band.shared(key)
            out.append((row, self._shared(state.manner, key, band)))
        if self._tick % REPORT_TICKS == 0:
            self._tend()
        return out

    def _alone(self, state: _Row, frame: NDArray[np.int16]) -> bytes:
        """Encode for a row that hears what nobody else does."""
        state.settled = 0
        return self._own_encoder(state).encode(state.hear(frame))

    def _approach(self, state: _Row, key: int, frame: NDArray[np.int16]) -> bytes:
        """Encode for a row that comes to what others hear, too."""
        own = self._own_encoder(state)
        if state.key != key:
            state.key, state.settled = key, 0
        payload = own.encode(state.hear(frame))
        state.settled += 1
        if state.settled >= SETTLE_TICKS:
            self._settle(state, own, payload)
        return payload

    def _settle(self, state: _Row, own: Encoder, payload: bytes) -> None:
        """The row is one of many from now on, or the first of them, whose encoder is everybody's."""
        stream = self._streams.get((state.manner, state.key))
        if stream is None or stream.tick < self._tick - 1:
            self._streams[state.manner, state.key] = _Stream(own, self._tick, payload)
        state.own = None
        self._own -= 1

    def _own_encoder(self, state: _Row) -> Encoder:
        """The row's own, at first a copy of what it heard so far."""
        if state.own is None:
            stream = self._streams.get((state.manner, state.key))
            heard = None if stream is None else stream.encoder
            state.own = self._after_silence(state.manner) if heard is None else heard.copy()
            self._own += 1
        return state.own

    def _shared(self, manner: Manner, key: int, band: _Band) -> bytes:
        """What all get who hear `key`: made once in a tick."""
        stream = self._streams.setdefault((manner, key), _Stream())
        if stream.tick == self._tick:
            return stream.payload
        stream.tick = self._tick
        stream.silent_ticks = 0 if key in band.index else stream.silent_ticks + 1
        if key != SILENCE and stream.silent_ticks > PARK_TICKS:
            stream.encoder = None
            stream.payload = self._shared(manner, SILENCE, band)
        else:
            if stream.encoder is None:
                stream.encoder = self._after_silence(manner)
            stream.payload = stream.encoder.encode(band.shared(key))
        return stream.payload

    def _after_silence(self, manner: Manner) -> Encoder:
        """An encoder for whoever heard silence so far."""
        silence = self._streams.get((manner, SILENCE))
        if silence is None or silence.encoder is None:
            return self._make(*manner)
        return silence.encoder.copy()

    def _tend(self) -> None:
        """Take to heart what is lost, and forget streams that nobody hears any more."""
        for name, stream in list(self._streams.items()):
            if stream.tick < self._tick - 1:
                del self._streams[name]
            elif stream.encoder is not None:
                stream.encoder.expect_loss(stream.loss)
                stream.loss = 0
