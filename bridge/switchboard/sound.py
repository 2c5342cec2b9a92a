"""How good a call sounded: what a media worker says of it at its end, as a line of the log and in the figures.

Nobody has listened: it is G.107's estimate from what was lost, what came too late and how long it took (`media.quality`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.switchboard.effects import Level

if TYPE_CHECKING:
    from bridge.switchboard.lines import Lines
    from media.control import StreamClosed

CLASSES: Final = (4.3, 4.0, 3.6, 3.1)
"""From which mean opinion on users are very satisfied, satisfied, some not, many not (ITU-T G.107 Table B.1); nearly all are
not below the last."""
_FRAME_MS: Final = 20
_SAMPLES_PER_MS: Final = 8


def tell(lines: Lines, closed: StreamClosed) -> None:
    """Write how good a call was that has ended. One of which nothing was ever heard was neither good nor bad."""
    known = lines.ending.pop(closed.stream, None)
    if known is None or not closed.mos:
        return
    least = next((least for least in CLASSES if closed.mos >= least), 1.0)
    lines.figures[f"mos from:{least}"] += 1
    lines.note(
        Level.INFO,
        "call sounded",
        **known,
        mos=round(closed.mos, 2),
        r_factor=round(closed.r_factor),
        packets=closed.packets_in,
        lost=closed.lost,
        late=closed.late,
        concealed_ms=closed.concealed * _FRAME_MS,
        accelerated_ms=closed.accelerated // _SAMPLES_PER_MS,
        expanded_ms=closed.expanded // _SAMPLES_PER_MS,
        delay_ms=round(closed.delay_ms),
        jitter_ms=round(closed.jitter_ms, 1),
    )
