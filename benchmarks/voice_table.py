"""The quality table: what is to be met, what was found, and what peers do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import voice_score
from benchmarks.traces import Network
from benchmarks.voice_speech import PIECE_S, RATE_HZ
from benchmarks.voice_talker import LEAD_FRAMES, Plan

LONG_S: Final = 200.0
"""Calls longer than this are there for their delay: it is sought less often, and not all of their pieces are judged."""
EVERY_S: Final = 0.5
EVERY_LONG_S: Final = 3.0
"""How often the delay is sought."""
LONG_PIECES: Final = 20
"""Of a long call so many pieces are judged, spread over it."""
FINAL_S: Final = 10.0
"""The delay at the end is the median of these."""
CONSTANT_MS: Final = 20.0
"""A delay is constant if no minute's median is further from that of the second minute: one packet."""
_LEARNED_S: Final = LEAD_FRAMES * 0.02 + PIECE_S


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be met, and what peers do: MOS and delay in ms."""

    mos: float
    delay_ms: float = math.inf
    peers: tuple[tuple[float, float], ...] = ()


_UNKNOWN: Final = math.nan
PEERS: Final = ("Asterisk", "Asterisk, buffer", "FreeSWITCH, buffer 60:200", "SEMS")
"""Measured on one machine with the same kinds of network."""
TARGETS: Final = {
    "clean": Target(4.5, 25, ((4.55, 21), (4.2, 61), (4.55, 87), (4.54, 56))),
    "loss 3 %": Target(3.8, peers=((2.87, _UNKNOWN), (2.71, _UNKNOWN), (3.30, _UNKNOWN))),
    "loss 10 %": Target(3.2, peers=((2.18, _UNKNOWN), (1.78, _UNKNOWN), (2.77, 140), (2.85, 85))),
    "bursts 5 %": Target(3.5, peers=((2.72, _UNKNOWN), (2.71, _UNKNOWN), (3.14, 220))),
    "jitter 0-40": Target(4.5, 75, ((1.95, _UNKNOWN), (4.45, 161), (4.55, 88))),
    "wifi": Target(4.4, 110, ((2.08, _UNKNOWN), (3.63, 121), (4.38, 167), (3.36, 125))),
    "jitter 0-60, loss 5 %": Target(3.4, 100, ((1.40, _UNKNOWN), (2.48, 121), (3.16, 155))),
    "clock fast": Target(4.5, peers=((4.40, _UNKNOWN), (4.45, 81), (4.41, 87))),
    "clock slow": Target(4.5, peers=((4.40, _UNKNOWN), (4.45, 81), (4.41, 87))),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One call, judged."""

    pieces: NDArray[np.float64]
    """(P,): MOS of those that count."""
    opening: float
    """Of the first, which does not: the bridge still learns the line."""
    delays: voice_score.Delays
    length_s: float

    @property
    def median_ms(self) -> float:
        """Without the opening."""
        return self.delays.between(_LEARNED_S, math.inf)

    @property
    def final_ms(self) -> float:
        """At the end."""
        return self.delays.between(self.length_s - FINAL_S, math.inf)

    @property
    def wander_ms(self) -> float:
        """How far any minute's median is from that of the second minute; NaN for a call of less than four."""
        minutes = [
            self.delays.between(60.0 * minute, 60.0 * (minute + 1))
            for minute in range(1, int(self.length_s / 60))
        ]
        known = [each for each in minutes if not math.isnan(each)]
        return max(abs(each - known[0]) for each in known) if len(known) > 2 else math.nan


def judge(plan: Plan, call: voice_score.Heard) -> Judged:
    """Compare what was heard with what was said."""
    is_long = plan.length_s > LONG_S
    found = voice_score.delays(call, EVERY_LONG_S if is_long else EVERY_S)
    spoken = plan.pieces()
    count = min(LONG_PIECES, len(spoken) - 1) if is_long else len(spoken) - 1
    chosen = [spoken[0], *(spoken[at] for at in np.linspace(1, len(spoken) - 1, count).astype(int))]
    overall = found.between(0.0, math.inf)
    scores = []
    for begin, end in chosen:
        delay = found.between(begin / RATE_HZ, end / RATE_HZ)
        delay = overall if math.isnan(delay) else delay
        score = voice_score.WORST if math.isnan(delay) else voice_score.quality(call, begin, end, delay)
        scores.append(score)
    return Judged(np.array(scores[1:]), scores[0], found, plan.length_s)


def row(network: Network, judged: list[Judged], further: dict[str, Any]) -> dict[str, Any]:
    """The figures of one network as plain data; `further` is added."""
    pieces = np.concatenate([each.pieces for each in judged])
    return {
        "network": network.name,
        "mos": round(float(pieces.mean()), 3),
        "mos_error": round(float(pieces.std() / math.sqrt(len(pieces))), 3),
        "worst_piece": round(float(pieces.min()), 2),
        "opening": round(float(np.mean([each.opening for each in judged])), 2),
        "delay_ms": _mean([each.median_ms for each in judged]),
        "final_ms": _mean([each.final_ms for each in judged]),
        "wander_ms": _mean([each.wander_ms for each in judged]),
        **further,
        "delays": [
            {"at_s": each.delays.at_s.round(2).tolist(), "ms": each.delays.delay_ms.round(1).tolist()}
            for each in judged
        ],
    }


def _mean(values: list[float]) -> float | None:
    known = [value for value in values if not math.isnan(value)]
    return round(float(np.mean(known)), 1) if known else None


def missed(result: dict[str, Any]) -> list[str]:
    """What of a row's target is not met."""
    target = TARGETS.get(result["network"])
    if target is None:
        return []
    found = []
    if result["mos"] < target.mos:
        found.append("MOS")
    if target.delay_ms < math.inf and (result["delay_ms"] is None or result["delay_ms"] > target.delay_ms):
        found.append("delay")
    if result["wander_ms"] is not None and result["wander_ms"] > CONSTANT_MS:
        found.append("constant delay")
    return found


def text(results: list[dict[str, Any]]) -> str:
    """The rows as a table, what the engine tells of each below it."""
    heads = ("MOS", "+-", "target", "delay", "target", "final", "wander", "opening", "worst")
    widths = (6, 6, 8, 7, 8, 7, 8, 9, 7)
    lines = [f"{'':23}" + "".join(head.rjust(width) for head, width in zip(heads, widths, strict=True))]
    for each in results:
        target = TARGETS.get(each["network"])
        cells = (
            _cell(each["mos"], 2),
            _cell(each["mos_error"], 2),
            "" if target is None else f"{target.mos:.1f}",
            _cell(each["delay_ms"], 0),
            "" if target is None or target.delay_ms == math.inf else f"{target.delay_ms:.0f}",
            _cell(each["final_ms"], 0),
            _cell(each["wander_ms"], 0),
            _cell(each["opening"], 2),
            _cell(each["worst_piece"], 2),
        )
        line = "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        faults = missed(each)
        verdict = "" if target is None else "MISSED " + ", ".join(faults) if faults else "PASS"
        lines += [f"{each['network']:23}{line}  {verdict}"]
        if note := each.get("note"):
            lines.append(f"    {note}")
    return "\n".join(lines)


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
