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

Nearly all rows hear in this tick with the same others as in the last, and of those nothing is asked but whose payload they get:
they are columns, and looked at together.

A room where nobody speaks has no line: its stream is fed silence, and after `PARK_TICKS` it is put away, and its listeners
get what all get who hear silence. When somebody speaks the stream begins as a copy of silence. So quiet rooms cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

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


_SOLO: Final = -1
"""In place of a stream's number."""


class Payloads(NamedTuple):
    """What rows are sent in one tick."""

    rows: NDArray[np.intp]
    """(N): all that do not speak G.711."""
    which: NDArray[np.intp]
    """(N): which of `distinct` each gets."""
    distinct: list[bytes]
    """Empty ones where the peer agreed that silence is not sent."""


@dataclass(slots=True)
class _Stream:
    """One encoder for all who hear the same."""

    number: int
    manner: Manner
    key: int
    encoder: Encoder | None = None
    """None while it is put away."""
    tick: int = 0
    """When `payload` was made."""
    payload: bytes = b""
    heard: NDArray[np.int16] = field(default_factory=lambda: _NOTHING)
    """In that tick."""
    silent_ticks: int = 0
    loss: int = 0
    """The most that a listener has reported lately, of a hundred packets."""


@dataclass(slots=True)
class _Row:
    """One listener."""

    manner: Manner
    own: Encoder | None = None
    settled: int = 0
    """Ticks for which `own` has encoded what others hear, too."""
    heard: NDArray[np.int16] = field(default_factory=lambda: _NOTHING)
    """In the last tick, if by `own`."""


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
        self._listeners = np.zeros(0, np.intp)  # the same, as a column
        self._band = np.zeros(len(slot), np.uint8)
        self._key = np.full(len(slot), SILENCE, np.intp)  # what each hears with others, or heard last
        self._share = np.full(len(slot), _SOLO, np.int64)  # whose payload it gets
        self._streams: dict[tuple[Manner, int], _Stream] = {}
        self._numbered: dict[int, _Stream] = {}
        self._last_number = 0
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
        if row in self._rows and self._rows[row].manner == manner:
            return
        self.close(row)
        self._rows[row] = _Row(manner)
        self._band[row] = band
        self._join(row, self._stream(manner, SILENCE))
        self._count()

    def close(self, row: int) -> None:
        """The row is gone, or speaks G.711."""
        state = self._rows.pop(row, None)
        if state is None:
            return
        if state.own is not None:
            self._own -= 1
        self._count()

    def _count(self) -> None:
        self._listeners = np.fromiter(self._rows, np.intp, len(self._rows))

    def _stream(self, manner: Manner, key: int) -> _Stream:
        """That of all of a manner who hear `key`, which may be new."""
        stream = self._streams.get((manner, key))
        if stream is None:
            self._last_number += 1
            stream = _Stream(self._last_number, manner, key)
            self._streams[manner, key] = self._numbered[stream.number] = stream
        return stream

    def _join(self, row: int, stream: _Stream) -> None:
        """The row is one of those who hear this."""
        self._key[row] = stream.key
        self._share[row] = stream.number

    def last(self, row: int) -> int:
        """The last sample of what the row heard."""
        state = self._rows[row]
        heard = self._numbered[int(self._share[row])].heard if state.own is None else state.heard
        return int(heard[-1])

    def expect_loss(self, row: int, percent: int) -> None:
        """The row's peer reports that so many packets of a hundred do not arrive: whatever encodes for it repeats accordingly.

        Of listeners who share an encoder the one who loses most decides.
        """
        state = self._rows.get(row)
        if state is None:
            return
        if state.own is not None:
            state.own.expect_loss(percent)
        else:
            stream = self._numbered[int(self._share[row])]
            stream.loss = max(stream.loss, percent)

    def tick(
        self, wide: Mapping[int, Lines], instead: Mapping[int, NDArray[np.int16]] = MappingProxyType({})
    ) -> Payloads:
        """Encode what everybody hears, and for some rows what they get `instead`."""
        self._tick += 1
        bands = {band: _Band(lines) for band, lines in wide.items()}
        rows = self._listeners
        slots, loops = self._slot[rows], self._music[rows]
        keys = np.where(slots != NO_SLOT, slots, np.where(loops != NO_MUSIC, music_key(loops), SILENCE))
        as_before = (self._share[rows] != _SOLO) & (self._key[rows] == keys) & ~self._alone(rows, wide)
        if instead:
            as_before &= ~np.isin(rows, list(instead))
        which = np.zeros(len(rows), np.intp)
        distinct: list[bytes] = []
        together = as_before
        # First those who need a copy: a stream that has encoded this tick's frame knows more than they have heard.
        for at in (~as_before).nonzero()[0].tolist():
            payload = self._turned(int(rows[at]), int(keys[at]), bands, instead)
            if payload is None:
                together[at] = True
            else:
                which[at] = len(distinct)
                distinct.append(payload)
        if together.any():
            numbers, index = np.unique(self._share[rows[together]], return_inverse=True)
            which[together] = len(distinct) + index
            shared = [self._numbered[number] for number in numbers.tolist()]
            distinct += [self._shared(stream, bands[stream.manner[1]]) for stream in shared]
        if self._tick % REPORT_TICKS == 0:
            self._tend()
        return Payloads(rows, which, distinct)

    def _alone(self, rows: NDArray[np.intp], wide: Mapping[int, Lines]) -> NDArray[np.bool_]:
        """Which of `rows` hear what nobody else does."""
        alone = np.zeros(len(rows), np.bool_)
        for band, lines in wide.items():
            if len(lines.own):
                alone |= (self._band[rows] == band) & (lines.line[rows] >= len(lines.shared))
        return alone

    def _turned(
        self, row: int, key: int, bands: Mapping[int, _Band], instead: Mapping[int, NDArray[np.int16]]
    ) -> bytes | None:
        """Encode for a row that does not simply hear on with others; None where from now on it does."""
        state = self._rows[row]
        band = bands[state.manner[1]]
        own = instead[row] if row in instead else band.own(row)
        if own is not None:
            state.settled = 0
            return self._by_itself(row, state, own)
        if state.own is None and self._own >= MOST_OWN:
            self._join(row, self._stream(state.manner, key))
            return None
        if self._key[row] != key:
            self._own_encoder(row, state)  # a copy of what it heard, before that is something else
            self._key[row], state.settled = key, 0
        payload = self._by_itself(row, state, band.shared(key))
        state.settled += 1
        if state.settled >= SETTLE_TICKS:
            self._settle(row, state, payload)
        return payload

    def _by_itself(self, row: int, state: _Row, frame: NDArray[np.int16]) -> bytes:
        """Encode with the row's own encoder."""
        payload = self._own_encoder(row, state).encode(frame)
        state.heard = frame
        return payload

    def _settle(self, row: int, state: _Row, payload: bytes) -> None:
        """The row is one of many from now on, or the first of them, whose encoder is everybody's."""
        stream = self._stream(state.manner, int(self._key[row]))
        if stream.tick < self._tick - 1:
            stream.encoder, stream.tick, stream.payload = state.own, self._tick, payload
            stream.heard, stream.silent_ticks = state.heard, 0
        self._join(row, stream)
        state.own = None
        self._own -= 1

    def _own_encoder(self, row: int, state: _Row) -> Encoder:
        """The row's own, at first a copy of what it heard so far."""
        if state.own is None:
            stream = self._streams.get((state.manner, int(self._key[row])))
            heard = None if stream is None else stream.encoder
            state.own = self._after_silence(state.manner) if heard is None else heard.copy()
            self._own += 1
            self._share[row] = _SOLO
        return state.own

    def _shared(self, stream: _Stream, band: _Band) -> bytes:
        """What all get who hear this: made once in a tick."""
        if stream.tick == self._tick:
            return stream.payload
        stream.tick = self._tick
        stream.heard = frame = band.shared(stream.key)
        stream.silent_ticks = 0 if stream.key in band.index else stream.silent_ticks + 1
        if stream.key != SILENCE and stream.silent_ticks > PARK_TICKS:
            stream.encoder = None
            stream.payload = self._shared(self._stream(stream.manner, SILENCE), band)
        else:
            if stream.encoder is None:
                stream.encoder = self._after_silence(stream.manner)
            stream.payload = stream.encoder.encode(frame)
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
                del self._streams[name], self._numbered[stream.number]
            elif stream.encoder is not None:
                stream.encoder.expect_loss(stream.loss)
                stream.loss = 0
