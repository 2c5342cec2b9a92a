"""How people sound through a bridge when a talker's network is bad: `python -m benchmarks.voice --help`.

One talks, with a network of `benchmarks.traces`; one listens, with a perfect one. What the listener hears is compared with
what was said: PESQ narrowband MOS-LQO (PyPI's `pesq`), in pieces of 8 to 10 s, and the delay that the bridge adds.

With `--offline` the calls go through our own media engine in this process, on a clock that is only a number: quick, and
the same every time.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import processes, voice_offline, voice_score, voice_speech
from benchmarks.traces import FURTHER, NETWORKS, Network
from benchmarks.voice_speech import RATE_HZ, Speech

CALLS: Final = 4
SECONDS: Final = 45.0
"""Of speech that counts in each call: five pieces. Before them comes one that does not, while the bridge learns the line."""
DRIFT_MINUTES: Final = 30.0
DRIFT_CALLS: Final = 1
DRIFT_EVERY_S: Final = 3.0
"""How often the delay is sought where a call is long."""
DRIFT_PIECES: Final = 20
"""Of a long call so many pieces are judged, spread over it."""
FINAL_S: Final = 10.0
"""The delay at the end is the median of these."""
CONSTANT_MS: Final = 20.0
"""A delay is constant if no minute's median is further from the first's: one packet."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be met, and what peers do."""

    mos: float
    delay_ms: float = math.inf
    peers: str = ""


TARGETS: Final = {
    "clean": Target(4.5, 25, "4.55/21 4.20/61 4.55/87 4.54/56"),
    "loss 3 %": Target(3.8, peers="2.87 2.71 3.30 -"),
    "loss 10 %": Target(3.2, peers="2.18 1.78 2.77/140 2.85/85"),
    "bursts 5 %": Target(3.5, peers="2.72 2.71 3.14/220 -"),
    "jitter 0-40": Target(4.5, 75, "1.95 4.45/161 4.55/88 -"),
    "wifi": Target(4.4, 110, "2.08 3.63/121 4.38/167 3.36/125"),
    "jitter 0-60, loss 5 %": Target(3.4, 100, "1.40 2.48/121 3.16/155 -"),
    "clock fast": Target(4.5, peers="4.40 4.45/81 4.41/87 -"),
    "clock slow": Target(4.5, peers="4.40 4.45/81 4.41/87 -"),
}
"""Peers: Asterisk without and with its buffer, FreeSWITCH with a buffer of 60:200, SEMS; MOS and delay in ms."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One call, judged."""

    pieces: NDArray[np.float64]
    """(P,): MOS of those that count."""
    opening: float
    """Of the first, which does not."""
    delays: voice_score.Delays
    length_s: float

    @property
    def median_ms(self) -> float:
        """Without the first piece."""
        return self.delays.between(voice_speech.PIECE_S[1], math.inf)

    @property
    def final_ms(self) -> float:
        """At the end."""
        return self.delays.between(self.length_s - FINAL_S, math.inf)

    @property
    def wander_ms(self) -> float:
        """How far any minute's median is from the first's; a call of less than three minutes has none."""
        minutes = [
            self.delays.between(60.0 * minute, 60.0 * (minute + 1))
            for minute in range(int(self.length_s / 60))
        ]
        return max(abs(each - minutes[0]) for each in minutes) if len(minutes) > 2 else float("nan")


