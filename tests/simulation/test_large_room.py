"""A conference for which a media worker is too small: whoever calls comes in, and is heard by all."""

from __future__ import annotations

from itertools import permutations

from tests.simulation.meeting import Meeting
from tests.simulation.phone import Phone


def crowd(meeting: Meeting) -> list[Phone]:
    """A moderator and three, over two workers of two places each."""
    people = [meeting.moderator("rui"), *(meeting.participant(name) for name in ("ana", "bia", "leo"))]
    meeting.run(4.0)
    return people


def all_hear_all(people: list[Phone]) -> bool:
    return all(one.hears(other) for one, other in permutations(people, 2))


def test_people_of_a_conference_over_two_workers_hear_each_other_and_what_is_said_to_all() -> None:
    meeting = Meeting(workers=2, rows=2)
    people = rui, _ana, bia, leo = crowd(meeting)
    assert [worker.load for worker in meeting.pool.workers] == [2, 2]
    assert meeting.pool.rooms_spread == 1
    assert all_hear_all(people)
    assert not any(phone.hears(phone) for phone in people)
    leo.press("*6")
    meeting.until(lambda: not rui.hears(leo), within_s=5.0)
    assert rui.hears(bia)
    rui.press("*5")  # a lecture is told to all, wherever they are
    meeting.until(lambda: not leo.hears(bia) and not rui.hears(bia), within_s=10.0)
    meeting.until(lambda: all(phone.hears(rui) for phone in people[1:]), within_s=10.0)
    meeting.nothing_is_left()


def test_a_worker_that_dies_takes_nobody_out_of_a_conference_over_two() -> None:
    meeting = Meeting(workers=2, rows=2)
    people = crowd(meeting)
    for worker in list(meeting.pool.workers):
        meeting.pool.kill(worker)
        meeting.run(2.0)
        assert all_hear_all(people)
        assert not any(phone.hears(phone) for phone in people)
    assert meeting.pool.replaced == 2
    meeting.nothing_is_left()


def test_a_conference_that_grows_smaller_is_in_one_worker_again() -> None:
    meeting = Meeting(workers=2, rows=2)
    people = crowd(meeting)
    home = meeting.pool.worker_of(meeting.leg(people[0]))
    others = [phone for phone in people if meeting.pool.worker_of(meeting.leg(phone)) is not home]
    for phone in others:
        phone.hang_up()
    meeting.run(3.0)
    assert all_hear_all([phone for phone in people if phone not in others])
    assert home.engine._cascade.idle
    assert [worker.load for worker in meeting.pool.workers if worker is not home] == [0]
    meeting.nothing_is_left()
