"""The quality table as pictures: `python -m benchmarks.voice_plots RECORD.json --into docs/images`.

`RECORD.json` is what `benchmarks.voice --json` wrote. Two pictures: `voice-quality.png`, the MOS and the delay of each network
beside what peers reach and what is the target; `voice-delay.png`, the delay over time. Needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import math
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from benchmarks.voice_table import PEERS, TARGETS

OURS: Final = "#c0392b"
OTHERS: Final = ("#c3ccd6", "#9fb0c2", "#7489a0", "#4b5f77")
INK: Final = "#2c3e50"
OVER_TIME: Final = ("clean", "jitter 0-40", "wifi", "jitter 0-60, loss 5 %")
DRIFTS: Final = ("clock fast", "clock slow")
TIME_COLOURS: Final = ("#7489a0", "#2980b9", "#c0392b", "#27ae60")
LEAST_MOS, MOST_MOS = 1.0, 4.7
DOTS_PER_INCH: Final = 110


def quality(pyplot: Any, record: dict[str, Any], file: Path) -> None:
    """Bars of MOS and of delay, a group for each network."""
    rows = [row for row in record["rows"] if row["network"] in TARGETS]
    figure, (upper, lower) = pyplot.subplots(
        2, 1, figsize=(11, 6.4), sharex=True, height_ratios=(3, 2), layout="constrained"
    )
    width = 0.8 / (1 + len(PEERS))
    for place, row in enumerate(rows):
        target = TARGETS[row["network"]]
        values = [(row["mos"], row["delay_ms"] or math.nan), *target.peers]
        for nth, (mos, delay_ms) in enumerate(values):
            x = place - 0.4 + (nth + 0.5) * width
            colour = OURS if nth == 0 else OTHERS[nth - 1]
            upper.bar(x, mos - LEAST_MOS, 0.92 * width, bottom=LEAST_MOS, color=colour)
            if not math.isnan(delay_ms):
                lower.bar(x, delay_ms, 0.92 * width, color=colour)
        upper.errorbar(place - 0.4 + width / 2, row["mos"], row["mos_error"], color=INK, linewidth=1)
        line = {"color": INK, "linewidth": 1.5, "linestyle": (0, (3, 2))}
        upper.hlines(target.mos, place - 0.42, place + 0.42, **line)
        if target.delay_ms < math.inf:
            lower.hlines(target.delay_ms, place - 0.42, place + 0.42, **line)
    upper.set_ylim(LEAST_MOS, MOST_MOS)
    upper.set_ylabel("PESQ MOS-LQO")
    lower.set_ylabel("added delay, ms")
    lower.set_xticks(range(len(rows)), [row["network"].replace(", ", ",\n") for row in rows])
    patches = import_module("matplotlib.patches")
    lines = import_module("matplotlib.lines")
    ours = "Roda" if record["way"] == "calls" else "Roda, offline"
    named = [patches.Patch(color=OURS, label=ours if record["is_valid"] else f"{ours}, INVALID")]
    named += [patches.Patch(color=colour, label=name) for colour, name in zip(OTHERS, PEERS, strict=True)]
    named.append(lines.Line2D([], [], color=INK, linestyle=(0, (3, 2)), label="target"))
    figure.legend(handles=named, loc="outside upper center", ncols=len(named), frameon=False)
    _finish(figure, (upper, lower), file)
    pyplot.close(figure)


def over_time(pyplot: Any, rows: list[dict[str, Any]], file: Path) -> None:
    """The delay of a call on each jittery network, and of those with wrong clocks."""
    known = {row["network"]: row for row in rows}
    figure, (upper, lower) = pyplot.subplots(2, 1, figsize=(11, 6.0), layout="constrained")
    for colour, name in zip(TIME_COLOURS, OVER_TIME, strict=True):
        if name in known:
            call = known[name]["delays"][0]
            upper.plot(call["at_s"], call["ms"], ".-", color=colour, label=name, linewidth=0.8, markersize=4)
    for colour, name in zip(TIME_COLOURS[1:], DRIFTS, strict=False):
        if name in known:
            call = known[name]["delays"][0]
            minutes = [at_s / 60 for at_s in call["at_s"]]
            lower.plot(minutes, call["ms"], ".", color=colour, label=name, markersize=3)
    upper.set_xlabel("seconds of a call")
    lower.set_xlabel("minutes of a call whose talker's clock is 500 ppm fast or slow")
    for axes in (upper, lower):
        axes.set_ylabel("added delay, ms")
        axes.set_ylim(bottom=0)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, ncols=4, loc="upper center")
            axes.set_ylim(top=1.2 * axes.get_ylim()[1])
    _finish(figure, (upper, lower), file)
    pyplot.close(figure)


def _finish(figure: Any, panels: tuple[Any, ...], file: Path) -> None:
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e5e9ee", linewidth=0.8)
        axes.set_axisbelow(True)
    figure.savefig(file, dpi=DOTS_PER_INCH, metadata={"Software": None})


def main() -> int:
    """Draw both pictures."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.voice_plots", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("record", type=Path, help="what `benchmarks.voice --json` wrote")
    parser.add_argument("--into", type=Path, default=Path("docs/images"), help="folder (docs/images)")
    options = parser.parse_args()
    record = json.loads(options.record.read_text())
    import_module("matplotlib").use("agg")
    pyplot = import_module("matplotlib.pyplot")
    quality(pyplot, record, options.into / "voice-quality.png")
    over_time(pyplot, record["rows"], options.into / "voice-delay.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
