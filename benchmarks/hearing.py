"""Judging sound: who hears whom, and how long a voice takes from one phone to the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711, hd, voices
from benchmarks.analysis import NS_PER_MS, SAMPLES_PER_MS, Spread, spread, wrapped
from benchmarks.messages import CODECS
from benchmarks.recording import Captures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.voices import Mark

WINDOW_SAMPLES = 2000
"""250 ms: five periods of the 20 Hz grid, so under a Hann window every grid tone is a zero of all others."""
HEARD_DBOV = -32.0
"""12 dB under what was sent: a gain control may take that much, a foreign room or an echo never comes so high by chance."""
ONSET_SHARE = 0.3
"""A mark begins at the first sample above this share of its peak: within 0.05 ms of the true start of a 1,010 Hz sine."""
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Hearing:
    """Counts over all judged windows of all listeners; a pair is one listener and one talker it should hear."""

    windows: int
    broken_windows: int
    pairs: int
    pairs_heard: int
    own_heard: int
    foreign_heard: int
    loudest_own_dbov: float
    loudest_foreign_dbov: float


@dataclass(frozen=True, slots=True)
class Delay:
    """From the moment a packet left one phone to the moment its first sample reached another, through the server.

    The phone's own packet time and playout are not in it: they are the same with every server.
    """

    delay_ms: Spread
    missed: int
    unclear: int


def decoded(captures: Captures, codec: str, ptime_ms: int) -> Captures:
    """Return captures of whole streams of an HD codec as samples at 8 kHz, with timestamps that count those."""
    assert captures.sizes is not None
    samples = SAMPLES_PER_MS * ptime_ms
    heard = np.zeros((len(captures.rows), samples), np.int16)
    clock = np.zeros(len(captures.rows), np.int64)
    begins = np.r_[True, captures.rows[1:] != captures.rows[:-1]][: len(captures.rows)]
    starts = np.flatnonzero(begins).tolist()
    for start, end in pairwise([*starts, len(captures.rows)]):
        mine = slice(start, end)
        packets = zip(captures.payload[mine], captures.sizes[mine].tolist(), strict=True)
        heard[mine] = hd.decode(codec, [bytes(payload[:size]) for payload, size in packets], samples)
        steps = wrapped(np.diff(captures.timestamp[mine]), 32)
        clock[mine] = np.r_[0, np.cumsum(steps)] * SAMPLES_PER_MS // CODECS[codec].ticks_per_ms
    return Captures(captures.rows, captures.at_ns, clock, heard)


def samples_of(payload: NDArray[np.uint8] | NDArray[np.int16], codec: str) -> NDArray[np.int16]:
    """Return what captured audio sounds like, unless it is that already."""
    if payload.dtype == np.int16:
        return np.asarray(payload, np.int16)
    return g711.decode(np.asarray(payload, np.uint8), codec)


def tone_levels_dbov(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return the level of every grid tone in `samples : ndarray of shape (N, 2000), int16`, shape (N, 131)."""
    time = np.arange(WINDOW_SAMPLES) / voices.SAMPLE_RATE_HZ
    window = np.hanning(WINDOW_SAMPLES + 1)[:-1]
    angles = 2 * np.pi * voices.GRID_HZ[None, :] * time[:, None]
    basis = np.concatenate((np.cos(angles), np.sin(angles)), axis=1) * window[:, None]
    basis *= np.sqrt(2) / window.sum() / g711.FULL_SCALE
    levels = np.empty((len(samples), len(voices.GRID_HZ)))
    for start in range(0, len(samples), CHUNK):
        parts = samples[start : start + CHUNK].astype(np.float64) @ basis
        power = parts[:, : len(voices.GRID_HZ)] ** 2 + parts[:, len(voices.GRID_HZ) :] ** 2
        levels[start : start + CHUNK] = 10 * np.log10(power + 1e-12)
    return levels


