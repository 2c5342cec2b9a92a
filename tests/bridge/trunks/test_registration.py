"""Our registration at a trunk: in time, patient, and honest about whether it holds (interop.md 3, P0-8)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.trunks.registration import (
    AT_ONCE_S,
    EXPIRES_MAX_S,
    GOODBYE_S,
    LONGEST_S,
    NO_TIME_S,
    TABLE,
    Answer,
    Input,
    Register,
    Registration,
    State,
)
from bridge.trunks.trying import FAIL_OVER_S, Failed, Find, Standing
from sip.locating import Target

ONE, TWO = Target("udp", "192.0.2.1", 5060, "a"), Target("udp", "192.0.2.2", 5060, "a")
OK = Answer(status=200)


class Line:
    """A registration, and a hand that answers it."""

    def __init__(self, targets: tuple[Target, ...] = (ONE, TWO), dice: int = 0, expires_s: int = 600) -> None:
        self.it = Registration(expires_s=expires_s, entropy=lambda count: bytes([dice]) * count)
        self.targets = targets
        self.now = 1000.0

    def wanted(self) -> list[object]:
        """What it wants done; where to is answered at once."""
        found: list[object] = []
        while wishes := self.it.outgoing():
            for each in wishes:
                if isinstance(each, Find):
                    self.it.found(self.targets, "" if self.targets else "no such name", self.now)
                else:
                    found.append(each)
        return found

    def starts(self) -> Line:
        self.it.start(self.now)
        assert self.wanted() == [Register(self.targets[0], 600)]
        return self

    def holds(self) -> Line:
        self.starts().it.answered(self.targets[0], OK, self.now)
        assert self.it.events() == [Standing(holds=True, why="")]
        return self

    def passes(self, seconds: float) -> Line:
        self.now += seconds
        self.it.advance(self.now)
        return self

    @property
    def wait_s(self) -> float:
        deadline = self.it.next_deadline()
        assert deadline is not None
        return deadline - self.now


# --- in time ---


@pytest.mark.parametrize(("dice", "after_s"), [(0, 300.0), (255, 540.0)])
def test_it_is_refreshed_between_half_and_nine_tenths_of_its_time(dice: int, after_s: float) -> None:
    line = Line(dice=dice).holds()
    assert line.wait_s == pytest.approx(after_s)
    line.passes(line.wait_s)
    assert line.it.state is State.RENEWING
    assert line.it.holds
    assert line.wanted() == [Register(ONE, 600)]
    line.it.answered(ONE, OK, line.now)
    assert line.it.state is State.HELD
    assert line.it.events() == [], "nothing has changed"


@pytest.mark.parametrize(
    ("granted_s", "after_s"), [(60, 30.0), (None, 300.0), (0, NO_TIME_S / 2), (10**9, EXPIRES_MAX_S / 2)]
)
def test_what_is_granted_counts_within_reason(granted_s: int | None, after_s: float) -> None:
    line = Line().starts()
    line.it.answered(ONE, Answer(status=200, granted_s=granted_s), line.now)
    assert line.wait_s == pytest.approx(after_s)


def test_the_server_that_accepted_is_asked_first_the_next_time() -> None:
    line = Line().starts()
    line.passes(FAIL_OVER_S)
    assert line.wanted() == [Failed(ONE), Register(TWO, 600)]
    line.it.answered(TWO, OK, line.now)
    line.passes(line.wait_s)
    assert line.wanted() == [Register(TWO, 600)]


def test_a_registrar_that_wants_longer_gets_it_once() -> None:
    line = Line().starts()
    line.it.answered(ONE, Answer(status=423, min_expires_s=1800), line.now)
    assert line.wanted() == [Register(ONE, 1800)]
    line.it.answered(ONE, Answer(status=423, min_expires_s=3600), line.now)
    assert line.wanted() == []
    assert line.it.state is State.WAITING


@pytest.mark.parametrize("min_expires_s", [None, 0, 600, EXPIRES_MAX_S + 1])
def test_but_not_for_ever_and_not_without_saying_for_how_long(min_expires_s: int | None) -> None:
    line = Line().starts()
    line.it.answered(ONE, Answer(status=423, min_expires_s=min_expires_s), line.now)
    assert line.it.state is State.WAITING


# --- patient ---


@pytest.mark.parametrize("status", [408, 503, 500, 502])
def test_a_server_that_cannot_is_left_for_the_next_at_once(status: int) -> None:
    line = Line().starts()
    line.it.answered(ONE, Answer(status=status), line.now)
    assert line.wanted() == [Failed(ONE), Register(TWO, 600)]


def test_a_server_that_is_silent_is_left_after_four_seconds_and_may_still_accept() -> None:
    line = Line().starts()
    assert line.wait_s == FAIL_OVER_S
    line.passes(FAIL_OVER_S).wanted()
    line.it.answered(ONE, Answer(status=403), line.now)
    assert line.it.state is State.ASKING, "its no is late"
    line.it.answered(ONE, OK, line.now)
    assert line.it.events() == [Standing(holds=True, why="")]


@pytest.mark.parametrize("status", [403, 401, 407, 404, 302, 600])
def test_the_registrars_no_is_that_of_all_its_servers(status: int) -> None:
    line = Line().starts()
    line.it.answered(ONE, Answer(status=status, reason="No"), line.now)
    assert line.wanted() == []
    assert line.it.events() == [Standing(holds=False, why=f"{status} No")]
    assert 30 <= line.wait_s <= 60


def test_it_is_tried_ever_later_up_to_half_an_hour() -> None:
    """RFC 5626 section 4.5."""
    for dice, share in ((0, 0.5), (255, 1.0)):
        line = Line(targets=(ONE,), dice=dice).starts()
        waits = []
        for _ in range(9):
            line.it.answered(ONE, Answer(status=403), line.now)
            waits.append(round(line.wait_s / share))
            line.passes(line.wait_s)
            assert line.wanted()[-1] == Register(ONE, 600)
        assert waits == [60, 120, 240, 480, 960, 1800, 1800, 1800, 1800]
        line.it.answered(ONE, OK, line.now)
        line.passes(line.wait_s).wanted()
        line.it.answered(ONE, Answer(status=403), line.now)
        assert round(min(line.wait_s, 60) / share) == 60, "from the beginning again"


def test_retry_after_is_respected_within_reason() -> None:
    line = Line(targets=(ONE,)).starts()
    line.it.answered(ONE, Answer(status=503, retry_after_s=300), line.now)
    assert line.wait_s == 300
    line.passes(300).wanted()
    line.it.answered(ONE, Answer(status=503, retry_after_s=10**9), line.now)
    assert line.wait_s == LONGEST_S


def test_a_name_that_leads_nowhere_is_waited_for() -> None:
    line = Line(targets=())
    line.it.start(line.now)
    assert line.wanted() == []
    assert line.it.events() == [Standing(holds=False, why="no such name")]
    line.targets = (ONE,)
    line.passes(line.wait_s)
    assert line.wanted()[-1] == Register(ONE, 600)


def test_a_binding_holds_while_its_refresh_fails_until_its_time_is_up() -> None:
    line = Line(targets=(ONE,)).holds()
    line.passes(300).wanted()
    line.it.answered(ONE, Answer(status=403, reason="Forbidden"), line.now)
    assert line.it.events() == [Standing(holds=True, why="403 Forbidden")]
    while line.now < 1000 + 599:
        line.passes(min(line.wait_s, 1000 + 599 - line.now)).wanted()
    assert line.it.holds
    line.passes(2)
    assert not line.it.holds
    assert line.it.events()[-1].holds is False


def test_a_trunk_that_is_back_after_a_long_time_is_asked_at_once() -> None:
    """Interop.md 5, row 32: back within 60 s, however late the next try would have been."""
    for dice in (0, 255):
        line = Line(targets=(ONE,), dice=dice).starts()
        for _ in range(8):
            line.it.answered(ONE, Answer(status=408), line.now)
            line.passes(line.wait_s).wanted()
        line.it.answered(ONE, Answer(status=408), line.now)
        assert line.wait_s >= 900
        line.it.is_back(line.now)
        assert line.wait_s <= AT_ONCE_S
        line.passes(line.wait_s)
        assert line.wanted()[-1] == Register(ONE, 600)


@pytest.mark.parametrize(
    "answer", [Answer(status=403), Answer(status=503, retry_after_s=120), Answer(status=401)]
)
def test_but_what_it_has_said_itself_still_holds(answer: Answer) -> None:
    line = Line(targets=(ONE,)).starts()
    line.it.answered(ONE, answer, line.now)
    before = line.wait_s
    line.it.is_back(line.now)
    assert line.wait_s == before


# --- the end ---


def test_at_the_end_it_is_taken_back() -> None:
    line = Line().holds()
    line.it.stop(line.now)
    assert line.wanted() == [Register(ONE, 0)]
    assert line.it.events() == [Standing(holds=False, why="taken back")]
    line.it.answered(ONE, OK, line.now)
    assert (line.it.state, line.it.next_deadline()) == (State.OFF, None)


def test_an_end_that_is_not_answered_is_an_end() -> None:
    line = Line().holds()
    line.it.stop(line.now)
    line.passes(GOODBYE_S)
    assert (line.it.state, line.it.next_deadline()) == (State.OFF, None)


def test_what_never_held_is_not_taken_back() -> None:
    line = Line().starts()
    line.it.stop(line.now)
    assert line.wanted() == []
    assert (line.it.state, line.it.next_deadline()) == (State.OFF, None)
    line.it.stop(line.now)


# --- whatever happens ---


def test_the_table_knows_every_state() -> None:
    assert set(TABLE) == set(State)
    reached = {after for row in TABLE.values() for after in row.values()}
    assert reached == set(State)
    assert {what for row in TABLE.values() for what in row} == set(Input)


ANSWERS = [
    OK,
    Answer(status=200, granted_s=60),
    Answer(status=403),
    Answer(status=408),
    Answer(status=423, min_expires_s=900),
    Answer(status=503, retry_after_s=90),
]
HAPPENS = st.one_of(
    st.sampled_from([*product((ONE, TWO), ANSWERS)]), st.floats(0.1, 2000), st.sampled_from(["start", "stop"])
)


@given(st.lists(HAPPENS, max_size=25), st.integers(0, 255))
@settings(max_examples=100)
def test_whatever_happens_it_goes_on_and_nobody_is_flooded(happens: list[object], dice: int) -> None:
    line = Line(dice=dice)
    line.it.start(line.now)
    sent = 0
    for each in happens:
        if isinstance(each, float):
            line.passes(each)
        elif isinstance(each, str):
            line.it.stop(line.now) if each == "stop" else line.it.start(line.now)
        else:
            line.it.answered(*each, line.now)
        sent += sum(isinstance(wish, Register) for wish in line.wanted())
        if line.it.state in {State.HELD, State.WAITING, State.LEAVING}:  # else the answer is awaited
            assert line.it.next_deadline() is not None, "it would be forgotten"
    assert sent <= 2 * len(happens) + 2
    told = [event.holds for event in line.it.events()]
    assert not told or told[-1] is line.it.holds


REACHED = {
    State.OFF: Line,
    State.ASKING: lambda: Line().starts(),
    State.HELD: lambda: Line().holds(),
    State.RENEWING: lambda: due(Line().holds()),
    State.WAITING: lambda: refused(Line().starts()),
    State.LEAVING: lambda: leaving(Line().holds()),
}


def due(line: Line) -> Line:
    line.passes(line.wait_s).wanted()
    return line


def refused(line: Line) -> Line:
    line.it.answered(ONE, Answer(status=403), line.now)
    return line


def leaving(line: Line) -> Line:
    line.it.stop(line.now)
    line.wanted()
    return line


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", [*product((ONE, TWO), ANSWERS), "start", "stop", "nothing", "found", "lost"])
def test_in_every_state_whatever_comes_leads_where_the_table_says(state: State, what: object) -> None:
    line = REACHED[state]()
    assert line.it.state is state
    it, now = line.it, line.now
    match what:
        case "start":
            it.start(now)
        case "stop":
            it.stop(now)
        case "nothing":
            line.passes(2000)
        case "found":
            it.found((TWO, ONE), "", now)
        case "lost":
            it.found((), "no such name", now)
        case (target, answer):
            it.answered(target, answer, now)
    assert it.state in {state, *TABLE[state].values()}
    # Whatever it was: it can be taken back, and then nothing more is wanted.
    line.wanted()
    it.stop(line.now)
    line.wanted()
    line.passes(GOODBYE_S)
    line.it.events()
    assert (it.state, it.holds, line.wanted(), it.next_deadline()) == (State.OFF, False, [], None)
