"""A talker as packets: what is said, when each packet is sent, and when its network brings it.

The same for the calls within this process and for real ones, so that both meet the same trace at the same words. The
headers are written here and not by the bridge's own code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711
from benchmarks.traces import PACKET_S, Network
from benchmarks.voice_speech import FRAME, Speech

HEADER_BYTES: Final = 12
PACKET_BYTES: Final = HEADER_BYTES + FRAME
LEAD_FRAMES: Final = 150
"""A caller is greeted before he speaks: 3 s of silence come first, over the same network."""

COMFORT_NOISE: Final = 13
"""Payload type of comfort noise (RFC 3389)."""
PAUSE_DBOV: Final = -50.0
PAUSE_FRAMES: Final = 10
"""With DTX a phone goes on sending for 200 ms of quiet, then says every 400 ms how its background sounds."""
COMFORT_FRAMES: Final = 20
MUTE_FRAMES: Final = 3
"""One that says nothing of it also stops sooner, after 60 ms: gaps are short, and look like losses."""


class Dtx(StrEnum):
    """What a phone sends in pauses."""

    NONE = "none"
    """What it hears."""
    DESCRIBED = "described"
    """How its background sounds (RFC 3389)."""
    MUTE = "mute"
    """Nothing, and no word of it but the marker on what comes after."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to be made."""

    network: Network
    seed: int
    speech: Speech
    samples: int
    """How much of the speech is said; it begins again where it ends."""
    dtx: Dtx = Dtx.NONE

    @property
    def frames(self) -> NDArray[np.uint8]:
        """(N, 160): everything that is said, codes of PCMU."""
        spoken = np.resize(self.speech.codes, self.samples // FRAME * FRAME).reshape(-1, FRAME)
        lead = np.full((LEAD_FRAMES, FRAME), g711.SILENCE["pcmu"], np.uint8)
        return np.concatenate([lead, spoken])

    @property
    def start_s(self) -> float:
        """Where between two packet times of the clock the talker's own begin: anywhere, by the seed."""
        return float(np.random.default_rng([self.seed, 1]).uniform(0.0, PACKET_S))

    @property
    def length_s(self) -> float:
        """By a right clock."""
        return (self.samples // FRAME + LEAD_FRAMES) * PACKET_S

    def pieces(self) -> list[tuple[int, int]]:
        """Where the pieces of all that is said begin and end, in samples."""
        whole, lead = len(self.speech.codes), LEAD_FRAMES * FRAME
        return [
            (lead + lap * whole + begin, lead + lap * whole + end)
            for lap in range(self.samples // whole + 1)
            for begin, end in self.speech.pieces
            if lap * whole + end <= self.samples
        ]


class Stream(NamedTuple):
    """The packets that arrive, in the order in which they do."""

    at_s: NDArray[np.float64]
    """(M,): when."""
    packets: NDArray[np.uint8]
    """(M, 172): RTP from the first byte."""
    lengths: NDArray[np.intp]
    """(M,): how much of it is sent."""


def stream(plan: Plan, *, ssrc: int, begin_s: float) -> Stream:
    """What a plan's talker sends from `begin_s` on, as it arrives."""
    frames = plan.frames
    number = np.arange(len(frames))
    packets = written(frames, ssrc=ssrc)
    lengths = np.full(len(frames), PACKET_BYTES)
    sent = np.ones(len(frames), np.bool_)
    if plan.dtx is not Dtx.NONE:
        sent, describes = _with_dtx(frames, packets, plan.dtx)
        lengths[describes] = HEADER_BYTES + 1
        _write_sequence(packets, np.cumsum(sent) - 1)
    departs = begin_s + number * PACKET_S / (1.0 + plan.network.skew_ppm * 1e-6)
    arrives = departs + plan.network.trace(plan.seed, len(frames))
    came = np.flatnonzero(sent & ~np.isnan(arrives))
    order = came[np.argsort(arrives[came], kind="stable")]
    return Stream(arrives[order], packets[order], lengths[order])


def silence(packets: int, *, ssrc: int, begin_s: float) -> Stream:
    """What somebody sends who says nothing, over a perfect network."""
    frames = np.full((packets, FRAME), g711.SILENCE["pcmu"], np.uint8)
    at_s = begin_s + np.arange(packets) * PACKET_S
    return Stream(np.asarray(at_s), written(frames, ssrc=ssrc), np.full(packets, PACKET_BYTES))


def written(frames: NDArray[np.uint8], *, ssrc: int) -> NDArray[np.uint8]:
    """Write RTP packets of PCMU (RFC 3550 section 5.1), the first with the marker: `ndarray of shape (N, 172), uint8`."""
    number = np.arange(len(frames))
    packets = np.zeros((len(frames), PACKET_BYTES), np.uint8)
    packets[:, 0] = 0x80
    packets[:1, 1] = 0x80
    _write_sequence(packets, number)
    packets[:, 4:8] = (number * FRAME & 0xFFFFFFFF).astype(">u4").view(np.uint8).reshape(-1, 4)
    packets[:, 8:12] = np.frombuffer(ssrc.to_bytes(4, "big"), np.uint8)
    packets[:, HEADER_BYTES:] = frames
    return packets


def _write_sequence(packets: NDArray[np.uint8], number: NDArray[np.intp]) -> None:
    packets[:, 2:4] = (number & 0xFFFF).astype(">u2").view(np.uint8).reshape(-1, 2)


def _with_dtx(
    frames: NDArray[np.uint8], packets: NDArray[np.uint8], dtx: Dtx
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which packets a phone with DTX sends, and which of these describe its background; `packets` are made so."""
    samples = g711.decode(frames, "pcmu").astype(np.float64)
    level = 20 * np.log10(np.sqrt(np.mean(samples**2, axis=1)) / g711.FULL_SCALE + 1e-9)
    quiet_for, last = np.zeros(len(frames), np.intp), 0
    for at, loud in enumerate((level > PAUSE_DBOV).tolist()):
        last = 0 if loud else last + 1
        quiet_for[at] = last
    if dtx is Dtx.MUTE:
        paused, describes = quiet_for > MUTE_FRAMES, np.zeros(len(frames), np.bool_)
    else:
        paused = quiet_for > PAUSE_FRAMES
        describes = paused & ((quiet_for - PAUSE_FRAMES - 1) % COMFORT_FRAMES == 0)
    packets[describes, 1] = COMFORT_NOISE
    packets[describes, HEADER_BYTES] = np.clip(-level[describes], 0, 127).astype(np.uint8)
    resumes = ~paused & np.concatenate([[False], paused[:-1]])
    packets[resumes, 1] |= 0x80
    return ~paused | describes, describes
