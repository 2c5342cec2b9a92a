"""A call as text: a column for each party, an arrow for each message, the time at the left.

              198.51.100.7:5070           192.0.2.1:5060
                     |                          |
    12:00:00.000     | INVITE (SDP)             |
                     |------------------------->|
          +0.001     |               100 Trying |
                     |<-------------------------|

Parties stand in the order in which they first sent or got something. Times after the first are since the line above.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bridge.tracing.seen import Place, Seen, written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

TIME_COLUMNS: Final = 15
NARROWEST: Final = 26
"""Characters between two columns: a title with its arrow. Longer titles and addresses make all columns wider."""
PARTIES_MAX: Final = 8
"""Columns. What further parties say is listed below the ladder: nobody reads a wider one."""


def ladder(messages: Sequence[Seen], *, zone: tzinfo = UTC) -> list[str]:
    """The lines of a ladder; empty where nothing was seen."""
    if not messages:
        return []
    parties = list(dict.fromkeys(place for each in messages for place in (each.source, each.target)))
    shown = parties[:PARTIES_MAX]
    titles = [each.title for each in messages]
    step = max(
        NARROWEST, *(len(title) + 4 for title in titles), *(len(written(party)) + 2 for party in shown)
    )
    first = TIME_COLUMNS + max(len(written(shown[0])) // 2, 4)
    column = {party: first + index * step for index, party in enumerate(shown)}
    lines = [_heading(column), _posts(column)]
    beyond: list[str] = []
    times = [
        _clock(messages[0].at, zone),
        *(_since(before.at, each.at) for before, each in pairwise(messages)),
    ]
    for message, title, time in zip(messages, titles, times, strict=True):
        if message.source in column and message.target in column and message.source != message.target:
            lines += _arrow(column, message, title, time)
        else:
            beyond.append(
                f"{_clock(message.at, zone)}  {written(message.source)} -> {written(message.target)}  {title}"
            )
    return [line.rstrip() for line in [*lines, _posts(column), *beyond]]


def _heading(column: dict[Place, int]) -> str:
    line = ""
    for party, at in column.items():
        name = written(party)
        line = line.ljust(at - len(name) // 2) + name
    return line


def _posts(column: dict[Place, int]) -> str:
    line = ""
    for at in column.values():
        line = line.ljust(at) + "|"
    return line


def _arrow(column: dict[Place, int], message: Seen, title: str, time: str) -> tuple[str, str]:
    begin, end = column[message.source], column[message.target]
    left, right = min(begin, end), max(begin, end)
    width = right - left - 1
    posts = _posts(column)
    over = f" {title}".ljust(width) if begin < end else f"{title} ".rjust(width)
    shaft = "-" * (width - 1) + ">" if begin < end else "<" + "-" * (width - 1)
    told = posts[: left + 1] + over + posts[right:]
    return time.rjust(TIME_COLUMNS - 2) + told[TIME_COLUMNS - 2 :], posts[: left + 1] + shaft + posts[right:]


def _clock(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S.%f")[:-3]


def _since(before: float, at: float) -> str:
    return f"+{max(0.0, at - before):.3f}"
