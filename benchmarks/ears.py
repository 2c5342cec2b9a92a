"""What people in a scene listen for: a tone, or any sound, in so many packets on end. All of them at once, on columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711, voices
from benchmarks.hearing import HEARD_DBOV

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING, SOUND, SILENCE = -1, 0, -2
"""What is listened for: nothing, any sound at all, none at all; else a frequency in Hz."""
SOUND_DBOV = -50.0
"""RMS of a frame in which something sounds: the noise of G.711 itself is 20 dB below."""
PURE_SHARE = 0.8
"""Of a frame's power in one tone, where a tone alone is listened for: speech has so much in one line only by chance, and
never for long."""


class Ears:
    """Counts, for each row, the packets on end that hold what it listens for."""

    def __init__(self, people: int) -> None:
        self._hz = np.full(people, NOTHING)
        self._pure = np.zeros(people, bool)
        self._needed = np.ones(people, np.int64)
        self._count = np.zeros(people, np.int64)
        self._began_ns = np.zeros(people, np.int64)

    def listen(self, row: int, hz: int, *, packets: int, pure: bool = False) -> None:
        """Listen for `hz` from the next packet on; `NOTHING` ends it."""
        self._hz[row], self._needed[row], self._pure[row] = hz, packets, pure
        self._count[row] = 0

    def hear(
        self, rows: NDArray[np.int64], at_ns: NDArray[np.int64], payloads: NDArray[np.uint8]
    ) -> list[tuple[int, int]]:
        """Take packets; return who has heard it, and when the first of the packets on end came.

        rows, at_ns : ndarrays of shape (N,); payloads : ndarray of shape (N, samples), uint8. Each is told once and then
        listens for nothing.
        """
        listening = self._hz[rows] != NOTHING
        if not listening.any():
            return []
        rows, at_ns = rows[listening], at_ns[listening]
        heard = self._heard(rows, payloads[listening])
        told: list[tuple[int, int]] = []
        for place in in_turns(rows, at_ns):
            mine, yes, at = rows[place], heard[place], at_ns[place]
            self._began_ns[mine] = np.where(self._count[mine] == 0, at, self._began_ns[mine])
            self._count[mine] = np.where(yes, self._count[mine] + 1, 0)
            done = mine[(self._count[mine] >= self._needed[mine]) & (self._hz[mine] != NOTHING)]
            self._hz[done] = NOTHING
            told += zip(done.tolist(), self._began_ns[done].tolist(), strict=True)
        return told

    def _heard(self, rows: NDArray[np.int64], payloads: NDArray[np.uint8]) -> NDArray[np.bool_]:
        hz = self._hz[rows]
        waves = g711.decode(payloads, "pcmu").astype(np.float64)
        power = (waves**2).mean(axis=1) / g711.FULL_SCALE**2
        of_tone = tone_power(waves, hz)
        is_tone = (of_tone >= 10 ** (HEARD_DBOV / 10)) & (~self._pure[rows] | (of_tone >= PURE_SHARE * power))
        sounds = power >= 10 ** (SOUND_DBOV / 10)
        heard: NDArray[np.bool_] = np.select([hz == SOUND, hz == SILENCE], [sounds, ~sounds], is_tone)
        return heard


def tone_power(waves: NDArray[np.float64], hz: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much of each frame is the tone of `hz`, relative to full scale, `ndarray of shape (N,)`.

    waves : ndarray of shape (N, samples); hz : ndarray of shape (N,).
    """
    samples = waves.shape[1]
    kinds, which = np.unique(hz, return_inverse=True)
    angles = 2 * np.pi / voices.SAMPLE_RATE_HZ * kinds[:, None] * np.arange(samples)
    power = np.zeros(len(waves))
    for wave in (np.cos(angles), np.sin(angles)):
        parts = waves @ wave[0] if len(kinds) == 1 else np.einsum("ns,ns->n", waves, wave[which])
        power += parts**2
    return np.asarray(power * 2 / (samples * g711.FULL_SCALE) ** 2)


def in_turns(rows: NDArray[np.int64], at_ns: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the places of the packets in turns: each row once in a turn, its packets in the order they came."""
    order = np.lexsort((at_ns, rows))
    ordered = rows[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    turn = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return [order[turn == each] for each in range(int(turn.max(initial=-1)) + 1)]
