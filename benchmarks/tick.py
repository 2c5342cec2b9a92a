"""What one tick of the media engine costs, without sockets: `python -m benchmarks.tick --help`.

This measures our own engine from inside, to find out what a change of it has gained; what the whole bridge costs is for
`benchmarks.run` to say. Each case sends a packet per row and tick, as bytes and in the shuffled order in which sockets
become readable, and takes the median over all ticks: the machine may have other things to do.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import processes
from dsp import g711
from media import control, rtp
from media.engine import Engine
from media.process import WORKER_ENVIRONMENT

SAMPLES: Final = 160
LOUDNESS: Final = 8_000
WARM_UP: Final = 30
"""Ticks before the measured ones: buffers fill, tables are made."""


@dataclass(frozen=True, slots=True)
class Case:
    """A worker's load."""

    name: str
    rows: int
    rooms: int
    talkers: int
    """In each room."""
    loss: float = 0.0
    tones: int = 0
    """Rows whose keys are looked for in their audio."""


CASES: Final = (
    Case("4 in one room", 4, 1, 2),
    Case("1,000 in one room", 1_000, 1, 2),
    Case("1,000 in 200 rooms", 1_000, 200, 1),
    Case("1,000 in 200 rooms, 2 % lost", 1_000, 200, 1, loss=0.02),
    Case("1,000 in 200 rooms, 100 by tones", 1_000, 200, 1, tones=100),
    Case("1,000 in 200 rooms, all by tones", 1_000, 200, 1, tones=1_000),
    Case("1,000 speak at once", 1_000, 200, 5),
    Case("1,000 speak at once, all by tones", 1_000, 200, 5, tones=1_000),
    Case("3,000 in one room", 3_000, 1, 2),
)


class Load:
    """An engine and the packets of all its rows."""

    def __init__(self, case: Case, ticks: int) -> None:
        self._case = case
        self._random = np.random.default_rng(1)
        self._engine = Engine(max(4_096, case.rows))
        for number in range(case.rows):
            self._engine.apply(
                control.OpenStream(
                    number + 1,
                    control.Format(control.Codec.PCMU, 0, -1, tones=True)
                    if number < case.tones
                    else control.Format(control.Codec.PCMU, 0, 101),
                    ssrc=number,
                    sequence=0,
                    timestamp=0,
                    cname="tick",
                    remote=control.Endpoint("192.0.2.1", 10_000 + number),
                    latched=True,
                    room=1 + number % case.rooms,
                ),
                0.0,
            )
        self._engine.addressing()
        self._packets = np.zeros(case.rows, rtp.PACKET_IN)
        self._packets["first"] = 0x80
        self._packets["frame"] = g711.SILENCE[g711.Law.MU]
        self._order = self._random.permutation(case.rows)
        self._packets["ssrc"] = self._order + 5
        self._talking = np.flatnonzero(self._order < case.talkers * case.rooms)
        wave = LOUDNESS * np.sin(2 * np.pi * 440 / 8_000 * np.arange(SAMPLES * ticks))
        self._tone = g711.encode(wave.astype(np.int16), g711.Law.MU).reshape(ticks, SAMPLES)
        self._lengths = np.full(case.rows, rtp.HEADER_BYTES + SAMPLES)
        self._now = 1_000.0

    def tick(self, number: int) -> tuple[float, float]:
        """Receive and tick once; returns the seconds that each took."""
        packets = self._packets
        packets["sequence"] = number & 0xFFFF
        packets["timestamp"] = number * SAMPLES
        packets["frame"][self._talking] = self._tone[number]
        rows, lengths = self._order, self._lengths
        if self._case.loss:
            kept = self._random.random(len(rows)) >= self._case.loss
            rows, lengths, packets = rows[kept], lengths[kept], packets[kept]
        arrivals: NDArray[np.float64] = np.full(len(rows), self._now - 0.012)
        began = time.perf_counter()
        self._engine.receive(rows, lengths, arrivals, packets, {})
        received = time.perf_counter()
        self._engine.tick(self._now)
        self._engine.sent()
        ended = time.perf_counter()
        self._now += 0.02
        return received - began, ended - received


def measure(case: Case, ticks: int, *, profile: bool = False) -> dict[str, float | str]:
    """Run a case; returns medians in microseconds."""
    load = Load(case, WARM_UP + ticks)
    for number in range(WARM_UP):
        load.tick(number)
    if profile:
        with cProfile.Profile() as profiler:
            for number in range(WARM_UP, WARM_UP + ticks):
                load.tick(number)
        profiler.print_stats("tottime")
    took = np.array([load.tick(number) for number in range(WARM_UP, WARM_UP + ticks)]) * 1e6
    receive, tick = np.median(took, axis=0)
    return {
        "case": case.name,
        "receive_us": round(float(receive), 1),
        "tick_us": round(float(tick), 1),
        "per_participant_us": round(float(receive + tick) / case.rows, 3),
    }


def main() -> int:
    """Measure all cases and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.tick", description=__doc__)
    parser.add_argument("--ticks", type=int, default=150)
    parser.add_argument("--only", help="cases whose name contains this")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", type=Path, help="write the record here")
    options = parser.parse_args()
    record = {"machine": processes.machine_line(), "cases": list[dict[str, float | str]]()}
    print(" · ".join(f"{key} {value}" for key, value in processes.machine_line().items()))
    print(f"{'':36}{'receive':>9}{'tick':>9}  us   per participant-tick")
    for case in CASES:
        if options.only and options.only not in case.name:
            continue
        result = measure(case, options.ticks, profile=options.profile)
        record["cases"].append(result)  # type: ignore[attr-defined]
        print(
            f"{case.name:36}{result['receive_us']:9}{result['tick_us']:9}{result['per_participant_us']:14} us"
        )
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in WORKER_ENVIRONMENT.items()):
        # A worker's allocator is told how to behave before it starts.
        os.execve(  # noqa: S606 (this very program)
            sys.executable,
            [sys.executable, "-m", "benchmarks.tick", *sys.argv[1:]],
            os.environ | WORKER_ENVIRONMENT,
        )
    sys.exit(main())
