"""G3: what calls out may add up to. A stolen passcode spends until a limit is reached, and not a minute longer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import Config
from bridge.service.dialplan import Destination, Kind
from bridge.service.spending import LEAD_S, Allowance, Cut, Limit, Night, Placed, Spending, minutes_begun

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)
PAIR, OTHER, CUSTOMER = 1, 2, 7
ROOMY = Allowance(parallel=100, calls_per_day=100, spend_per_day=Decimal(100))


def to(price: str = "1", *, at_night: bool = False) -> Destination:
    return Destination("+12125550123", "", "", "", Kind.INTERNATIONAL, Decimal(price), at_night, "")


def spending(
    *,
    per_pair: Allowance = ROOMY,
    per_customer: Allowance = ROOMY,
    overall: Allowance = ROOMY,
    longest_s: float = 14_400.0,
) -> Spending:
    return Spending(
        per_pair=per_pair,
        per_customer=per_customer,
        overall=overall,
        night=Night(22, 6),
        maximum_call_s=longest_s,
    )


TIGHT = {
    "PARALLEL": Allowance(parallel=2, calls_per_day=100, spend_per_day=Decimal(100)),
    "CALLS": Allowance(parallel=100, calls_per_day=2, spend_per_day=Decimal(100)),
    "SPEND": Allowance(parallel=100, calls_per_day=100, spend_per_day=Decimal(2)),
}


@pytest.mark.parametrize("measure", ["PARALLEL", "CALLS", "SPEND"])
@pytest.mark.parametrize(
    ("scope", "others"),
    [
        ("per_pair", [(OTHER, CUSTOMER), (None, None)]),
        ("per_customer", [(OTHER, 8)]),
        ("overall", []),
    ],
)
def test_each_limit_of_each_scope_forbids_the_third_call_and_only_within_the_scope(measure, scope, others):
    limits = spending(**{scope: TIGHT[measure]})
    for call in (1, 2):
        assert limits.ask(PAIR, CUSTOMER, to(), NOON) is None
        limits.begin(call, PAIR, CUSTOMER, to(), NOON)
    assert limits.ask(PAIR, CUSTOMER, to(), NOON) is Limit[f"{scope.removeprefix('per_').upper()}_{measure}"]
    for pair, customer in others:
        assert limits.ask(pair, customer, to(), NOON) is None


def test_all_pairs_of_a_customer_count_together():
    limits = spending(per_customer=TIGHT["CALLS"])
    limits.begin(1, PAIR, CUSTOMER, to(), NOON)
    limits.begin(2, OTHER, CUSTOMER, to(), NOON)
    assert limits.ask(3, CUSTOMER, to(), NOON) is Limit.CUSTOMER_CALLS


def test_a_call_that_is_over_makes_room_for_another_but_was_placed_all_the_same():
    limits = spending(per_pair=Allowance(parallel=1, calls_per_day=2, spend_per_day=Decimal(100)))
    limits.begin(1, PAIR, None, to(), NOON)
    assert limits.ask(PAIR, None, to(), NOON) is Limit.PAIR_PARALLEL
    limits.ended(1, 5.0)
    assert limits.ask(PAIR, None, to(), NOON) is None
    limits.begin(2, PAIR, None, to(), NOON)
    limits.ended(2, 9.0)
    assert limits.ask(PAIR, None, to(), NOON) is Limit.PAIR_CALLS


def test_what_nobody_answers_costs_nothing():
    limits = spending()
    limits.begin(1, PAIR, CUSTOMER, to(), NOON)
    assert limits.spent_today == 1
    limits.ended(1, 45.0)
    assert limits.spent_today == 0


@pytest.mark.parametrize(("talked_s", "minutes"), [(0.0, 1), (0.5, 1), (60.0, 1), (60.1, 2), (3600.0, 60)])
def test_a_minute_that_has_begun_is_paid(talked_s, minutes):
    assert minutes_begun(talked_s) == minutes
    limits = spending()
    limits.begin(1, PAIR, CUSTOMER, to("0.3"), NOON)
    limits.answered(1, 100.0)
    limits.ended(1, 100.0 + talked_s)
    assert limits.spent_today == minutes * Decimal("0.3")


def test_a_burst_cannot_see_the_same_money():
    limits = spending(per_pair=Allowance(100, 100, Decimal("2.5")))
    placed = 0
    for call in range(10):
        if limits.ask(PAIR, None, to(), NOON) is None:
            limits.begin(call, PAIR, None, to(), NOON)
            placed += 1
    assert placed == 2


def test_minutes_are_paid_as_they_begin_and_a_call_without_money_is_cut_before_its_next():
    limits = spending(per_pair=Allowance(100, 100, Decimal(3)))
    limits.begin(1, PAIR, None, to(), NOON)
    assert limits.next_deadline() is None
    limits.answered(1, 10.0)
    assert limits.cut_at(1) == 10.0 + 14_400
    for minute in (1, 2):
        assert limits.next_deadline() == 10.0 + minute * 60 - LEAD_S
        limits.advance(10.0 + minute * 60 - LEAD_S, NOON)
        assert limits.events() == []
    assert limits.cut_at(1) == limits.next_deadline() == 10.0 + 180 - LEAD_S
    limits.advance(10.0 + 180 - LEAD_S, NOON)
    assert limits.events() == [Cut(1, Limit.PAIR_SPEND)]
    limits.ended(1, 10.0 + 179)
    assert limits.spent_today == 3
    assert limits.events() == []
    assert limits.next_deadline() is None


def test_when_money_runs_out_the_dear_call_ends_and_the_free_one_goes_on():
    limits = spending(overall=Allowance(100, 100, Decimal(2)))
    for call, price in ((1, "2"), (2, "0")):
        limits.begin(call, PAIR, None, to(price), NOON)
        limits.answered(call, 0.0)
    limits.advance(300.0, NOON)
    assert limits.events() == [Cut(1, Limit.OVERALL_SPEND)]
    assert limits.ask(PAIR, None, to("0"), NOON) is None


def test_no_call_is_longer_than_the_longest():
    limits = spending(longest_s=90.0)
    limits.begin(1, PAIR, None, to("0"), NOON)
    limits.answered(1, 0.0)
    limits.advance(89.9, NOON)
    assert limits.events() == []
    assert limits.next_deadline() == limits.cut_at(1) == 90.0
    limits.advance(90.0, NOON)
    assert limits.events() == [Cut(1, Limit.LENGTH)]


def test_a_late_timer_pays_for_all_the_minutes_it_missed():
    limits = spending(per_pair=Allowance(100, 100, Decimal(3)))
    limits.begin(1, PAIR, None, to(), NOON)
    limits.answered(1, 0.0)
    limits.advance(1000.0, NOON)
    assert limits.spent_today == 3
    assert limits.events() == [Cut(1, Limit.PAIR_SPEND)]
    limits.ended(1, 1000.0)
    assert limits.spent_today == minutes_begun(1000.0)


@pytest.mark.parametrize(
    ("hour", "dark"), [(21, False), (22, True), (23, True), (0, True), (5, True), (6, False)]
)
def test_at_night_only_what_is_marked_may_be_called(hour, dark):
    local = NOON.replace(hour=hour)
    assert spending().ask(PAIR, None, to(), local) is (Limit.NIGHT if dark else None)
    assert spending().ask(PAIR, None, to(at_night=True), local) is None


def test_a_night_may_be_within_one_day_or_not_at_all():
    assert [hour for hour in range(24) if Night(1, 4).holds(NOON.replace(hour=hour))] == [1, 2, 3]
    assert not any(Night(4, 4).holds(NOON.replace(hour=hour)) for hour in range(24))


def test_at_midnight_a_new_day_begins_with_the_calls_that_are_up():
    day = Allowance(parallel=3, calls_per_day=3, spend_per_day=Decimal(3))
    limits = spending(per_pair=day)
    for call in (1, 2, 3):
        limits.begin(call, PAIR, None, to(at_night=True), NOON)
    limits.answered(1, 0.0)
    limits.ended(3, 0.0)
    tomorrow = NOON + timedelta(hours=12)
    assert limits.ask(PAIR, None, to(at_night=True), tomorrow) is None
    assert limits.spent_today == 1  # the call that still rings: its first minute will be one of this day
    limits.advance(60.0, tomorrow)
    assert limits.spent_today == 2
    limits.begin(4, PAIR, None, to(at_night=True), tomorrow)
    assert limits.ask(PAIR, None, to(at_night=True), tomorrow) is Limit.PAIR_PARALLEL
    limits.ended(2, 70.0)
    assert limits.spent_today == 2


def test_a_clock_that_is_set_back_is_no_new_day():
    limits = spending(per_pair=TIGHT["CALLS"])
    limits.begin(1, PAIR, None, to(), NOON)
    limits.begin(2, PAIR, None, to(), NOON)
    assert limits.ask(PAIR, None, to(), NOON - timedelta(days=1)) is Limit.PAIR_CALLS


def test_at_midnight_those_who_do_not_call_are_forgotten():
    limits = spending()
    for pair in range(100):
        limits.begin(pair, pair, pair, to(), NOON)
        if pair:
            limits.ended(pair, 0.0)
    limits.ask(None, None, to(), NOON + timedelta(days=1))
    assert len(limits._pairs) == len(limits._customers) == 1


def test_a_restart_forgets_nothing_of_today():
    limits = spending(per_pair=Allowance(100, 3, Decimal(100)), per_customer=Allowance(100, 100, Decimal(5)))
    rows = [
        Placed(PAIR, CUSTOMER, Decimal(2), 61.0),
        Placed(PAIR, CUSTOMER, Decimal(2), None),
        Placed(None, None, Decimal("0.5"), 0.0),
    ]
    limits.restore(rows, NOON)
    assert limits.spent_today == Decimal("4.5")
    assert limits.ask(PAIR, CUSTOMER, to(), NOON) is None
    assert limits.ask(PAIR, CUSTOMER, to("1.1"), NOON) is Limit.CUSTOMER_SPEND
    limits.begin(1, PAIR, None, to("0"), NOON)
    assert limits.ask(PAIR, None, to(), NOON) is Limit.PAIR_CALLS


def test_what_is_said_of_calls_that_are_not_there_or_twice_changes_nothing():
    limits = spending()
    limits.answered(1, 0.0)
    limits.ended(1, 0.0)
    assert limits.cut_at(1) is None
    limits.begin(1, PAIR, None, to(), NOON)
    limits.begin(1, PAIR, None, to("50"), NOON)
    assert limits.cut_at(1) is None
    limits.answered(1, 0.0)
    limits.answered(1, 59.0)
    limits.ended(1, 59.5)
    limits.ended(1, 999.0)
    assert limits.spent_today == 1
    limits.advance(1e6, NOON)
    assert limits.events() == []


def test_the_configured_limits_are_those_that_hold():
    limits = Config().spending()
    assert limits.ask(PAIR, CUSTOMER, to("200"), NOON) is None
    assert limits.ask(PAIR, CUSTOMER, to("200.01"), NOON) is Limit.PAIR_SPEND
    assert limits.ask(PAIR, CUSTOMER, to("1"), NOON.replace(hour=23)) is Limit.NIGHT


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["place", "place", "answer", "end", "wait"]),
            st.integers(0, 2),
            st.sampled_from(["0", "0.5", "1.3"]),
            st.sampled_from([0.0, 1.0, 40.0, 58.0, 61.0, 200.0]),
        ),
        max_size=60,
    )
)
def test_whatever_people_do_no_day_costs_more_than_its_allowance(steps):
    limits = spending(
        per_pair=Allowance(3, 1000, Decimal(6)),
        per_customer=Allowance(4, 1000, Decimal(9)),
        overall=Allowance(5, 1000, Decimal(11)),
    )
    calls: dict[int, tuple[int, Decimal, float | None]] = {}
    bill = dict.fromkeys(range(3), Decimal(0))
    numbers, now = count(), 0.0

    def hang_up(call: int, at: float) -> None:
        pair, price, answered_at = calls.pop(call)
        limits.ended(call, at)
        if answered_at is not None:
            bill[pair] += minutes_begun(at - answered_at) * price

    for what, pair, price, wait_s in steps:
        if what == "place" and limits.ask(pair, pair // 2, to(price), NOON) is None:
            call = next(numbers)
            limits.begin(call, pair, pair // 2, to(price), NOON)
            calls[call] = (pair, Decimal(price), None)
        ringing = [call for call, (*_, answered_at) in calls.items() if answered_at is None]
        if what == "answer" and ringing:
            limits.answered(ringing[0], now)
            calls[ringing[0]] = (*calls[ringing[0]][:2], now)
        if what == "end" and calls:
            hang_up(next(iter(calls)), now)
        until = now + (wait_s if what == "wait" else 0.0)
        while (due := limits.next_deadline()) is not None and due <= until:
            now = due
            limits.advance(now, NOON)
            for cut in limits.events():
                hang_up(cut.call, now + LEAD_S / 2)
        now = until
        assert limits.spent_today <= 11
    for call in list(calls):
        hang_up(call, now)
    assert all(cost <= 6 for cost in bill.values())
    assert bill[0] + bill[1] <= 9
    assert sum(bill.values()) <= limits.spent_today <= 11
    assert not limits._calls
    assert {tally.parallel for tally in (*limits._pairs.values(), limits._overall)} == {0}
