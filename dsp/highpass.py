"""Hum and constant offset taken out of rows: everything below the voice, nothing of the voice.

A Butterworth high-pass. A recursive filter wants a loop over samples; here there is none. Split into partial fractions
it is a few resonators that know nothing of each other,

    H(z) = d + sum of 2 Re(r / (1 - p / z)) over the poles p of the upper half plane,

and each of them is, within a block of `BLOCK` samples, a matrix times the block plus a matrix times what the resonator
was doing when the block began. So all blocks of all rows are one product of matrices; how the resonators go on from block
to block is another, small one; and a third adds what they ring on with. Turning by an angle and shrinking, which is
what a resonator does, loses no precision in float32, also where the pole is close to 1 (100 Hz at 48 kHz).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dsp.frames import FULL_SCALE, RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames

CUT_HZ: Final = 100.0
"""Here 3 dB are lost. Hum of 50 Hz loses 12 dB and of 60 Hz 9 dB, and of the lowest of voices only the fundamental any."""
ORDER: Final = 2
"""A steeper one bends the phase of what it lets through: 80 Hz and the fourth order take 4 dB more of hum at 50 Hz, and
PESQ, which is 4.55 at the best, from 4.53 to 4.51."""
BLOCK: Final = 20
"""Samples: divides the frames of all bands. Larger blocks cost more products, smaller ones more memory traffic."""
STATE: Final = ORDER
"""Numbers that a row's filter remembers: two for each pair of poles."""


class _Filter(NamedTuple):
    """The matrices for frames of S samples, K blocks of B each; M is `STATE`."""

    direct: NDArray[np.float32]
    """(B, B + M): a block to its own samples, and to what it leaves in the resonators."""
    carry: NDArray[np.float32]
    """(M + K * M, (K + 1) * M): the state before, and what the blocks left, to the state at each block's start and end."""
    ring: NDArray[np.float32]
    """(M, B): the state at a block's start to the block's samples."""
    settled: NDArray[np.float32]
    """(M,): the state after a constant 1 that lasted for ever."""


def fractions(cut_hz: float, rate_hz: float) -> tuple[float, NDArray[np.complex128], NDArray[np.complex128]]:
    """The high-pass in partial fractions: the direct part d, residues r and poles p, of the upper half plane."""
    count = ORDER // 2
    warped = np.tan(np.pi * cut_hz / rate_hz)
    angle = np.pi * (2 * np.arange(count) + 1) / (2 * ORDER)
    analogue = warped / (
        -np.sin(angle) - 1j * np.cos(angle)
    )  # low-pass to high-pass: s becomes its reciprocal
    poles = (1 + analogue) / (1 - analogue)
    every = np.concatenate((poles, poles.conj()))
    scale = float(np.real(np.prod(1 + every))) / 2**ORDER  # at half the rate the gain is 1
    others = [np.prod([1 - other / pole for other in every if other != pole]) for pole in poles]
    residues = scale * (1 - 1 / poles) ** ORDER / np.array(others)
    direct = float(scale - 2 * residues.sum().real)
    return direct, residues, poles


@cache
def _filter(samples: int, rate_hz: int) -> _Filter:
    """The matrices for frames of so many samples; made once for each kind of frame there is."""
    direct, residues, poles = fractions(CUT_HZ, rate_hz)
    blocks, within = samples // BLOCK, np.arange(BLOCK)
    decay = poles[:, None] ** np.arange(BLOCK + 1)
    response = 2 * (residues[:, None] * decay).sum(axis=0).real
    response[0] += direct
    lag = within - within[:, None]  # of the sample that is made behind the sample that makes it
    through = np.where(lag >= 0, response[np.maximum(lag, 0)], 0.0)
    left = decay[:, BLOCK - 1 :: -1].T
    ring = 2 * residues[:, None] * decay[:, 1:]

    step = poles[:, None] ** (BLOCK * np.arange(blocks + 1))
    carry = np.zeros((blocks + 1, STATE, blocks + 1, STATE))
    for source in range(blocks + 1):  # 0 is the state before, k what block k - 1 left
        for place in range(source, blocks + 1):
            for number in range(ORDER // 2):
                turn = step[number, place - source]
                pair = slice(2 * number, 2 * number + 2)
                carry[source, pair, place, pair] = [[turn.real, turn.imag], [-turn.imag, turn.real]]
    size = (blocks + 1) * STATE
    return _Filter(
        np.concatenate((through, _pairs(left)), axis=1).astype(np.float32),
        carry.reshape(size, size).astype(np.float32),
        _pairs(ring.conj().T).T.astype(np.float32),
        _pairs(1 / (1 - poles)).astype(np.float32),
    )


def _pairs(numbers: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Real and imaginary parts in turn, along the last axis."""
    return np.stack((numbers.real, numbers.imag), axis=-1).reshape(*numbers.shape[:-1], -1)


def settle(samples: NDArray[np.int16], *, band: int = 1) -> NDArray[np.float32]:
    """Return the states of filters that have heard these samples, constant, for ever: where rows begin.

    A row that begins with an offset does so without the jolt that a filter at rest would make of it, and one that begins
    in the middle of a sound begins at zero.

    samples : ndarray of shape (N,), int16: the first of each row
    band : int: the frames' rate in units of 8 kHz
    returns : ndarray of shape (N, STATE), float32
    """
    settled = _filter(BLOCK, RATE_HZ * band).settled
    states: NDArray[np.float32] = samples[:, None].astype(np.float32) * settled
    return states


def highpass(
    frames: Frames, states: NDArray[np.float32], *, band: int = 1, out: Frames | None = None
) -> tuple[Frames, NDArray[np.float32]]:
    """Return rows without what is below the voice, and what their filters remember.

    frames : ndarray of shape (N, S), int16, S a multiple of `BLOCK`
    states : ndarray of shape (N, STATE), float32: what the last call returned, or of `settle`
    band : int: the frames' rate in units of 8 kHz
    out : ndarray of shape (N, S), int16, optional, may be `frames`; filled
    returns : (N, S) int16 and (N, STATE) float32
    """
    rows, samples = frames.shape
    matrices = _filter(samples, RATE_HZ * band)
    blocks = samples // BLOCK
    products = frames.astype(np.float32).reshape(rows * blocks, BLOCK) @ matrices.direct
    chain = np.empty((rows, blocks + 1, STATE), np.float32)
    chain[:, 0] = states
    chain[:, 1:] = products[:, BLOCK:].reshape(rows, blocks, STATE)
    chain = (chain.reshape(rows, (blocks + 1) * STATE) @ matrices.carry).reshape(rows, blocks + 1, STATE)
    sound = products[:, :BLOCK]
    sound += np.ascontiguousarray(chain[:, :blocks]).reshape(rows * blocks, STATE) @ matrices.ring
    np.rint(sound, out=sound)
    np.minimum(sound, np.float32(FULL_SCALE - 1), out=sound)
    np.maximum(sound, np.float32(-FULL_SCALE), out=sound)
    if out is None:
        out = np.empty(frames.shape, np.int16)
    out[...] = sound.reshape(rows, samples)
    return out, chain[:, blocks].copy()