def roll_call_windows(
    captures: Captures, *, room: NDArray[np.int64], shift_s: NDArray[np.float64], origin_ns: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8] | NDArray[np.int16], int]:
    """Cut one window per listener and roll call out of the captures.

    Returns the listeners `ndarray of shape (G,)`, their audio `ndarray of shape (G, 2000)` and the number of windows
    that were unusable because packets were missing in them.
    """
    samples = captures.payload.shape[1]
    frames = -(-WINDOW_SAMPLES // samples)
    at_s = (captures.at_ns - origin_ns) * 1e-9 - shift_s[room[captures.rows]]
    cycle_s = at_s % voices.CYCLE_S
    calling = np.flatnonzero((cycle_s >= voices.ROLL_CALL_S[0]) & (cycle_s < voices.ROLL_CALL_S[1] + 0.05))
    if not len(calling):
        return calling, np.empty((0, WINDOW_SAMPLES), captures.payload.dtype), 0
    cycle = np.floor(at_s[calling] / voices.CYCLE_S).astype(np.int64)
    key = captures.rows[calling] * (1 << 20) + cycle
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    counts = np.diff(np.r_[starts, len(key)])
    usable = starts[counts >= frames]
    index = calling[usable[:, None] + np.arange(frames)]
    steps = wrapped(np.diff(captures.timestamp[index], axis=1), 32)
    whole = (steps == samples).all(axis=1)
    index = index[whole]
    codes = captures.payload[index].reshape(len(index), frames * samples)[:, :WINDOW_SAMPLES]
    listeners = captures.rows[index[:, 0]] if len(index) else index[:, :1].reshape(-1)
    return listeners, codes, len(starts) - len(index)


def judge_hearing(
    listeners: NDArray[np.int64],
    codes: NDArray[np.uint8] | NDArray[np.int16],
    *,
    broken_windows: int,
    codec: str,
    tone: NDArray[np.int64],
    room: NDArray[np.int64],
    is_up: NDArray[np.bool_],
) -> Hearing:
    """Compare what was heard with what was said; `tone`, `room`, `is_up : ndarrays of shape (participants,)`."""
    if not len(listeners):
        quiet = float("-inf")
        return Hearing(0, broken_windows, 0, 0, 0, 0, quiet, quiet)
    levels = tone_levels_dbov(samples_of(codes, codec))
    rooms = int(room.max()) + 1
    said = np.zeros((rooms, len(voices.GRID_HZ)), bool)
    talkers = np.flatnonzero((tone >= 0) & is_up)
    said[room[talkers], tone[talkers]] = True
    due = said[room[listeners]]
    own = np.zeros_like(due)
    talking = np.flatnonzero((tone[listeners] >= 0) & is_up[listeners])
    own[talking, tone[listeners[talking]]] = True
    due = due & ~own
    foreign = ~due & ~own
    heard = levels >= HEARD_DBOV
    return Hearing(
        windows=len(listeners),
        broken_windows=broken_windows,
        pairs=int(due.sum()),
        pairs_heard=int((due & heard).sum()),
        own_heard=int((own & heard).sum()),
        foreign_heard=int((foreign & heard).sum()),
        loudest_own_dbov=float(levels[own].max(initial=-np.inf)),
        loudest_foreign_dbov=float(levels[foreign].max(initial=-np.inf)),
    )


def judge_delay(
    captures: Captures, marks: list[tuple[Mark, int]], *, room: NDArray[np.int64], codec: str
) -> Delay:
    """Find each mark in what every captured listener of its room received; `marks` are (mark, moment it was sent, ns)."""
    samples = captures.payload.shape[1]
    frame_ns = samples * NS_PER_MS // SAMPLES_PER_MS
    delays: list[float] = []
    missed = unclear = 0
    captured = np.unique(captures.rows)
    bounds = np.asarray(np.searchsorted(captures.rows, np.r_[captured, np.iinfo(np.int64).max]))
    quietest_peak = g711.FULL_SCALE * 10 ** (HEARD_DBOV / 20)
    for mark, sent_ns in marks:
        for place in np.flatnonzero((room[captured] == mark.room) & (captured != mark.row)).tolist():
            mine = slice(bounds[place], bounds[place + 1])
            at_ns = captures.at_ns[mine]
            until_ns = sent_ns + int(voices.HEARD_WITHIN_S * 1e9)
            first = int(np.searchsorted(at_ns, sent_ns - 2 * frame_ns))
            last = int(np.searchsorted(at_ns, until_ns))
            if last - first < 3:
                unclear += 1
                continue
            wave = np.abs(samples_of(captures.payload[mine][first:last], codec).astype(np.int32)).reshape(-1)
            peak = int(wave.max())
            if peak < quietest_peak:
                missed += 1
                continue
            onset = int(np.argmax(wave > ONSET_SHARE * peak))
            packet, offset = divmod(onset, samples)
            heard_ns = int(at_ns[first + packet]) + offset * NS_PER_MS // SAMPLES_PER_MS
            if heard_ns < sent_ns or packet == 0:
                unclear += 1  # something else was still sounding
            else:
                delays.append((heard_ns - sent_ns) / NS_PER_MS)
    return Delay(spread(np.array(delays)), missed, unclear)
