"""What a listener heard against what was said: PESQ of each piece, and the delay over time.

Both sides lie on one axis of time. What was said departs sample by sample from the moment its first packet is sent, by the
talker's own clock; what was heard is a stretch of samples whose first is heard at a moment known. The delay between them is
sought every half second anew, by the likeness of short stretches, so that a delay that grows is seen to grow.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8_000
WINDOW: Final = 2_400
"""300 ms are looked for at once: more than any pitch period or packet, less than it takes the delay to change much."""
LARGEST_DELAY: Final = 5_600
"""700 ms."""
LEAST_DELAY: Final = -400
"""Nobody hears before it is said; but the search needs room around zero."""
LEAST_LIKENESS: Final = 0.75
"""Of a stretch that is taken for the one that was said: below, it was concealed or stretched, or is silence."""
LEAST_RMS: Final = 300.0
"""-41 dBov: pauses are not looked for."""
WORST: Final = 1.0
"""What PESQ's scale ends at: given where PESQ finds no speech at all."""

_FFT: Final = 16_384


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as its listener heard it."""

    said: NDArray[np.int16]
    """(S,): all that the talker said."""
    said_at_s: float
    """When its first sample departed."""
    skew_ppm: float
    """By how much the talker's clock is fast."""
    heard: NDArray[np.int16]
    """(H,)."""
    heard_at_s: float


@dataclass(frozen=True, slots=True)
class Delays:
    """Of one call, over time."""

    at_s: NDArray[np.float64]
    """(M,): since the talker began."""
    delay_ms: NDArray[np.float64]
    """(M,)."""

    def between(self, begin_s: float, end_s: float) -> float:
        """The median within these times; NaN where nothing was recognised."""
        here = (self.at_s >= begin_s) & (self.at_s < end_s)
        return float(np.median(self.delay_ms[here])) if here.any() else float("nan")


def delays(call: Heard, every_s: float = 0.5) -> Delays:
    """Find the delay every `every_s` seconds, where there is speech and it is recognised."""
    found: list[tuple[float, float]] = []
    for start in range(0, len(call.said) - WINDOW, int(every_s * RATE_HZ)):
        wanted = call.said[start : start + WINDOW].astype(np.float64)
        if np.sqrt(np.mean(wanted**2)) < LEAST_RMS:
            continue
        departed = _departed(call, start)
        first = round((departed - call.heard_at_s) * RATE_HZ) + LEAST_DELAY
        searched = call.heard[max(first, 0) : first + LARGEST_DELAY + WINDOW].astype(np.float64)
        if len(searched) < WINDOW:
            continue
        lag, likeness = _seek(wanted, searched)
        if likeness >= LEAST_LIKENESS:
            came = call.heard_at_s + (max(first, 0) + lag) / RATE_HZ
            found.append((start / RATE_HZ, (came - departed) * 1_000))
    columns = np.array(found, np.float64).reshape(-1, 2)
    return Delays(columns[:, 0], columns[:, 1])


def _departed(call: Heard, sample: int) -> float:
    return call.said_at_s + sample / (RATE_HZ * (1.0 + call.skew_ppm * 1e-6))


def _seek(wanted: NDArray[np.float64], searched: NDArray[np.float64]) -> tuple[int, float]:
    """Where `wanted` lies in `searched`, and how alike the two are: 1 is the same at any loudness."""
    spectrum = np.fft.rfft(searched, _FFT) * np.conj(np.fft.rfft(wanted, _FFT))
    product = np.fft.irfft(spectrum, _FFT)[: len(searched) - len(wanted) + 1]
    energy = np.concatenate([[0.0], np.cumsum(searched**2)])
    here = energy[len(wanted) :] - energy[: -len(wanted)]
    likeness = product / np.sqrt(np.maximum(here, 1.0) * max(float(wanted @ wanted), 1.0))
    at = int(np.argmax(likeness))
    return at, float(likeness[at])


def quality(call: Heard, begin: int, end: int, delay_ms: float) -> float:
    """PESQ narrowband MOS-LQO (ITU-T P.862, P.862.1) of the samples from `begin` to `end` of what was said.

    `delay_ms` is where they are about: PESQ finds the rest itself.
    """
    said = call.said[begin:end]
    first = round((_departed(call, begin) + delay_ms / 1_000 - call.heard_at_s) * RATE_HZ)
    heard = call.heard[max(first, 0) : max(first + len(said), 0)]
    heard = np.concatenate([heard, np.zeros(len(said) - len(heard), np.int16)])
    if not heard.any():
        return WORST
    pesq: Any = import_module("pesq")
    score = float(pesq.pesq(RATE_HZ, said, heard, "nb", on_error=pesq.PesqError.RETURN_VALUES))
    return score if score > 0 else WORST
