import math

import pytest

from benchmarks.acting import Call, Listen, Press, Say, Wait
from benchmarks.arriving import RECORD_HZ, Arrival, Manner, entry_s, guest, host, keyed_in, stay, waits_ms
from benchmarks.mouths import TALK, TALK_HZ
from benchmarks.roda import ACCESS_NUMBER


def play(script, answers):
    """The steps of a script that is given these answers, in order."""
    steps = [next(script)]
    for answer in answers:
        try:
            steps.append(script.send(answer))
        except StopIteration:
            break
    return steps


def test_a_guest_keys_the_code_says_the_name_and_keeps_it():
    arrival, told = Arrival(7), []
    steps = play(
        guest(arrival, "482915", 5, Manner(), told.append), [1.0, 3.0, 5.0, 9.0, 9.5, 10.5, 10.6, 10.8, 11.1]
    )
    kinds = [step.keys if isinstance(step, Press) else type(step) for step in steps]
    assert kinds == [Call, Wait, "482915#", Listen, Wait, Say, "#", "1", Listen]
    assert steps[0] == Call(ACCESS_NUMBER)
    assert (steps[3].hz, steps[3].pure, steps[8].hz) == (RECORD_HZ, True, TALK_HZ)
    assert steps[5] == Say(5)
    assert told == [7]
    assert (arrival.called_at, arrival.hash_at, arrival.last_key_at, arrival.joined_at) == (
        1.0,
        10.6,
        10.8,
        11.1,
    )
    assert arrival.wait_s == pytest.approx(0.5)
    assert arrival.keep_s == pytest.approx(0.3)


def test_where_no_name_is_asked_for_the_code_is_all():
    arrival = Arrival(1)
    steps = play(guest(arrival, "482915", None, Manner(), lambda _: None), [1.0, 3.0, 5.0, 5.4])
    assert [type(step) for step in steps] == [Call, Wait, Press, Listen]
    assert arrival.wait_s == pytest.approx(0.4)


def test_who_never_hears_the_beep_has_not_come_in():
    arrival, told = Arrival(1), []
    play(guest(arrival, "482915", 5, Manner(), told.append), [1.0, 3.0, 5.0, None])
    assert (arrival.wait_s, told, keyed_in([arrival])) == (None, [], [])


def test_the_host_talks_once_the_bridge_has_said_its_words():
    begun = []
    script = host(Arrival(0), "482915", None, Manner(), talks=True, begun=lambda: begun.append(True))
    steps = play(script, [1.0, 3.0, 5.0, 9.0, 9.0])
    assert steps[-1] == Say(TALK)
    assert begun == [True]


def test_who_stays_only_waits():
    arrival = Arrival(0)
    steps = play(stay(arrival, "482915", 4, Manner(listen_s=1.0, keep="#")), [1.0] * 10)
    assert [step.keys for step in steps if isinstance(step, Press)] == ["482915#", "#", "#"]
    assert keyed_in([arrival]) == [arrival]


def test_those_who_came_are_told_by_how_long_they_waited():
    came = [
        Arrival(1, hash_at=1.0, joined_at=1.25),
        Arrival(2, hash_at=5.0, joined_at=6.0),
        Arrival(3, hash_at=9.0),
    ]
    assert waits_ms(came) == [250.0, 1000.0]
    assert entry_s(came) == 4.75
    assert math.isnan(entry_s([Arrival(0)]))
