"""The tables of a subscription, walked completely; what it is called and how long it may last (RFC 6665)."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.dialog import Dialog
from sip.errors import LocalError, ParseError
from sip.flow import Flow
from sip.subscription import (
    DELIVERY,
    EXPIRES_MAX_S,
    PER_DIALOG_MAX,
    REFER,
    SUBSCRIPTION,
    SUBSCRIPTIONS_MAX,
    Delivery,
    Input,
    Package,
    State,
    Subscriptions,
    Turn,
    parse_event,
    parse_expires,
)


def dialog(tag="ours", call_id="c"):
    return Dialog(
        call_id=call_id, local=f"<sip:us>;tag={tag}", local_tag=tag, remote="<sip:p>;tag=p", remote_tag="p",
        target="sip:p", routes=(), flow=Flow("udp", ("a", 1), ("b", 2)), local_cseq=0, remote_cseq=1,
    )  # fmt: skip


def test_every_state_and_input_is_in_the_tables_and_leads_somewhere_known():
    assert set(SUBSCRIPTION) == set(State)
    assert {what for row in SUBSCRIPTION.values() for what in row} == set(Input)
    assert {after for row in SUBSCRIPTION.values() for after in row.values()} <= set(State)
    assert set(DELIVERY) == set(Delivery)
    assert {what for row in DELIVERY.values() for what in row} == set(Turn)
    assert not SUBSCRIPTION[State.TERMINATED]


def test_nothing_comes_back_to_waiting_for_our_word_and_from_everywhere_there_is_an_end():
    assert all(after is not State.ASKED for row in SUBSCRIPTION.values() for after in row.values())
    for state in set(State) - {State.TERMINATED}:
        reached, todo = {state}, [state]
        while todo:
            new = set(SUBSCRIPTION[todo.pop()].values()) - reached
            reached |= new
            todo += new
        assert State.TERMINATED in reached


@pytest.mark.parametrize(("state", "what"), list(itertools.product(State, Input)))
def test_a_step_goes_where_the_table_leads_or_nowhere(state, what):
    subscription = Subscriptions().new(Package("conference"), dialog(), call=0)
    subscription.state = state
    expected = SUBSCRIPTION[state].get(what)
    assert subscription.step(what) == (expected is not None)
    assert subscription.state is (expected or state)
    subscription.state = state
    if expected is None:
        with pytest.raises(LocalError):
            subscription.require(what)
    else:
        subscription.require(what)


@pytest.mark.parametrize(("delivery", "turn"), list(itertools.product(Delivery, Turn)))
def test_a_turn_likewise(delivery, turn):
    subscription = Subscriptions().new(Package("conference"), dialog(), call=0)
    subscription.delivery = delivery
    expected = DELIVERY[delivery].get(turn)
    assert subscription.turn(turn) == (expected is not None)
    assert subscription.delivery is (expected or delivery)


def test_subscription_state_says_what_is_left_or_why_it_is_over():
    subscription = Subscriptions().new(Package("conference"), dialog(), call=0)
    subscription.state, subscription.expires_at = State.ACTIVE, 600.0
    assert subscription.state_field(0.4) == "active;expires=600"
    assert subscription.state_field(700) == "active;expires=0"
    subscription.state = State.PENDING
    assert subscription.state_field(0) == "pending;expires=600"
    subscription.state, subscription.reason = State.TERMINATED, "deactivated"
    assert subscription.state_field(0) == "terminated;reason=deactivated"
    subscription.retry_after_s = 9
    assert subscription.state_field(0) == "terminated;reason=deactivated;retry-after=9"


def test_a_subscription_is_found_by_package_and_id():
    table = Subscriptions()
    roster = table.new(Package("conference"), dialog(), call=0)
    other = table.new(Package("conference", "2"), dialog(), call=0)
    assert table.meant("ours", Package("conference")) is roster
    assert table.meant("ours", Package("conference", "2")) is other
    assert table.meant("ours", Package("conference", "3")) is None
    assert table.meant("theirs", Package("conference")) is None


def test_of_one_refer_alone_the_id_need_not_be_said():
    table = Subscriptions()
    first = table.new(Package(REFER, "7"), dialog(), call=0)
    assert table.meant("ours", Package(REFER)) is first
    assert table.meant("ours", Package(REFER, "8")) is None
    table.new(Package(REFER, "8"), dialog(), call=0)
    assert table.meant("ours", Package(REFER)) is None


def test_limits_are_per_dialog_and_in_all_and_room_is_given_back():
    table = Subscriptions()
    taken = [table.new(Package("conference", str(n)), dialog(), call=0) for n in range(PER_DIALOG_MAX)]
    assert table.crowded("ours")
    assert not table.crowded("theirs")
    table.drop(taken[0])
    table.drop(taken[0])
    assert not table.crowded("ours")
    for number in range(SUBSCRIPTIONS_MAX - len(table)):
        assert not table.full
        table.new(Package("conference"), dialog(str(number)), call=0)
    assert table.full
    for subscription in list(table.by_number.values()):
        table.drop(subscription)
    assert (len(table), table.by_tag) == (0, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conference", Package("conference")),
        (" conference ; ID=7 ;x=y", Package("conference", "7")),
        ("message-summary", Package("message-summary")),
        ("a.b;id", Package("a.b")),
        (None, None),
        ("", None),
        (";id=7", None),
        ("a b", None),
        ("conference;;", None),
        (f"conference;id={'7' * 257}", None),
        ("x" * 257, None),
    ],
)
def test_an_event_is_a_package_and_an_id(text, expected):
    assert parse_event(text) == expected


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_no_event_raises_and_what_is_read_is_written_back(text):
    package = parse_event(text)
    assert package is None or parse_event(str(package)) == package


def test_expires_is_seconds_and_ours_to_choose_where_it_is_not_said():
    assert parse_expires(None) == EXPIRES_MAX_S
    assert parse_expires(" 0 ") == 0
    assert parse_expires("4294967295") == 4294967295
    for text in ("", "-1", "1.5", "soon", "99999999999", "1;x"):
        with pytest.raises(ParseError):
            parse_expires(text)
