"""What secured audio costs a worker: `python -m benchmarks.secured --help`.

The same load runs in several engines, each with its own sockets on loopback: plain, and once for each kind of suite. They
take turns within each 20 ms of load, so that whatever else the machine does at a moment it does to all of them; ratios are
of neighbours, and the median of all ticks is told. What the peers do is not measured.

A plain row must cost the same whether others in its worker are secured or not: `mixed` has every tenth row secured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import processes
from dsp import g711
from media import control, rtp
from media.engine import Engine
from media.epoll import EpollSockets
from media.sockets import Sockets
from media.srtp import SecuredRows
from media.srtp_keys import SHAPES
from media.streams import Streams
from media.uring import UringUnavailableError
from media.uring_sockets import UringSockets

HOST: Final = "127.0.0.1"
SAMPLES: Final = 160
WARM_UP: Final = 20
TALKERS: Final = 2
SSRC: Final = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """What is compared. Every `each`-th row is secured by `suite`."""

    name: str
    suite: control.Suite | None = None
    each: int = 1


KINDS: Final = (
    Kind("plain"),
    Kind("AES-CM, HMAC-SHA1", control.Suite.AES_CM_128_HMAC_SHA1_80),
    Kind("AES-128-GCM", control.Suite.AEAD_AES_128_GCM),
    Kind("AES-256-GCM", control.Suite.AEAD_AES_256_GCM),
    Kind("mixed: a tenth HMAC-SHA1", control.Suite.AES_CM_128_HMAC_SHA1_80, each=10),
)


def sockets_of(engine: Engine, clock: Callable[[], float]) -> Sockets:
    """As a worker chooses them."""
    try:
        return UringSockets(engine.block, engine.secured_block, clock)
    except UringUnavailableError:
        return EpollSockets(engine.block, engine.secured_block, clock)


class Side:
    """An engine with sockets, and its peers, who are not measured."""

    def __init__(self, kind: Kind, rows: int) -> None:
        self._rows = rows
        self._random = np.random.default_rng(1)
        self._engine = Engine(rows)
        self._now = 0.0  # of ticks: packets come by the same clock, however long the others' turns take
        self._sockets = sockets_of(self._engine, lambda: self._now)
        self._plain = rtp.outgoing_block(rows)
        streams = Streams(rows)
        streams.ssrc_out[:] = self._plain["ssrc"] = np.arange(rows) + SSRC
        self._secured = SecuredRows(streams, self._plain)
        self._peers: list[tuple[socket.socket, tuple[str, int]]] = []
        self._order = self._random.permutation(rows)
        for row in range(rows):
            keys = None
            if kind.suite is not None and row % kind.each == 0:
                length = SHAPES[kind.suite].key + SHAPES[kind.suite].salt
                theirs, ours = self._random.bytes(length), self._random.bytes(length)
                keys = control.Srtp(kind.suite, theirs, ours)
                self._secured.open(row, control.Srtp(kind.suite, ours, theirs), None, 0.0)
            self._call(row, keys)
        self._sockets.address(self._engine.addressing())

    def _call(self, row: int, keys: control.Srtp | None) -> None:
        peer, mine, reports = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
        for each in (peer, mine, reports):
            each.bind((HOST, 0))
        peer.setblocking(False)
        self._peers.append((peer, mine.getsockname()))
        self._engine.apply(
            control.OpenStream(
                row + 1,
                control.Format(control.Codec.PCMU, 0, 101, srtp=keys),
                ssrc=row,
                sequence=0,
                timestamp=0,
                cname="secured",
                remote=control.Endpoint(*peer.getsockname()),
                latched=True,
                room=1,
            ),
            0.0,
        )
        self._sockets.attach(row, mine, reports)

    def send(self, number: int, frames: NDArray[np.uint8]) -> None:
        """Every peer sends a packet, and reads what came."""
        self._plain["sequence"], self._plain["timestamp"] = number & 0xFFFF, number * SAMPLES
        self._plain["frame"] = frames
        self._secured.protect(np.arange(self._rows))
        size = self._secured.block.itemsize
        octets = self._secured.block.view(np.uint8)
        for row in self._order.tolist():
            peer, there = self._peers[row]
            secured = self._secured.packet_bytes(row)
            peer.sendto(octets[row * size : row * size + secured] if secured else self._plain[row], there)
            with contextlib.suppress(BlockingIOError):
                peer.recv(999)

    def work(self, now: float) -> tuple[float, float]:
        """A worker's tick; returns the seconds of it, and those that were the engine's."""
        self._now = now
        began = time.thread_time()
        self._sockets.poll()
        batch = self._sockets.take()
        middle = time.thread_time()
        if batch is None or len(batch.rows) != self._rows:
            raise RuntimeError(f"{0 if batch is None else len(batch.rows)} packets of {self._rows} came")
        self._engine.receive(batch.rows, batch.lengths, batch.arrivals, batch.packets, batch.sources)
        outgoing = self._engine.tick(now)
        done = time.thread_time()
        self._sockets.send(outgoing.rows)
        self._engine.sent()
        ended = time.thread_time()
        if self._engine.drops:
            raise RuntimeError(f"packets were dropped: {self._engine.drops}")
        return ended - began, done - middle

    def close(self) -> None:
        """Close all sockets."""
        self._sockets.close()
        for peer, _ in self._peers:
            peer.close()


def measure(kinds: Sequence[Kind], rows: int, ticks: int) -> list[dict[str, float | str]]:
    """Run all kinds in turn; medians in microseconds per participant-tick, ratios to the first of the same tick."""
    sides = [Side(kind, rows) for kind in kinds]
    silence = g711.SILENCE[g711.Law.MU]
    wave = (8_000 * np.sin(2 * np.pi * 440 / 8_000 * np.arange(SAMPLES))).astype(np.int16)
    frames = np.full((rows, SAMPLES), silence, np.uint8)
    frames[:TALKERS] = g711.encode(wave, g711.Law.MU)
    took = np.zeros((ticks, len(sides), 2))
    now = time.monotonic()
    for number in range(WARM_UP + ticks):
        for place in np.roll(np.arange(len(sides)), number).tolist():
            sides[place].send(number, frames)
            spent = sides[place].work(now)
            if number >= WARM_UP:
                took[number - WARM_UP, place] = spent
        now += 0.02
    for side in sides:
        side.close()
    took *= 1e6 / rows
    return [
        {
            "kind": kind.name,
            "with_sockets_us": round(float(np.median(took[:, place, 0])), 2),
            "engine_us": round(float(np.median(took[:, place, 1])), 2),
            "ratio_with_sockets": round(float(np.median(took[:, place, 0] / took[:, 0, 0])), 2),
        }
        for place, kind in enumerate(kinds)
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.secured", description=__doc__)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--ticks", type=int, default=150)
    parser.add_argument("--json", type=Path, help="write the record here")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(" · ".join(f"{key} {value}" for key, value in processes.machine_line().items()))
    results = measure(KINDS, options.rows, options.ticks)
    print(f"{'us per participant-tick':28}{'engine':>9}{'with sockets':>14}{'ratio':>8}")
    for each in results:
        print(
            f"{each['kind']:28}{each['engine_us']:9}{each['with_sockets_us']:14}{each['ratio_with_sockets']:8}"
        )
    if options.json:
        record = {"machine": processes.machine_line(), "rows": options.rows, "kinds": results}
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
