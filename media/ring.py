"""Where what came waits to be played: the codes of all rows by position, and which positions are there.

A ring of samples per row, kept in blocks of 10 ms, each stamped with the number of what it holds: a stamp that is not the
number sought says "not here", and nothing is ever wiped. A packet of 160 samples on the grid, nearly every one, is one
row copy; one of any other multiple of 10 ms is a few; the rest are scattered sample by sample, as columns too.

What is read may begin anywhere: the ring is also seen as pieces that begin at every sample and overlap, so a frame off
the grid is one copy as well, and only the few that reach over the ring's end are put together.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FRAME: Final = 160
"""Samples of one tick at 8 kHz."""
BLOCK: Final = 80
"""Samples of 10 ms, which packet times are multiples of."""
SLOTS: Final = 32
"""Frames in a row's ring: 640 ms."""
SPAN: Final = SLOTS * FRAME

_BLOCKS: Final = SPAN // BLOCK
_LAP: Final = SLOTS - 1  # SLOTS is a power of two: a frame's number modulo SLOTS
_NEAR: Final = 10
"""Blocks (100 ms) at which nearly every run has ended; only those that have not are followed for longer."""
_FAR: Final = _BLOCKS - 8
_NONE: Final = -1  # the stamp of a block that holds nothing
_FRAME_PIECE: Final = np.dtype((np.void, FRAME))
_SAMPLES: Final = np.arange(BLOCK)

_PAIR_STEP: Final = 0x2_0000_0002
_PAIR_FIRST: Final = 0x1_0000_0000
"""The stamps of frame f's two blocks, 2f and 2f + 1, as they lie in memory (little-endian), are f steps from the first."""


