"""Who comes in, where to, and what the others are told."""

from __future__ import annotations

from ipaddress import ip_network

from hypothesis import given
from hypothesis import strategies as st

from bridge.admission import Admission, OpenRoom, Reception, Refusal, Refused
from bridge.config.settings import AccessNumber, Limits
from bridge.config.settings import OpenRoom as OpenRooms

NUMBER = AccessNumber("551130000000", label="São Paulo", language="pt")
ROOMS = OpenRooms("conf-{room}", (ip_network("10.0.0.0/8"),))
UNLIMITED = Limits(calls=0, calls_per_source=0, calls_per_second=0)


def admission(**limits: int) -> Admission:
    return Admission(
        [NUMBER], [ROOMS], Limits(**{"calls": 0, "calls_per_source": 0, "calls_per_second": 0, **limits})
    )


def why(decision: object) -> Refused | None:
    return decision.why if isinstance(decision, Refusal) else None


def test_a_caller_of_an_access_number_comes_to_its_reception() -> None:
    assert admission().decide("551130000000", "192.0.2.1", 0.0) == Reception(NUMBER)


def test_a_number_that_is_not_ours_does_not_exist() -> None:
    decision = admission().decide("5511300000000", "192.0.2.1", 0.0)
    assert decision == Refusal(Refused.UNKNOWN_NUMBER, 404)


def test_a_trusted_network_dials_straight_into_an_open_room() -> None:
    assert admission().decide("conf-sales", "10.1.2.3", 0.0) == OpenRoom("sales")


def test_an_open_room_does_not_exist_for_a_stranger() -> None:
    bridge = admission()
    assert bridge.decide("conf-sales", "192.0.2.1", 0.0) == bridge.decide("nobody", "192.0.2.1", 0.0)


def test_a_draining_bridge_takes_nobody_and_says_when_to_come_back() -> None:
    bridge = admission()
    bridge.draining = True
    decision = bridge.decide("551130000000", "192.0.2.1", 0.0)
    assert isinstance(decision, Refusal)
    assert (decision.status, why(decision)) == (503, Refused.DRAINING)
    assert decision.retry_after_s


def test_a_full_bridge_takes_the_next_caller_when_one_has_left() -> None:
    bridge = admission(calls=2)
    for source in ("192.0.2.1", "192.0.2.2"):
        assert why(bridge.decide("551130000000", source, 0.0)) is None
    assert why(bridge.decide("551130000000", "192.0.2.3", 0.0)) is Refused.FULL
    bridge.left("192.0.2.1")
    assert why(bridge.decide("551130000000", "192.0.2.3", 0.0)) is None
    assert bridge.calls == 2


def test_a_source_that_has_its_calls_does_not_keep_others_out() -> None:
    bridge = admission(calls_per_source=1)
    assert why(bridge.decide("551130000000", "192.0.2.1", 0.0)) is None
    assert why(bridge.decide("551130000000", "192.0.2.1", 0.0)) is Refused.SOURCE_FULL
    assert why(bridge.decide("551130000000", "192.0.2.2", 0.0)) is None


def test_a_source_without_calls_is_forgotten() -> None:
    bridge = admission()
    bridge.decide("551130000000", "192.0.2.1", 0.0)
    bridge.left("192.0.2.1")
    assert not bridge.per_source


def test_a_second_s_worth_of_calls_may_come_at_once_and_no_more() -> None:
    bridge = admission(calls_per_second=5)
    answers = [why(bridge.decide("551130000000", "192.0.2.1", 100.0)) for _ in range(7)]
    assert answers == [None] * 5 + [Refused.TOO_FAST] * 2
    assert why(bridge.decide("551130000000", "192.0.2.1", 100.2)) is None
    assert why(bridge.decide("551130000000", "192.0.2.1", 100.3)) is Refused.TOO_FAST


def test_calls_to_unknown_numbers_use_up_no_place() -> None:
    bridge = admission(calls=1, calls_per_second=1)
    for _ in range(10):
        bridge.decide("nobody", "192.0.2.1", 0.0)
    assert why(bridge.decide("551130000000", "192.0.2.1", 0.0)) is None


@given(st.lists(st.floats(0, 0.2), max_size=60), st.integers(1, 20))
def test_no_second_sees_more_than_twice_the_rate(gaps: list[float], rate: int) -> None:
    bridge = admission(calls_per_second=rate)
    now, taken = 0.0, []
    for gap in gaps:
        now += gap
        if why(bridge.decide("551130000000", "192.0.2.1", now)) is None:
            taken.append(now)
    for start in taken:
        assert sum(start <= at < start + 1 for at in taken) <= 2 * rate


def test_strangers_leave_half_of_the_rate_to_those_who_are_where_they_say() -> None:
    """A flood from invented addresses does not shut out trunks."""
    bridge = admission(calls_per_second=10)
    strangers = taken = 0
    for step in range(1000):
        now = 10.0 + step / 100
        strangers += why(bridge.decide(NUMBER.number, "198.51.100.1", now, known=False)) is None
        taken += step % 20 == 0 and why(bridge.decide(NUMBER.number, "192.0.2.1", now)) is None
    assert taken == 50
    assert 40 <= strangers <= 60
