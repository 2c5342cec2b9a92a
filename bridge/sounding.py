"""How calls sound right now, read from the tables of the media workers into what a console is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bridge.control.protocol import AnyReply, Calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from media.streams import Streams


def with_sound(reply: AnyReply, tables: Iterable[Streams]) -> AnyReply:
    """Add to a list of calls how each sounds; any other reply is as it was.

    A leg's number is that of its stream. A worker writes while we read: a figure may be of the tick before.
    """
    if not isinstance(reply, Calls):
        return reply
    known: dict[int, tuple[Streams, int]] = {}
    for table in tables:
        rows = np.flatnonzero(table.stream)
        known.update(
            (stream, (table, row))
            for stream, row in zip(table.stream[rows].tolist(), rows.tolist(), strict=True)
        )
    return msgspec.structs.replace(
        reply,
        rows=tuple(
            msgspec.structs.replace(row, **_sound(*known[row.leg])) if row.leg in known else row
            for row in reply.rows
        ),
    )


def _sound(table: Streams, row: int) -> dict[str, float]:
    return {
        "mos": round(float(table.mos[row]), 2),
        "mos_by_peer": round(float(table.mos_by_peer[row]), 1),
        "loss_percent": round(float(table.loss_percent[row]), 1),
        "loss_by_peer_percent": round(float(table.loss_by_peer_percent[row]), 1),
        "jitter_ms": round(float(table.jitter_ms[row]), 1),
        "delay_ms": round(float(table.delay_ms[row])),
        "round_trip_ms": round(float(table.round_trip_ms[row])),
    }
