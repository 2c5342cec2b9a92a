"""Keys that come as tones in the audio: found, told, and heard by nobody.

This is for callers with no other way (no telephone-event was agreed) or whose network says that it has none. Their frames
are looked at as they come out of the jitter buffer, before anybody hears them; from the first that may have a key in it
silence stands in its place, also in the jitter buffer's memory, so that what is made up for a lost frame has no tone in
it either. What is left of a key is its beginning, up to 13 ms at the end of a frame that was not yet suspicious.

Time goes by frames, as the peer counted them: a frame that comes late is late for listeners, not for a tone. So these rows
keep to the grid of frames (`jitter`). A frame that was passed over is looked at all the same if it came; if not, it is one
that nobody has seen (`dsp.dtmf`), and many of them are a pause.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.dtmf import ToneDetector
from dsp.gain import ramp
from media import laws
from media.control import DigitReceived
from media.jitter import FRAME, JitterBuffer, Pull
from media.streams import Streams

LOST_FRAMES: Final = 3
"""60 ms, the longest gap that a tone is believed to have gone on through. Longer is a peer who sends no silence."""
FADE_SAMPLES: Final = 20
"""2.5 ms, in which the row becomes silent before a key and comes back after it."""


class TonesIn:
    """What is known of R rows' keys."""

    def __init__(self, streams: Streams, jitter: JitterBuffer, a_law: NDArray[np.bool_]) -> None:
        rows = streams.capacity
        self._streams = streams
        self._jitter = jitter
        self._a_law = a_law
        self._wanted = np.zeros(rows, np.bool_)
        self.idle = True
        """No row's keys are looked for."""
        self._detector = ToneDetector(rows)
        self._next = np.zeros(rows, np.int64)  # the frame that follows the last one that came
        self._hidden = np.zeros(rows, np.bool_)  # the last frame was
        self._events: list[DigitReceived] = []

    def want(self, row: int, *, on: bool) -> None:
        """Look for keys in what the row says, or no more."""
        if bool(self._wanted[row]) != on:
            self._wanted[row] = on
            self._jitter.keep_steady(row, on=on)
            self._detector.clear(row)
            self._hidden[row] = False
            self.idle = not self._wanted.any()

    def events(self) -> list[DigitReceived]:
        """Keys since the last call."""
        events, self._events = self._events, []
        return events

    def tick(self, count: int, pull: Pull, pressed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Look at what the first `count` rows say in this tick, and take keys out of it, in place.

        Parameters
        ----------
        pressed : ndarray of shape (count,), bool
            Which rows press a key, as it is known from elsewhere.

        Returns
        -------
        pressed : ndarray of shape (count,), bool
            The same, with those in whose frame there may be a key.
        """
        start, whole = pull.start, pull.complete
        if pull.trouble.rows.size:  # they that go on after a gap have whole frames too
            start, whole = start.copy(), whole.copy()
            start[pull.trouble.rows] = pull.trouble.at
            whole[pull.trouble.rows] = pull.trouble.run == FRAME
        rows = (self._wanted[:count] & whole).nonzero()[0]
        if not rows.size:
            return pressed
        number = start[rows] // FRAME
        hidden = self._take(rows, number, pull.codes, rows)
        if not hidden.any():
            return pressed
        pressed = pressed.copy()
        pressed[rows[hidden]] = True
        return pressed

    def _take(
        self,
        rows: NDArray[np.intp],
        number: NDArray[np.int64],
        codes: NDArray[np.uint8],
        at: NDArray[np.intp],
    ) -> NDArray[np.bool_]:
        """Frame `number` of each of `rows`, which is `codes[at]`; returns which of them may have a key in it."""
        self._step_over(rows, number - self._next[rows])
        self._next[rows] = number + 1
        mine = codes[at]
        sounds = ~laws.quiet(mine, self._a_law[rows]) | self._detector.busy[rows]
        hidden = np.zeros(len(rows), np.bool_)
        loud = sounds.nonzero()[0]
        if loud.size:
            which = rows[loud]
            frames = laws.decode(mine[loud], self._a_law[which])
            hidden[loud] = self._listen(which, frames, np.zeros(len(which), np.bool_))
        before = self._hidden[rows]
        changed = (hidden | before).nonzero()[0]
        if changed.size:
            which = rows[changed]
            codes[at[changed]] = made = self._hide(which, mine[changed], before[changed], hidden[changed])
            self._jitter.ring.write(which, number[changed] * FRAME, made)
            self._hidden[which] = hidden[changed]
        return hidden

    def _step_over(self, rows: NDArray[np.intp], gap: NDArray[np.int64]) -> None:
        """So many frames of each row were passed over, whether they came or not, or it begins anew."""
        if not gap.any():
            return
        for row in rows[(gap < 0) | (gap > LOST_FRAMES)].tolist():
            self._detector.clear(row)
        for lost in range(LOST_FRAMES):
            few = rows[(gap > lost) & (gap <= LOST_FRAMES) & self._detector.busy[rows]]
            if few.size:
                start = (self._next[few] + lost) * FRAME
                came: NDArray[np.bool_] = np.asarray(self._jitter.ring.there(few, start, FRAME).all(axis=1))
                frames = laws.decode(self._jitter.ring.frames(few, start), self._a_law[few])
                frames[~came] = 0
                self._listen(few, frames, ~came)

    def _listen(
        self, rows: NDArray[np.intp], frames: NDArray[np.int16], lost: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        heard = self._detector.listen(rows, frames, lost)
        for place, digit in heard.told:
            self._events.append(DigitReceived(int(self._streams.stream[rows[place]]), digit, "tone"))
        return heard.suspected

    def _hide(
        self,
        rows: NDArray[np.intp],
        codes: NDArray[np.uint8],
        before: NDArray[np.bool_],
        hidden: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """Silence, which the row falls into or comes back from softly."""
        frames = laws.decode(codes, self._a_law[rows])
        frames[hidden, FADE_SAMPLES:] = 0
        edge = frames[:, :FADE_SAMPLES]
        edge[...] = ramp(edge, ~before, ~hidden)
        return laws.encode(frames, self._a_law[rows])
