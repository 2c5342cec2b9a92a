"""Everything that phones of a load test can say in their codec, encoded before it begins.

A *line* is one payload. Silence comes first, then each tone as a loop, then the mark, then room noise. In the codecs with a
memory a loop is of a coder that has long been at it, so that its end and its beginning fit; where a stream goes from one thing
to another, a decoder follows within some milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import g711, hd, voices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

HD_LOOP_FRAMES = 50
"""A second at 20 ms, then the seam."""
HD_CODECS = ("g722", "opus")
OPUS_PAUSE = b"\x48"
"""Opus: 20 ms at 16 kHz with nothing in them, and nothing follows: what a phone with DTX says when it falls silent."""


@dataclass(frozen=True, slots=True)
class Repertoire:
    """payloads : ndarray of shape (L, W), uint8, filled up with zeros; sizes : ndarray of shape (L,)."""

    payloads: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    silence: int
    """Lines of it, from the first on."""
    tones: NDArray[np.int64]
    """Where the loop of each tone begins, `ndarray of shape (131,)`; of those that nobody says -1."""
    loop: int
    """Lines of each tone."""
    mark: range
    noise: range
    pause: int
    """The line that says that nothing follows; -1 where the codec has none."""

    @property
    def varies(self) -> bool:
        """Whether payloads differ in size."""
        return bool((self.sizes != self.sizes[0]).any())


def prepare(codec: str, ptime_ms: int, tones: Iterable[int], rng: np.random.Generator) -> Repertoire:
    """Encode silence, the `tones` by their index in the grid, a mark and noise."""
    wanted = sorted(set(tones))
    if codec in HD_CODECS:
        pieces = _hd_pieces(codec, ptime_ms, wanted, rng)
    else:
        samples = 8 * ptime_ms
        all_tones = voices.tone_frames(codec, samples)
        pieces = [
            np.full((1, samples), g711.SILENCE[codec], np.uint8),
            *(all_tones[tone] for tone in wanted),
            voices.mark_frames(codec, samples),
            voices.noise_frames(codec, samples, rng),
        ]
    if codec == "opus":
        pieces.append([OPUS_PAUSE])
    begins = np.cumsum([0, *map(len, pieces)]).tolist()
    flat = [bytes(payload) for piece in pieces for payload in piece]
    payloads = np.zeros((len(flat), max(map(len, flat))), np.uint8)
    for line, payload in enumerate(flat):
        payloads[line, : len(payload)] = np.frombuffer(payload, np.uint8)
    first = np.full(len(voices.GRID_HZ), -1)
    first[wanted] = begins[1 : 1 + len(wanted)]
    after = 1 + len(wanted)
    return Repertoire(
        payloads,
        np.array([len(payload) for payload in flat], np.int64),
        silence=begins[1],
        tones=first,
        loop=HD_LOOP_FRAMES if codec in HD_CODECS else voices.LOOP_FRAMES,
        mark=range(begins[after], begins[after + 1]),
        noise=range(begins[after + 1], begins[after + 2]),
        pause=begins[-2] if codec == "opus" else -1,
    )


def _hd_pieces(codec: str, ptime_ms: int, tones: list[int], rng: np.random.Generator) -> list[Any]:
    """Encode the same at 16 kHz."""
    size = hd.RATE_HZ * ptime_ms // 1_000
    mark_frames = max(2, round(voices.MARK_S * hd.RATE_HZ / size))
    loudness = g711.FULL_SCALE * 10 ** (voices.NOISE_DBOV / 20)
    length = HD_LOOP_FRAMES * size
    loops = [np.zeros(length), *(wave(float(voices.GRID_HZ[tone]), length) for tone in tones)]
    once = [wave(voices.MARK_HZ, mark_frames * size), rng.normal(0.0, loudness, length)]
    return [
        *(hd.encode(codec, np.tile(each, 2), ptime_ms)[HD_LOOP_FRAMES:] for each in loops),
        *(hd.encode(codec, each, ptime_ms) for each in once),
    ]


def wave(frequency_hz: float, samples: int) -> NDArray[np.float64]:
    """Return a sine as loud as `voices.tone`, at 16 kHz."""
    peak = g711.FULL_SCALE * 10 ** (voices.TONE_DBOV / 20) * np.sqrt(2)
    return np.asarray(peak * np.sin(2 * np.pi * frequency_hz / hd.RATE_HZ * np.arange(samples)))
