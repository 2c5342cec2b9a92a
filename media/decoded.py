"""Samples of rows whose codec remembers: decoded one after another as they are needed, and kept by position.

Theory of operation
-------------------
What came waits undecoded: bytes of G.722 in the jitter buffer's ring, where one byte is one position, packets of any other
codec here, by the position that they begin at. A row is decoded from where it was left off as far as somebody wants to read
(`repair` reads ahead where it changes the delay), never twice, and what comes out lies in a ring of samples of the same span.

Where a packet is missing the decoder is told how much: Opus goes through the gap with its own means, so that what follows
is decoded as it was meant. Is the next packet here already and repeats what was lost (in-band FEC), then the lost one counts as
come: the jitter buffer is told so when the next one comes, and nothing has to be made up.

Nobody decodes what nobody may hear. When somebody may again, decoding begins there, what lies between is nobody's; of G.722
some frames before, of which the decoder needs to hear as much as that to be where it would be. Whether a frame of G.722 may be
heard is told from its codes, all rows together (`codecs.g722_columns`); where they do not say, it is decoded, and measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.level import rms_dbov
from media.codecs.coders import decoder
from media.codecs.face import Decoder
from media.codecs.g722_columns import Hearsay
from media.codecs.kind import G722, LONGEST_SAMPLES, facts
from media.jitter import FRAME, JitterBuffer, Pull
from media.ring import BLOCK, SPAN

WAITING_PACKETS: Final = 128
"""Of one row, undecoded: more than fit into the buffer's 640 ms at 5 ms each. A peer that sends more has some thrown away."""
_LEFT_BEHIND: Final = 2 * FRAME
"""Who was not decoded for longer than this begins afresh."""
RUN_IN: Final = 12 * FRAME
"""Bytes of G.722 (240 ms) that a decoder hears before the first that counts, where it has not heard all. How it differs from one
that has is then 30 to 57 dB below the voice, 21 in the worst case seen, a voice of -45 dBov that breaks digital silence; the noise
of coding lies 23 to 28 below. (Of 8 frames 13 to 34 at the least, of 4 frames 5 to 25.) The ring has so many unless the delay is
more than 380 ms."""
_LED_IN: Final = 2 * FRAME
"""As much will do to know how loud something is whose steps hardly grow; `Hearsay` has followed so much by then."""
_SAMPLED: Final = np.array([0, BLOCK, FRAME - 1])
"""Samples of a frame that are in all the blocks of the ring that it touches."""


@dataclass(slots=True)
class _Packet:
    """An undecoded packet."""

    payload: bytes
    duration: int
    repeated: bool = False
    """It is the packet behind this one, which repeats it."""


@dataclass(slots=True)
class _Row:
    """One row's decoding."""

    decoder: Decoder
    in_ring: bool
    """Its payload is in the jitter buffer's ring."""
    run: int
    """Of the jitter buffer's positions; in another one everything is somewhere else."""
    packets: dict[int, _Packet] = field(default_factory=dict)
    done: int = 0
    """Everything before this position is decoded, or given up."""
    at: int = 0
    """Where the decoder stands, if the payload is in the ring: behind `done` where it was only asked how loud something is."""
    since: int = -RUN_IN
    """From here to `at` it has heard everything."""
    laid: int = 0
    """What is before this is in the ring of samples as it was heard, and may have been repaired: it is not laid down again."""
    end: int = 0
    """Of the packet that came last."""

    def covering(self, position: int) -> int | None:
        """Where the packet begins that holds `position`; None where it has not come."""
        if position in self.packets:
            return position
        covers = (at for at, packet in self.packets.items() if at < position < at + packet.duration)
        return next(covers, None)


