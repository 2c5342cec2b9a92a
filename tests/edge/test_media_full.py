"""A full port range refuses, and gives back all it took; a room goes on where a worker is full, also when that dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from media import control
from media.pool import PoolFullError
from tests.media.real import House, together

LOUD = 4_000.0
FAINT = 300.0


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    made = House(workers=2, rows=2, pairs=3)
    yield made
    made.close()


def test_a_full_range_and_then_full_workers_refuse_and_serve_again(house: House) -> None:
    async def story() -> None:
        free, capacity = house.ports.free, house.pool.capacity_left
        assert capacity == 3
        phones = [house.call() for _ in range(3)]
        with pytest.raises(PoolFullError, match="port"):
            house.call()
        await together(*(phone.talk(3) for phone in phones))
        await house.hang_up(*phones)
        assert (house.ports.free, house.pool.capacity_left) == (free, capacity)

    house.run(story())


def test_a_room_whose_worker_is_full_goes_on_in_another(house: House) -> None:
    async def story() -> None:
        one, two, three = house.call(room=1), house.call(room=1), house.call(room=2)
        house.pool.send(control.Route(three.stream, 1))
        await together(one.talk(50, 440.0), two.talk(50), three.talk(50, 880.0))
        homes = [{int(number) for number in table.stream if number} for _, table in house.pool.tables()]
        assert sorted(homes, key=len) == [{three.stream}, {one.stream, two.stream}]
        for listener, heard in ((two, (440.0, 880.0)), (one, (880.0,)), (three, (440.0,))):
            for frequency in heard:
                assert listener.loudness(frequency) > LOUD
        assert one.loudness(440.0) < FAINT
        assert three.loudness(880.0) < FAINT
        assert house.pool.rooms_spread == 1
        await house.hang_up(one, two, three)
        assert house.pool.capacity_left == 3
        again = house.call(room=1)
        await again.talk(2)
        await house.hang_up(again)

    house.run(story())


@pytest.mark.parametrize("victim", [0, 1])
def test_a_room_over_two_workers_is_heard_whole_again_when_either_dies(house: House, victim: int) -> None:
    async def story() -> None:
        everybody = one, two, three = [house.call(room=1) for _ in range(3)]
        await together(one.talk(50, 440.0), two.talk(50), three.talk(50, 880.0))
        assert two.loudness(880.0) > LOUD
        replaced = house.pool.replaced
        os.kill(house.pool.pids()[victim], signal.SIGKILL)
        await together(one.talk(75, 440.0), two.talk(75), three.talk(75, 880.0))
        assert house.pool.replaced == replaced + 1
        for listener, heard in ((two, (440.0, 880.0)), (one, (880.0,)), (three, (440.0,))):
            for frequency in heard:
                assert listener.loudness(frequency) > LOUD
            assert set(listener.steps()) <= {1, 2}
        assert one.loudness(440.0) < FAINT
        await house.hang_up(*everybody)

    house.run(story())