class Ring:
    """Codes of R rows; positions are in samples, from 0 up."""

    def __init__(self, rows: int) -> None:
        self._codes = np.zeros((rows + 1) * SPAN, np.uint8)  # behind the last row is room to read on
        self._frames = self._codes[:-SPAN].reshape(rows * SLOTS, FRAME)
        self._blocks = self._frames.reshape(rows * _BLOCKS, BLOCK)
        self._pieces = self._frames.view(_FRAME_PIECE)[:, 0]  # each frame as one thing, copied as one
        self._pieces_of: dict[int, NDArray[np.void]] = {}  # of each size asked for: one from every sample on
        self._stamps = np.full(rows * _BLOCKS, _NONE, np.int32)  # which block of its row each holds whole
        self._pairs = self._stamps.view(np.int64)  # the same, two blocks at a time: which frame
        self._flags = np.zeros((rows * _BLOCKS, BLOCK), np.bool_)  # of blocks that came in odd pieces
        self._flagged = np.full(rows * _BLOCKS, _NONE, np.int32)  # which block the flags are of
        self._first = np.arange(rows) * SPAN

    def forget(self, rows: NDArray[np.intp]) -> None:
        """Nothing of these rows is there any more."""
        for stamps in (self._stamps, self._flagged):
            stamps.reshape(-1, _BLOCKS)[rows] = _NONE

    def fill(self, rows: NDArray[np.intp], codes: NDArray[np.uint8]) -> None:
        """Make one code of each row all that its ring holds, and none of it there."""
        self._codes[:-SPAN].reshape(-1, SPAN)[rows] = codes[:, None]

    # In --------------------------------------------------------------------------------------------------------

    def put_frames(
        self,
        rows: NDArray[np.intp],
        frame: NDArray[np.int64],
        slots: NDArray[np.uint8],
        at: NDArray[np.intp],
        start: int,
    ) -> None:
        """Store `slots[at, start : start + FRAME]` as frame number `frame` of each row."""
        here = rows * SLOTS + (frame & _LAP)
        payloads = np.ndarray(len(slots), _FRAME_PIECE, slots.data, offset=start, strides=slots.strides[:1])
        self._pieces[here] = payloads[at]
        self._pairs[here] = frame * _PAIR_STEP + _PAIR_FIRST

    def put(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        least: NDArray[np.int64],
        slots: NDArray[np.uint8],
        at: NDArray[np.intp],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> None:
        """Store packets of any length, all but what is before `least`: whole blocks at a time where they are on the grid."""
        ordinary = (position % BLOCK == 0) & (length % BLOCK == 0)
        which = ordinary.nonzero()[0]
        first = position[which] // BLOCK
        count = length[which] // BLOCK
        for piece in range(int(count.max(initial=0))):
            number = first + piece
            has = (count > piece) & ((number + 1) * BLOCK > least[which])
            mine, number = which[has], number[has]
            here = rows[mine] * _BLOCKS + number % _BLOCKS
            self._blocks[here] = slots[at[mine, None], start[mine, None] + (_SAMPLES + BLOCK * piece)]
            self._stamps[here] = number
        odd = (~ordinary).nonzero()[0]
        if odd.size:
            self._scatter(rows[odd], position[odd], least[odd], slots[at[odd]], start[odd], length[odd])

    def _scatter(
        self,
        rows: NDArray[np.intp],
        position: NDArray[np.int64],
        least: NDArray[np.int64],
        slots: NDArray[np.uint8],
        start: NDArray[np.intp],
        length: NDArray[np.intp],
    ) -> None:
        """Packets off the grid, sample by sample (ragged, but still columns)."""
        owner, within = _ragged(length)
        sample = position[owner] + within
        fits = sample >= least[owner]
        owner, within, sample = owner[fits], within[fits], sample[fits]
        number = sample // BLOCK
        here = rows[owner] * _BLOCKS + number % _BLOCKS
        begins = np.diff(here, prepend=_NONE).nonzero()[0]  # where each block touched has its first sample
        touched, numbers = here[begins], number[begins].astype(np.int32)
        anew = self._flagged[touched] != numbers
        # Another packet may have brought the whole block before: then all of it is there.
        self._flags[touched[anew]] = (self._stamps[touched[anew]] == numbers[anew])[:, None]
        self._flagged[touched] = numbers
        self._blocks[here, sample % BLOCK] = slots[owner, start[owner] + within]
        self._flags[here, sample % BLOCK] = True
        whole = self._flags[touched].all(axis=1)
        self._stamps[touched[whole]] = numbers[whole]

    def mark_blocks(
        self, rows: NDArray[np.intp], position: NDArray[np.int64], length: NDArray[np.intp]
    ) -> None:
        """Whole blocks have come whose codes are kept elsewhere: `position` and `length` are multiples of `BLOCK`."""
        first, count = position // BLOCK, length // BLOCK
        for piece in range(int(count.max(initial=0))):
            has = count > piece
            number = first[has] + piece
            self._stamps[rows[has] * _BLOCKS + number % _BLOCKS] = number

    def mark(self, row: int, position: int, length: int) -> None:
        """Of one row, `length` samples from `position` on have come, though their codes are kept elsewhere."""
        number = np.arange(position // BLOCK, -(-(position + length) // BLOCK))
        sample = number[:, None] * BLOCK + _SAMPLES
        here = row * _BLOCKS + number % _BLOCKS
        there = (sample >= position) & (sample < position + length)
        known = self._flags[here] & (self._flagged[here] == number)[:, None]
        known |= (self._stamps[here] == number)[:, None]
        there |= known
        self._flags[here] = there
        self._flagged[here] = number
        whole = there.all(axis=1)
        self._stamps[here[whole]] = number[whole]

    # What is there ---------------------------------------------------------------------------------------------

    def there(self, rows: NDArray[np.intp], start: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
        """Tell which of the `size` samples from `start` on have come; (len(rows), size)."""
        number = start[:, None] // BLOCK + np.arange(size // BLOCK + 2)
        here = rows[:, None] * _BLOCKS + number % _BLOCKS
        is_whole = self._stamps.take(here) == number
        in_part = self._flagged.take(here) == number
        sample = (start % BLOCK)[:, None] + np.arange(size)
        block = sample // BLOCK + np.arange(0, here.size, here.shape[1])[:, None]
        there: NDArray[np.bool_] = is_whole.take(block)
        if np.count_nonzero(in_part):
            there |= in_part.take(block) & self._flags[here.take(block), sample % BLOCK]
        return there

    def run(self, rows: NDArray[np.intp], start: NDArray[np.int64], *, there: bool) -> NDArray[np.int64]:
        """Return the first position from `start` on that is not there, or, with `there` False, the first that is.

        `start` + 560 ms or a bit more where everything from there on is the same.
        """
        end, in_part = self._run_of_blocks(rows, start, _NEAR, there=there)
        far = (end - start > (_NEAR - 1) * BLOCK).nonzero()[0]
        if far.size:
            end[far], in_part[far] = self._run_of_blocks(rows[far], start[far], _FAR, there=there)
        pieces = in_part.nonzero()[0]
        if pieces.size:
            end[pieces] = self._run_in_pieces(rows[pieces], start[pieces], end[pieces], there=there)
        return end

    def _run_of_blocks(
        self, rows: NDArray[np.intp], start: NDArray[np.int64], blocks: int, *, there: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The same for whole blocks, looking at so many; and which runs end at a block that came in pieces."""
        number = start[:, None] // BLOCK + np.arange(blocks + 1)
        here = rows[:, None] * _BLOCKS + number % _BLOCKS
        goes_on = self._stamps.take(here) == number
        if there:
            goes_on[:, -1] = False
            passed = goes_on.argmin(axis=1)
        else:
            in_part = self._flagged.take(here) == number
            goes_on |= in_part
            goes_on[:, -1] = True
            passed = goes_on.argmax(axis=1)
        last = np.arange(0, here.size, blocks + 1) + passed
        end = number.take(last)
        in_part = (self._flagged.take(here.take(last)) == end) & (passed < blocks)
        if not there:
            in_part &= self._stamps.take(here.take(last)) != end
        return np.maximum(end * BLOCK, start), in_part

    def _run_in_pieces(
        self, rows: NDArray[np.intp], start: NDArray[np.int64], end: NDArray[np.int64], *, there: bool
    ) -> NDArray[np.int64]:
        """Go on within the blocks at `end`, which came in pieces, and beyond them where they do not end the runs."""
        number, within = np.divmod(end, BLOCK)
        same = self._flags[rows * _BLOCKS + number % _BLOCKS] == there
        same |= within[:, None] > _SAMPLES
        alike = np.where(same.all(axis=1), BLOCK, same.argmin(axis=1))
        end = number * BLOCK + alike
        further = ((alike == BLOCK) & (end - start < SPAN - 10 * BLOCK)).nonzero()[0]
        if further.size:
            after = self.run(rows[further], end[further], there=there)
            end[further] = np.minimum(after, start[further] + _FAR * BLOCK)
        return end

    # Out -------------------------------------------------------------------------------------------------------

    def frames(self, rows: NDArray[np.intp] | slice, start: NDArray[np.int64]) -> NDArray[np.uint8]:
        """One frame of each row, from `start` on: what lies there, whether it came or not; (M, 160)."""
        return self.codes(rows, start, FRAME)

    def codes(self, rows: NDArray[np.intp] | slice, start: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
        """As many samples as are wanted, up to `SPAN`, likewise; (M, size)."""
        pieces = self._pieces_of.get(size)
        if pieces is None:
            piece = np.dtype((np.void, size))
            pieces = np.ndarray(len(self._codes) - SPAN, piece, self._codes.data, strides=(1,))
            self._pieces_of[size] = pieces
        first, within = self._first[rows], start - start // SPAN * SPAN
        over = (within > SPAN - size).nonzero()[0]
        codes: NDArray[np.uint8] = pieces[first + within].view(np.uint8).reshape(len(start), size)
        if over.size:
            codes[over] = self._codes[first[over, None] + (within[over, None] + np.arange(size)) % SPAN]
        return codes

    def write(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        codes: NDArray[np.uint8],
        only: NDArray[np.bool_] | None = None,
    ) -> None:
        """Put these codes there from `start` on, `only` where it says so; what has come and what has not stays as it is."""
        at = self._first[rows][:, None] + (start[:, None] + np.arange(codes.shape[1])) % SPAN
        if only is None:
            self._codes[at] = codes
        else:
            self._codes[at[only]] = codes[only]


def _ragged(length: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For pieces of these lengths laid end to end: which piece each sample is of, and its place within."""
    owner = np.repeat(np.arange(len(length)), length)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    return owner, within