class Decoding:
    """All rows that are decoded one by one, at whatever band.

    Parameters
    ----------
    rows : int
    jitter : JitterBuffer
    """

    def __init__(self, rows: int, jitter: JitterBuffer) -> None:
        self._capacity = rows
        self._jitter = jitter
        self.sources: dict[int, DecodedSource] = {}
        """By band; one that was needed once stays."""
        self.apart = np.zeros(rows, np.bool_)
        """The row's payload is not in the jitter buffer's ring."""
        self.coded = np.zeros(rows, np.bool_)
        """The row is one of them."""
        self._band: dict[int, int] = {}
        self._in_ring = np.zeros(rows, np.bool_)
        self._hearsay = Hearsay(rows)

    @property
    def idle(self) -> bool:
        """There are no such rows."""
        return not self._band

    def open(self, row: int, codec: int, band: int) -> None:
        """The row speaks this from now on.

        Raises CodecError where the codec has no such band, or its library is missing.
        """
        self.close(row)
        if band not in self.sources:
            self.sources[band] = DecodedSource(band, self._capacity, self._jitter)
        in_ring = facts(codec).sample_bytes == 1
        self.sources[band].open(row, decoder(codec, band), in_ring=in_ring)
        self.apart[row] = not in_ring
        self.coded[row] = True
        self._in_ring[row] = in_ring
        self._hearsay.clear(row)
        self._band[row] = band

    def close(self, row: int) -> None:
        """The row is gone, or speaks G.711."""
        band = self._band.pop(row, None)
        if band is not None:
            self.sources[band].close(row)
            self.apart[row] = self.coded[row] = self._in_ring[row] = False

    def source(self, row: int) -> DecodedSource:
        """That of a row that was opened."""
        return self.sources[self._band[row]]

    def sound(self, rows: NDArray[np.intp], start: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which of `rows`, all decoded here, may have something to say in what begins at `start`."""
        in_ring = self._in_ring[rows]
        sounds = in_ring.copy()
        for place in (~in_ring).nonzero()[0].tolist():
            row = int(rows[place])
            sounds[place] = not self.source(row).silent(row, int(start[place]))
        here = in_ring.nonzero()[0]
        if here.size:
            sounds[here] = self._codes_sound(rows[here], start[here])
        return sounds

    def _codes_sound(self, rows: NDArray[np.intp], start: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As `sound`, of rows whose codes are in the ring."""
        ring = self._jitter.ring
        codes = ring.frames(rows, start)
        sampled = (start[:, None] + _SAMPLED).ravel()
        there = ring.there(np.repeat(rows, len(_SAMPLED)), sampled, 1).reshape(len(rows), -1)
        told = self._hearsay.frames(
            rows, start, self._jitter.runs[rows], codes, np.logical_and.reduce(there, axis=1)
        )
        sounds = ~told.quiet
        which = told.unsure.nonzero()[0]
        if which.size:
            frames, kept = self.sources[G722.band].hear(
                rows[which], start[which], codes[which], told.sudden[which]
            )
            # What is decoded in any case may as well tell of the line's noise.
            sounds[which] = ~self._hearsay.heard(rows[which], rms_dbov(frames)) | kept
        return sounds


class DecodedSource:
    """The rows of one band; see `repair.Source`.

    Parameters
    ----------
    band : int
    rows : int
    jitter : JitterBuffer
    """

    def __init__(self, band: int, rows: int, jitter: JitterBuffer) -> None:
        self.band = band
        self._jitter = jitter
        self._lap = SPAN * band
        frame = FRAME * band
        self._flat = np.zeros(rows * self._lap + frame, np.int16)  # what unused rows have is never touched
        self._samples = self._flat[:-frame].reshape(rows, self._lap)
        piece = np.dtype((np.void, 2 * frame))
        # Frames that begin at every sample and overlap: one is copied as one thing, wherever it begins.
        self._anywhere = np.ndarray(rows * self._lap + 1, piece, self._flat.data, strides=(2,))
        self._rows: dict[int, _Row] = {}

    def open(self, row: int, decoder: Decoder, *, in_ring: bool) -> None:
        """The row's payload is decoded by this from now on."""
        self._rows[row] = _Row(decoder, in_ring, int(self._jitter.runs[row]))

    def close(self, row: int) -> None:
        """The row is gone, or at another band."""
        self._rows.pop(row, None)

    # In --------------------------------------------------------------------------------------------------------

    def duration(self, row: int, payload: bytes) -> int:
        """How long `payload` is, in samples at 8 kHz; 0 where it is none of the row's codec."""
        return self._rows[row].decoder.duration(payload)

    def keep(self, row: int, position: int, payload: bytes, duration: int) -> None:
        """Keep what begins at `position`; and where the packet before is missing and this one repeats it, that, too."""
        state = self._present(row)
        if len(state.packets) >= WAITING_PACKETS:
            self._tidy(row, state)
        state.packets[position] = _Packet(payload, duration)
        follows, state.end = state.end, position + duration
        if follows == position:
            return
        repeated = state.decoder.repeats(payload)
        before = position - repeated
        if not repeated or before < state.done or state.covering(before) is not None:
            return
        if self._jitter.supply(row, before, repeated):
            state.packets[before] = _Packet(payload, repeated, repeated=True)

    def _present(self, row: int) -> _Row:
        """The row, with nothing left of positions that are none any more."""
        state = self._rows[row]
        run = int(self._jitter.runs[row])
        if state.run != run:
            state.run = run
            state.packets.clear()
            state.done = state.end = state.at = state.laid = 0
            state.since = -RUN_IN
            state.decoder.reset()
        return state

    def _tidy(self, row: int, state: _Row) -> None:
        """Throw away what will not be played: what is behind, and of the rest what is furthest ahead."""
        behind = max(state.done, int(self._jitter.play[row]) - _LEFT_BEHIND)
        kept = sorted(position for position in state.packets if position >= behind)[: WAITING_PACKETS // 2]
        state.packets = {position: state.packets[position] for position in kept}

    def silent(self, row: int, position: int) -> bool:
        """Whether nobody is heard in the packet at `position`, as can be seen without decoding it."""
        state = self._present(row)
        begin = state.covering(position)
        return begin is not None and state.decoder.silent(state.packets[begin].payload)

    # Out -------------------------------------------------------------------------------------------------------

    def hear(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        codes: NDArray[np.uint8],
        well: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Decode these frames, of rows whose payload is in the ring, to know how loud they are.

        They and the two before them have come.

        Parameters
        ----------
        well : ndarray of shape (M,), bool
            As they are; the others need no more than be about as loud.

        Returns
        -------
        frames : ndarray of shape (M, 160 * band), int16
        kept : ndarray of shape (M,), bool
            They are as they are, and need not be decoded again.
        """
        frames = np.zeros((len(rows), FRAME * self.band), np.int16)
        kept = np.ones(len(rows), np.bool_)
        for place, (row, begin) in enumerate(zip(rows.tolist(), start.tolist(), strict=True)):
            state = self._present(row)
            if state.done < begin + FRAME and (not well[place] or state.done == begin == state.at):
                kept[place] = self._hear(row, state, begin, codes[place], frames[place])
        there = kept.nonzero()[0]
        frames[there] = self.read(rows[there], start[there], FRAME)
        return frames, kept

    def _hear(
        self, row: int, state: _Row, begin: int, codes: NDArray[np.uint8], frame: NDArray[np.int16]
    ) -> bool:
        """Decode a frame to `frame`; whether that is worth keeping, and kept."""
        if state.at != begin:
            if not 0 <= begin - state.at <= _LED_IN:
                state.at = state.since = begin - _LED_IN
            rows, since = np.array([row]), np.array([state.at])
            codes = self._jitter.ring.codes(rows, since, begin + FRAME - state.at)[0]
        state.at = begin + FRAME
        samples = state.decoder.decode(codes.tobytes())
        if samples is not None:
            frame[:] = samples[-len(frame) :]
            if begin >= state.done:
                self._put(row, begin, frame)
        if begin - state.since < RUN_IN:
            return False
        state.done = state.at
        return True

    def frames(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """See `repair.Source`."""
        there = pull.complete[rows]
        if there.all():
            return self._complete(rows, pull)
        frames = np.zeros((len(rows), FRAME * self.band), np.int16)  # not what the ring holds from a lap ago
        frames[there] = self._complete(rows[there], pull)
        return frames

    def _complete(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """Frames that have come whole. Whose bytes are in the ring has them in `pull`, and nearly always they follow the last."""
        start = pull.start[rows]
        for row, begin in zip(rows.tolist(), start.tolist(), strict=True):
            state = self._present(row)
            if state.in_ring and state.done == begin == state.at:
                self._put(row, begin, state.decoder.decode(pull.codes[row].tobytes()))
                state.done = state.at = begin + FRAME
        return self.read(rows, start, FRAME)

    def read(self, rows: NDArray[np.intp], start: NDArray[np.int64], size: int) -> NDArray[np.int16]:
        """See `repair.Source`."""
        for row, begin in zip(rows.tolist(), start.tolist(), strict=True):
            if self._rows[row].done < begin + size:
                self._decode(row, begin, begin + size)
        begin = start * self.band % self._lap
        if size == FRAME and not (begin > self._lap - FRAME * self.band).any():
            pieces = self._anywhere[rows * self._lap + begin]
            frames: NDArray[np.int16] = pieces.view(np.int16).reshape(len(rows), FRAME * self.band)
            return frames
        at = (begin[:, None] + np.arange(size * self.band)) % self._lap
        samples: NDArray[np.int16] = self._samples[rows[:, None], at]
        return samples

    def write(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        samples: NDArray[np.int16],
        only: NDArray[np.bool_],
    ) -> None:
        """See `repair.Source`."""
        at = (start[:, None] * self.band + np.arange(samples.shape[1])) % self._lap
        wanted = np.repeat(only, self.band, axis=1)
        owner = np.broadcast_to(rows[:, None], at.shape)
        self._samples[owner[wanted], at[wanted]] = samples[wanted]

    def _decode(self, row: int, start: int, until: int) -> None:
        """Decode what has come of the row as far as `until`; `start` is what is wanted first."""
        state = self._present(row)
        if state.in_ring:
            if state.at != state.done or start - state.done > RUN_IN:
                state.decoder.reset()
                state.laid = state.done
                state.done = state.at = max(start - RUN_IN, 0)
                state.since = state.done - RUN_IN  # it hears what it needs, or all that there is
        elif start - state.done > _LEFT_BEHIND:
            begin = state.covering(start)
            state.done = start if begin is None else begin
        go_on = self._decode_ring if state.in_ring else self._decode_next
        while state.done < until and go_on(row, state, until):
            pass

    def _decode_ring(self, row: int, state: _Row, until: int) -> bool:
        """Decode a run of bytes in the ring; False where there is none before `until`."""
        rows, begin = np.array([row]), np.array([state.done])
        end = int(self._jitter.ring.run(rows, begin, there=True)[0])
        if end == state.done:
            end = int(self._jitter.ring.run(rows, begin, there=False)[0])
            if end >= until:
                return False
            state.done = state.at = end
            return True
        end = min(end, until, state.done + LONGEST_SAMPLES)
        if state.done < state.laid:
            end = min(end, state.laid)
        codes = self._jitter.ring.codes(rows, begin, end - state.done)[0].tobytes()
        samples = state.decoder.decode(codes)
        if state.done >= state.laid:
            self._put(row, state.done, samples)
        state.done = state.at = end
        return True

    def _decode_next(self, row: int, state: _Row, until: int) -> bool:
        """Decode the next packet, after the gap before it if there is one; False where there is none before `until`."""
        if state.done not in state.packets:
            later = [position for position in state.packets if state.done < position < until]
            if not later:
                return False
            begin = min(later)
            state.decoder.conceal(begin - state.done)
            state.done = begin
        packet = state.packets.pop(state.done)
        decode = state.decoder.recover if packet.repeated else state.decoder.decode
        self._put(row, state.done, decode(packet.payload))
        state.done += packet.duration
        return True

    def _put(self, row: int, position: int, samples: NDArray[np.int16] | None) -> None:
        """Lay decoded samples down; what could not be decoded leaves what was there."""
        if samples is None:
            return
        begin = position * self.band % self._lap
        first = min(len(samples), self._lap - begin)
        self._samples[row, begin : begin + first] = samples[:first]
        self._samples[row, : len(samples) - first] = samples[first:]
