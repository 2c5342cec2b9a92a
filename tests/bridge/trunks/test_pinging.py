"""Whether a trunk is up: believed after two rounds that say the same, whatever a living server answers."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.trunks.pinging import FIRST_S, IN_DOUBT_S, JITTER, TABLE, Ping, Pinging, State
from bridge.trunks.trying import FAIL_OVER_S, Failed, Find, Standing
from sip.locating import Target

ONE, TWO = Target("udp", "192.0.2.1", 5060, "a"), Target("udp", "192.0.2.2", 5060, "a")


class Line:
    """Pings, and a hand that answers them."""

    def __init__(self, targets: tuple[Target, ...] = (ONE,), ping_s: float = 30, dice: int = 0) -> None:
        self.it = Pinging(ping_s=ping_s, entropy=lambda count: bytes([dice]) * count)
        self.targets = targets
        self.now = 1000.0
        self.it.start(self.now)

    def wanted(self) -> list[object]:
        found: list[object] = []
        while wishes := self.it.outgoing():
            for each in wishes:
                if isinstance(each, Find):
                    self.it.found(self.targets, "" if self.targets else "no such name", self.now)
                else:
                    found.append(each)
        return found

    def next(self) -> list[object]:
        """What it does when the time has come."""
        deadline = self.it.next_deadline()
        assert deadline is not None
        self.now = max(self.now, deadline)
        self.it.advance(self.now)
        return self.wanted()

    def round(self, status: int) -> list[Standing]:
        assert self.next() == [Ping(ONE)]
        self.it.answered(ONE, status, "", self.now)
        self.wanted()
        return self.it.events()


@pytest.mark.parametrize("status", [200, 404, 405, 401, 486, 500, 603])
def test_whatever_a_living_server_answers_is_a_sign_of_life(status: int) -> None:
    line = Line()
    assert line.round(status) == [Standing(holds=True, why="")]
    assert line.it.state is State.UP
    assert line.round(status) == []


def test_two_rounds_in_vain_are_down_and_two_answered_are_up() -> None:
    line = Line()
    line.round(200)
    assert line.round(408) == [Standing(holds=True, why="408")], "one lost packet changes nothing"
    assert line.it.state is State.UP
    assert line.round(503) == [Standing(holds=False, why="503")]
    assert line.round(200) == []
    assert line.it.state is State.DOWN, "one lucky one neither"
    assert line.round(408) == [Standing(holds=False, why="408")]
    assert line.round(200) == []
    assert line.round(200) == [Standing(holds=True, why="")]


def test_in_doubt_it_is_asked_sooner_and_a_trunk_that_is_back_is_known_within_a_minute() -> None:
    """Interop.md 5, row 32: back within 60 s."""
    for dice in (0, 255):
        line = Line(dice=dice)
        line.round(408)
        down_at = line.now
        line.round(408)
        assert line.it.state is State.DOWN
        assert line.now - down_at <= IN_DOUBT_S * (1 + JITTER) + 0.01
        back_at = line.now
        line.round(200)
        line.round(200)
        assert line.it.state is State.UP
        assert line.now - back_at <= 60
        back_at = line.now
        line.next()
        assert 30 * (1 - JITTER) <= round(line.now - back_at, 3) <= 30 * (1 + JITTER)


def test_where_one_server_is_silent_the_next_is_asked_and_one_answer_will_do() -> None:
    line = Line((ONE, TWO))
    assert line.next() == [Ping(ONE)]
    began = line.now
    assert line.next() == [Failed(ONE), Ping(TWO)]
    assert line.now - began == FAIL_OVER_S
    line.it.answered(TWO, 200, "", line.now)
    assert line.it.events() == [Standing(holds=True, why="")]


def test_silence_is_known_within_seconds_and_not_when_the_transaction_gives_up() -> None:
    line = Line()
    line.round(200)
    began = line.now
    while line.it.state is State.UP:
        line.next()
    assert line.now - began <= 30 * (1 + JITTER) + FAIL_OVER_S + IN_DOUBT_S * (1 + JITTER) + FAIL_OVER_S


def test_a_late_answer_is_a_sign_of_life_too_and_a_late_failure_is_nothing() -> None:
    line = Line((ONE, TWO))
    line.next()
    line.next()
    line.it.answered(ONE, 408, "", line.now)
    assert line.wanted() == []
    line.it.answered(ONE, 200, "", line.now)
    assert line.it.state is State.UP
    line.it.answered(TWO, 408, "", line.now)
    assert line.it.state is State.UP


def test_a_name_that_leads_nowhere_is_down() -> None:
    line = Line(())
    assert line.next() == []
    assert line.it.events() == [Standing(holds=True, why="no such name")]
    line.next()
    assert line.it.events() == [Standing(holds=False, why="no such name")]


def test_the_first_comes_soon_and_not_all_at_once() -> None:
    assert Line(dice=0).it.next_deadline() == 1000.0
    assert Line(dice=255).it.next_deadline() == 1000.0 + FIRST_S


def test_without_pings_nothing_is_asked() -> None:
    line = Line(ping_s=0)
    assert (line.it.next_deadline(), line.it.state) == (None, State.UNKNOWN)


def test_after_the_stop_nothing_is_asked() -> None:
    line = Line()
    line.next()
    line.it.stop()
    assert line.it.next_deadline() is None
    line.it.answered(ONE, 200, "", line.now)
    assert (line.wanted(), line.it.events(), line.it.next_deadline()) == ([], [], None)


def test_the_table_knows_every_state() -> None:
    assert set(TABLE) == set(State)


@given(st.lists(st.sampled_from([200, 408, 503, None]), min_size=1, max_size=30), st.integers(0, 255))
@settings(max_examples=80)
def test_whatever_is_answered_it_goes_on_and_says_what_the_last_two_rounds_said(
    statuses: list[int | None], dice: int
) -> None:
    line = Line((ONE, TWO), dice=dice)
    rounds: list[bool] = []
    for status in statuses:
        while (wishes := line.next()) and isinstance(wishes[-1], Ping):
            if status is None:
                if wishes[-1].target == TWO:
                    line.it.answered(TWO, 408, "", line.now)
                    break
                continue
            line.it.answered(wishes[-1].target, status, "", line.now)
            if status == 200:
                break
            (_, ping) = line.wanted()
            line.it.answered(ping.target, status, "", line.now)
            break
        line.wanted()
        rounds.append(status == 200)
        if len(rounds) > 1 and rounds[-1] is rounds[-2]:
            assert line.it.state is (State.UP if rounds[-1] else State.DOWN)


@pytest.mark.parametrize("rounds", [*product((200, 408), repeat=6)])
def test_every_sequence_of_rounds_leads_where_the_last_that_were_alike_say(rounds: tuple[int, ...]) -> None:
    """Two in a row decide; one answer is enough for a trunk of which nothing is known yet."""
    line = Line()
    believed = State.UNKNOWN
    for before, status in pairwise((0, *rounds)):
        line.round(status)
        if before == status:
            believed = State.UP if status == 200 else State.DOWN
        elif believed is State.UNKNOWN and status == 200:
            believed = State.UP
        assert line.it.state is believed
