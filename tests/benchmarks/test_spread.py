from contextlib import contextmanager

import pytest

from benchmarks import spread
from bridge.config import load
from media.places import Places


@pytest.mark.parametrize("people", [5, 60, 61, 1_000, 6_000])
def test_half_of_the_people_come_into_each_worker(people):
    rows = spread.places(people)
    taken, places = {"one": 0, "two": 0}, Places(rows)
    for _ in range(people):
        worker = places.choose(1, list(taken), lambda each: rows - taken[each])
        taken[worker] += 1
        places.enter(1, worker)
    assert sum(taken.values()) == people
    assert abs(taken["one"] - taken["two"]) <= 1


def test_the_server_has_two_small_workers_and_tells_how_often_a_room_was_spread(monkeypatch):
    asked = []

    @contextmanager
    def started(self):
        media = load(self.file).media
        assert (media.workers, media.streams_per_worker) == (2, spread.places(60))
        self.log.write_text('{"event": "room_spread", "level": "info"}\n{"event": "x", "level": "error"}\n')
        yield [7]

    def run(arguments):
        asked.extend(arguments)
        return {"faults": ["late"]}

    monkeypatch.setattr(spread.Roda, "started", started)
    monkeypatch.setattr(spread.capacity, "load", run)
    record = spread.measure(60, seconds=5, ramp=50, further=["--talkers", "3"])
    assert record == {"spread": 1, "faults": ["late", "the server logged 1 of level (error)"]}
    assert (
        " ".join(asked[2:])
        == "--user conf-{room} --participants 60 --seconds 5 --ramp 50 --pid 7 --talkers 3"
    )
