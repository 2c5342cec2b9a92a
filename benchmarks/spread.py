"""One room over two media workers: a server whose workers have each half as many places as there are people.

Who talks is in the first of them, for talkers call first; so half of all who listen hear them from the other worker. The others
of the load's talkers, where there are more than two, are there, too: that people of both are heard in both is for the tests to say.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from benchmarks import capacity
from benchmarks.roda import Roda
from media.places import KEPT_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKERS = 2


def places(people: int) -> int:
    """Return how many a worker has to take for one room of so many to be over two of them, half in each."""
    half = -(-people // WORKERS)
    return next(rows for rows in count(half) if rows - rows // KEPT_SHARE >= half)


def measure(
    people: int, *, seconds: float, ramp: float, log: str = "", further: Sequence[str] = ()
) -> dict[str, Any]:
    """Let so many into one room; returns the load's record, with how often a room came to live in a second worker."""
    roda = Roda(log=log, workers=WORKERS, media=f"streams_per_worker = {places(people)}")
    try:
        with roda.started() as roots:
            record = capacity.load(
                [
                    *("--target", roda.target, "--user", "conf-{room}", "--participants", str(people)),
                    *("--seconds", str(seconds), "--ramp", str(ramp)),
                    *("--pid", ",".join(map(str, roots))),
                    *further,
                ]
            )
        record["spread"] = roda.counts().get("room_spread", 0)
        if faults := roda.faults():
            record["faults"] = [*record.get("faults", []), *faults]
        return record
    finally:
        roda.close()