def judge(call: voice_score.Heard, speech: Speech, *, drifts: bool) -> Judged:
    """Compare what was heard with what was said."""
    found = voice_score.delays(call, DRIFT_EVERY_S if drifts else 0.5)
    whole = len(speech.codes)
    spoken = [
        (begin + lap * whole, end + lap * whole)
        for lap in range(len(call.said) // whole + 1)
        for begin, end in speech.pieces
        if end + lap * whole <= len(call.said)
    ]
    chosen = spoken[:1] + [
        spoken[place]
        for place in np.unique(
            np.linspace(1, len(spoken) - 1, min(DRIFT_PIECES, len(spoken) - 1)).astype(int)
        )
    ]
    overall = found.between(0.0, math.inf)
    scores = []
    for begin, end in chosen:
        delay = found.between(begin / RATE_HZ, end / RATE_HZ)
        delay = overall if math.isnan(delay) else delay
        scores.append(
            voice_score.WORST if math.isnan(delay) else voice_score.quality(call, begin, end, delay)
        )
    return Judged(np.array(scores[1:]), scores[0], found, len(call.said) / RATE_HZ)


def row(network: Network, judged: list[Judged], further: dict[str, Any]) -> dict[str, Any]:
    """The figures of one network."""
    pieces = np.concatenate([each.pieces for each in judged])
    return {
        "network": network.name,
        "mos": _round(float(pieces.mean()), 3),
        "mos_error": _round(float(pieces.std() / math.sqrt(max(len(pieces), 1))), 3),
        "worst_piece": _round(float(pieces.min()), 2),
        "opening": _round(float(np.mean([each.opening for each in judged])), 2),
        "delay_ms": _mean([each.median_ms for each in judged]),
        "final_ms": _mean([each.final_ms for each in judged]),
        "wander_ms": _mean([each.wander_ms for each in judged]),
        **further,
        "delays": [
            [each.delays.at_s.round(2).tolist(), each.delays.delay_ms.round(1).tolist()] for each in judged
        ],
    }


def _round(value: float, digits: int) -> float | None:
    return None if math.isnan(value) else round(value, digits)


def _mean(values: list[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return round(float(np.mean(known)), 1) if known else None


def verdict(result: dict[str, Any]) -> str:
    """PASS, or what is missed; empty where there is no target."""
    target = TARGETS.get(result["network"])
    if target is None:
        return ""
    missed = []
    if result["mos"] is None or result["mos"] < target.mos:
        missed.append("MOS")
    if target.delay_ms < math.inf and (result["delay_ms"] is None or result["delay_ms"] > target.delay_ms):
        missed.append("delay")
    if result["network"].startswith("clock"):
        if result["wander_ms"] is None:
            return "too short a call to tell" if not missed else "MISSED " + ", ".join(missed)
        if result["wander_ms"] > CONSTANT_MS:
            missed.append("constant delay")
    return "MISSED " + ", ".join(missed) if missed else "PASS"


def table(results: list[dict[str, Any]]) -> str:
    """The rows as text."""
    heads = ("MOS", "+-", "target", "delay", "target", "final", "wander", "opening", "worst")
    widths = (6, 6, 8, 7, 8, 7, 8, 9, 7)
    lines = [
        f"{'network':23}"
        + "".join(head.rjust(width) for head, width in zip(heads, widths, strict=True))
        + "  verdict"
    ]
    for each in results:
        target = TARGETS.get(each["network"], Target(math.nan, math.nan))
        limit = "" if not target.delay_ms < math.inf else f"{target.delay_ms:.0f}"
        wanted = "" if math.isnan(target.mos) else f"{target.mos:.1f}"
        cells = (
            _cell(each["mos"], 2),
            _cell(each["mos_error"], 2),
            wanted,
            _cell(each["delay_ms"], 0),
            limit,
            _cell(each["final_ms"], 0),
            _cell(each["wander_ms"], 0),
            _cell(each["opening"], 2),
            _cell(each["worst_piece"], 2),
        )
        line = "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{each['network']:23}{line}  {verdict(each)}")
        if each.get("counters"):
            lines.append(
                "    "
                + ", ".join(f"{name} {value}" for name, value in each["counters"].items())
                + f" in {each['packets']} packets; own delay {each['buffer_ms']} ms"
            )
    return "\n".join(lines)


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def offline(
    networks: list[Network], speech: Speech, *, calls: int, seconds: float, drift_s: float, dtx: bool
) -> list[dict[str, Any]]:
    """Through the engine in this process."""
    plans = [
        voice_offline.Plan(
            network,
            seed,
            (turned := speech.rolled(seed * pieces_of(speech, seconds))),
            _samples(turned, drift_s if network.skew_ppm else seconds),
            dtx=dtx,
        )
        for network in networks
        for seed in range(min(calls, DRIFT_CALLS) if network.skew_ppm else calls)
    ]
    made: list[voice_offline.Call] = []
    for length in sorted({plan.samples > 2 * seconds * RATE_HZ for plan in plans}):
        made += voice_offline.run(
            [plan for plan in plans if (plan.samples > 2 * seconds * RATE_HZ) is length]
        )
    results = []
    for network in networks:
        mine = [call for call in made if call.plan.network is network]
        judged = [judge(call.heard, call.plan.speech, drifts=network.skew_ppm != 0) for call in mine]
        counters = {name: sum(call.counters[name] for call in mine) for name in mine[0].counters}
        further = {
            "packets": sum(call.plan.samples // voice_speech.FRAME for call in mine),
            "counters": {name: value for name, value in counters.items() if value},
            "buffer_ms": round(float(np.mean([np.median(call.buffer_ms) for call in mine])), 1),
        }
        results.append(row(network, judged, further))
    return results


def pieces_of(speech: Speech, seconds: float) -> int:
    """About how many pieces are so long."""
    return max(1, round(seconds / (speech.pieces[-1][1] / RATE_HZ / len(speech.pieces))))


def _samples(speech: Speech, seconds: float) -> int:
    """Whole pieces of at least `seconds`, after a first one that does not count."""
    whole = len(speech.codes)
    wanted = speech.pieces[0][1] + int(seconds * RATE_HZ)
    lap = max(0, wanted // whole)
    ends = [end + turn * whole for turn in (lap, lap + 1) for _, end in speech.pieces]
    return min((end for end in ends if end >= wanted), default=wanted)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.voice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--offline", action="store_true", help="through our media engine, in this process")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="networks whose name begins so; also: " + FURTHER[0].name
    )
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls per network (default {CALLS})")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"speech judged per call (default {SECONDS:.0f})"
    )
    parser.add_argument(
        "--drift-minutes", type=float, default=DRIFT_MINUTES, help="length of calls whose clock is wrong"
    )
    parser.add_argument("--dtx", action="store_true", help="the talker sends nothing in pauses")
    parser.add_argument("--speech", type=Path, default=voice_speech.FOLDER, help="folder of 8 kHz WAV files")
    parser.add_argument("--json", type=Path, help="write the record here")
    options = parser.parse_args()
    networks = [
        network
        for network in NETWORKS + FURTHER
        if (network in NETWORKS if not options.only else network.name.startswith(tuple(options.only)))
    ]
    if not networks:
        parser.error("no network is called so: " + ", ".join(network.name for network in NETWORKS + FURTHER))
    speech = voice_speech.load(options.speech)
    results = offline(
        networks,
        speech,
        calls=options.calls,
        seconds=options.seconds,
        drift_s=options.drift_minutes * 60,
        dtx=options.dtx,
    )
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps({"machine": processes.machine_line(), "rows": results}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
