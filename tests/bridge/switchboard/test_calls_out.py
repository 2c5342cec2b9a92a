"""Calls that we place: where they are sent, what they cost, and that each has one end whatever happens (G3, R1)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.config.calling import Overall, PerPair
from bridge.config.listening import Server
from bridge.config.trunks import Trunk
from bridge.config.values import Address
from bridge.service.dialplan import Destination, Kind
from bridge.service.outcome import Outcome
from bridge.service.spending import LEAD_S, MINUTE_S, Limit
from bridge.switchboard.calls_out import STREAM_S, Wanted
from bridge.switchboard.effects import (
    CloseStream,
    HangUpCall,
    Log,
    OpenStream,
    PlaceCall,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
)
from bridge.switchboard.events import CallNotPlaced, CallPlaced, Stop, StreamOpened, StreamRefused
from media.control import RtpTimedOut, StreamClosed, UpdateStream
from sip.events import CallAnswered, CallEnded, CallRinging, EndCause
from tests.support.builders import CARRIER, PRICE, config, dial_out, sdp
from tests.support.playbook import HERE, Playbook, a, after, hangs_up

if TYPE_CHECKING:
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.legs import Leg

CALL = 101
OPENED, PLACED = StreamOpened(1, HERE, 20_002), CallPlaced(1, CALL, "out-1")


class Somebody:
    """For whom calls are placed; writes down what they are told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def ringing(self, leg: Leg, now: float) -> None:
        self.told.append("early" if leg.early else "rings")

    def answered(self, leg: Leg, now: float) -> None:
        self.told.append("answered")

    def failed(self, leg: Leg, outcome: Outcome, now: float) -> None:
        self.told.append(outcome)

    def key(self, leg: Leg, key: str, now: float) -> None:
        self.told.append(key)

    def gone(self, leg: Leg, now: float) -> None:
        self.told.append("gone")


def destination(uri: str = "tel:+551140028922", kind: Kind = Kind.LOCAL) -> Destination:
    number = "" if kind in {Kind.SIP, Kind.OPERATOR} else "+551140028922"
    return Destination(
        number,
        uri,
        "40028922",
        "15",
        kind,
        PRICE,
        at_night=True,
        masked="+5511****8922",
        national="1140028922",
    )


def bridge(server: Server | None = None, trunks: tuple[Trunk, ...] = (CARRIER,), **settings: Any) -> Playbook:
    given = {} if server is None else {"server": server}
    return Playbook(config(dial_out=dial_out(**settings), trunks=trunks, **given))


def calls(
    play: Playbook, to: Destination | None = None, *, limited: bool = True
) -> tuple[Somebody, Leg | Limit]:
    """Somebody wants a call."""
    user = Somebody()
    wish = Wanted(to or destination(), "api", 30.0, "en", limited=limited)
    made = calls_out(play).place(wish, user, play.now)
    play._drain()
    return user, made


def calls_out(play: Playbook) -> CallsOut:
    return play.board._calls_out


def rings(play: Playbook) -> Somebody:
    user, _ = calls(play)
    play.skip() >> OPENED
    play.skip() >> PLACED
    return user


# --- where to ---


def test_a_number_goes_to_its_trunk_in_every_spelling_it_may_want_with_our_caller_id() -> None:
    play = bridge(caller_id="1130000000")
    calls(play)
    play << a(RecordCallPlaced, number="+551140028922", price_per_minute="0.10", conference="", pair=None)
    play << a(OpenStream, stream=1, remote=None)
    wanted = a(
        PlaceCall,
        leg=1,
        trunk="carrier",
        uri="tel:+551140028922",
        national="1140028922",
        carrier="15",
        caller_id="1130000000",
        price_per_minute=PRICE,
        others=False,
    )
    play >> OPENED << wanted
    play.done()


def test_a_sip_address_goes_to_its_own_host_by_its_own_transport() -> None:
    play = bridge()
    calls(play, destination("sip:eva@10.0.0.5;transport=tcp", Kind.SIP))
    play.skip() >> OPENED << a(PlaceCall, trunk="", uri="sip:eva@10.0.0.5;transport=tcp")
    play.done()


V4, V6, TCP = Address("192.0.2.1", 5060), Address("2001:db8::1", 5060), Address("192.0.2.2", 5060)


@pytest.mark.parametrize(
    ("settings", "to", "local"),
    [
        ({}, destination(), V4.host),
        ({"trunks": (Trunk(name="six", address="[2001:db8::9]"),)}, destination(), V6.host),
        ({"trunks": (Trunk(name="tcp", address="192.0.2.9", transport="tcp"),)}, destination(), TCP.host),
        ({}, destination("sip:eva@[2001:db8::5]", Kind.OPERATOR), V6.host),
        ({}, destination("sip:eva@phones.example", Kind.SIP), V4.host),
        ({}, destination("sip:eva@[2001:db8::5];transport=tcp", Kind.SIP), TCP.host),
    ],
)
def test_a_call_leaves_from_a_listener_of_its_transport_and_version_of_ip(
    settings: dict[str, Any], to: Destination, local: str
) -> None:
    play = bridge(Server(udp=(V4, V6), tcp=(TCP,)), **settings)
    calls(play, to)
    play << a(RecordCallPlaced) << a(OpenStream, local=local)


def test_a_bridge_that_listens_by_one_transport_alone_offers_that_address() -> None:
    play = bridge(Server(udp=(), tcp=(TCP,)))
    calls(play)
    play << a(RecordCallPlaced) << a(OpenStream, local=TCP.host)


# --- one end for each ---


@pytest.mark.parametrize(
    ("happens", "outcome", "told"),
    [
        ([StreamRefused(1, "full")], "congested", [Outcome.CONGESTED]),
        ([after(STREAM_S)], "congested", [Outcome.CONGESTED]),
        ([OPENED, CallNotPlaced(1, "nowhere")], "unreachable", [Outcome.UNREACHABLE]),
        ([OPENED, after(30)], "no_answer", [Outcome.NO_ANSWER]),
        ([OPENED, PLACED, after(30)], "no_answer", [Outcome.NO_ANSWER]),
        ([OPENED, PLACED, CallEnded(CALL, EndCause.REJECTED, 486, "")], "busy", [Outcome.BUSY]),
        ([OPENED, PLACED, CallEnded(CALL, EndCause.TIMEOUT, 408, "")], "unreachable", [Outcome.UNREACHABLE]),
        ([OPENED, PLACED, StreamClosed(1)], "failed", [Outcome.ERROR]),
        ([OPENED, PLACED, Stop()], "shut_down", [Outcome.ERROR]),
        ([Stop()], "shut_down", [Outcome.ERROR]),
        ([OPENED, PLACED, CallAnswered(CALL, b"?")], "error", [Outcome.ERROR]),
        ([OPENED, PLACED, CallAnswered(CALL, None)], "error", [Outcome.ERROR]),
    ],
)
def test_whoever_wanted_a_call_that_came_to_nothing_is_told_once_why(
    happens: list[object], outcome: str, told: list[object]
) -> None:
    play = bridge()
    user, _ = calls(play)
    for each in happens:
        play.skip() >> each
    assert [each.outcome for each in play._open if isinstance(each, RecordCallEnded)] == [outcome]
    assert user.told == told
    play.skip() >> after(1000)
    assert user.told == told
    assert play.board.calls == 0
    assert play.board.next_deadline() is None


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (CallEnded(CALL, EndCause.BYE, 0, ""), "hung_up"),
        (CallEnded(CALL, EndCause.TIMEOUT, 0, ""), "lost"),
        (RtpTimedOut(1), "lost"),
        (StreamClosed(1), "failed"),
        (Stop(), "shut_down"),
    ],
)
def test_whoever_wanted_a_call_that_was_answered_is_told_when_it_is_gone(ends: object, outcome: str) -> None:
    play = bridge()
    user = rings(play)
    play >> CallRinging(CALL, 180, None)
    play >> CallAnswered(CALL, sdp()) << a(RecordCallAnswered) << a(UpdateStream)
    play >> ends
    assert [each.outcome for each in play._open if isinstance(each, RecordCallEnded)] == [outcome]
    assert user.told == ["rings", "answered", "gone"]
    play.skip()


def test_the_record_says_by_which_trunk_it_went_and_what_ended_it() -> None:
    play = bridge()
    rings(play)
    play >> CallEnded(CALL, EndCause.REJECTED, 486, "", 17)
    (ended,) = [each for each in play._open if isinstance(each, RecordCallEnded)]
    assert (ended.outcome, ended.via, ended.status, ended.cause) == ("busy", "trunk:carrier", 486, 17)
    (line,) = [each.fields for each in play.logged if each.event == "call ended"]
    assert (line["via"], line["status"], line["cause"]) == ("trunk:carrier", 486, 17)
    play.skip()


def test_whoever_cancels_a_call_is_told_nothing_more_of_it() -> None:
    play = bridge()
    user = rings(play)
    leg = play.board._lines.by_number[1]
    calls_out(play).cancel(leg)
    play >> CallAnswered(CALL, sdp()) << hangs_up(CALL, "cancelled") << CloseStream(1) << a(RecordCallEnded)
    assert user.told == []


def test_a_call_that_nobody_wants_any_more_is_taken_back_when_it_is_placed() -> None:
    play = bridge()
    calls(play)
    play.skip() >> OPENED
    calls_out(play).cancel(play.board._lines.by_number[1])
    play.skip() >> PLACED
    assert HangUpCall(CALL, "nobody waits for it") in play._open
    play.skip() >> CallNotPlaced(1, "too late")


# --- one trunk after the other ---

ONE, TWO = Trunk(name="one", address="192.0.2.1"), Trunk(name="two", address="192.0.2.2", calls_out=1)
AWAY = CallEnded(CALL, EndCause.TIMEOUT, 408, "")


def rung(play: Playbook) -> Somebody:
    """A call that has been placed at the first trunk."""
    user, _ = calls(play)
    play.skip() >> OPENED << a(PlaceCall, trunk="one", others=True)
    play >> PLACED
    return user


def counted(play: Playbook) -> list[int]:
    return [each.calls_out for each in calls_out(play)._trunks]


@pytest.mark.parametrize(
    "fault",
    [
        AWAY,
        CallEnded(CALL, EndCause.TRANSPORT, 503, ""),
        CallEnded(CALL, EndCause.REJECTED, 503, "", 34),
        CallEnded(CALL, EndCause.REJECTED, 407, ""),
    ],
)
def test_where_a_trunk_fails_the_next_is_tried_and_it_is_one_call_still(fault: object) -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    assert counted(play) == [1, 0]
    play >> fault << a(Log, event="next trunk") << a(PlaceCall, leg=1, trunk="two", others=False)
    assert counted(play) == [0, 1]
    first = calls_out(play)._trunks.get("one")
    assert first is not None
    assert first.last_error
    play >> CallPlaced(1, CALL + 1, "out-2")
    play >> CallAnswered(CALL + 1, sdp())
    assert user.told == ["answered"]
    assert spent(play) == PRICE
    play.skip() >> CallEnded(CALL + 1, EndCause.BYE, 0, "")
    assert user.told == ["answered", "gone"]
    assert counted(play) == [0, 0]
    assert not calls_out(play)._ways


def test_where_there_is_no_way_to_a_trunk_the_next_is_tried() -> None:
    play = bridge(trunks=(ONE, TWO))
    user, _ = calls(play)
    play.skip() >> OPENED
    play.skip() >> CallNotPlaced(1, "one cannot be found") << a(PlaceCall, trunk="two", others=False)
    play >> CallNotPlaced(1, "two cannot be found")
    assert user.told == [Outcome.UNREACHABLE]
    play.skip()


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (CallEnded(CALL, EndCause.REJECTED, 486, ""), Outcome.BUSY),
        (CallEnded(CALL, EndCause.REJECTED, 503, "", 17), Outcome.BUSY),
        (CallEnded(CALL, EndCause.REJECTED, 404, ""), Outcome.UNKNOWN_NUMBER),
        (CallEnded(CALL, EndCause.REJECTED, 403, "", 1), Outcome.UNKNOWN_NUMBER),
    ],
)
def test_what_is_about_the_called_is_the_same_by_every_trunk(ends: object, outcome: Outcome) -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    play >> ends
    assert user.told == [outcome]
    assert counted(play) == [0, 0]
    play.skip()


def test_once_it_has_rung_no_other_trunk_is_tried() -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    play >> CallRinging(CALL, 180, None)
    play >> CallEnded(CALL, EndCause.REJECTED, 503, "")
    assert user.told == ["rings", Outcome.CONGESTED]
    play.skip()


def test_after_the_last_trunk_it_has_come_to_nothing() -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    play >> AWAY
    play.skip() >> CallPlaced(1, CALL + 1, "out-2")
    play >> CallEnded(CALL + 1, EndCause.REJECTED, 503, "")
    assert user.told == [Outcome.CONGESTED]
    assert spent(play.skip()) == 0


def test_what_the_first_trunk_still_says_is_late() -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    play >> AWAY
    play.skip() >> CallPlaced(1, CALL + 1, "out-2")
    play >> CallAnswered(CALL, sdp())
    play >> AWAY
    assert user.told == []
    assert play.board.calls == 1


def test_a_trunk_that_is_full_is_left_out_and_where_all_are_it_is_refused() -> None:
    play = bridge(trunks=(TWO,))
    rings_by_two, made = calls(play)
    assert not isinstance(made, Limit)
    _, refused = calls(play.skip())
    assert refused is Limit.TRUNK
    play << a(Log, event="call out refused")
    assert spent(play) == PRICE, "the one that rings alone"
    play >> OPENED
    play.skip() >> PLACED
    play >> CallEnded(CALL, EndCause.REJECTED, 486, "")
    assert rings_by_two.told == [Outcome.BUSY]
    _, again = calls(play.skip())
    assert not isinstance(again, Limit)
    play.skip()


def test_a_next_trunk_that_has_filled_up_meanwhile_is_passed_over() -> None:
    play = bridge(trunks=(ONE, TWO))
    user = rung(play)
    calls_out(play)._trunks.place(99, "two", play.now)
    play >> AWAY
    assert user.told == [Outcome.UNREACHABLE]
    play.skip()


# --- money (G3) ---


def spent(play: Playbook) -> Decimal:
    return calls_out(play)._spending.spent_today


def test_what_nobody_answers_costs_nothing_and_each_minute_that_begins_is_paid() -> None:
    play = bridge()
    rings(play)
    assert spent(play) == PRICE, "so that many at once cannot all see the same money"
    play >> CallEnded(CALL, EndCause.REJECTED, 486, "")
    assert spent(play) == 0
    calls(play.skip())
    play.skip() >> StreamOpened(2, HERE, 20_004)
    play.skip() >> CallPlaced(2, CALL + 1, "out-2")
    play >> CallAnswered(CALL + 1, sdp())
    play.skip() >> after(61)
    assert spent(play) == 2 * PRICE
    play >> CallEnded(CALL + 1, EndCause.BYE, 0, "")
    assert spent(play) == 2 * PRICE
    assert calls_out(play.skip())._spending._overall.parallel == 0


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({"overall": Overall(parallel=1)}, Limit.OVERALL_PARALLEL),
        ({"overall": Overall(calls_per_day=1)}, Limit.OVERALL_CALLS),
        ({"overall": Overall(spend_per_day=PRICE)}, Limit.OVERALL_SPEND),
    ],
)
def test_one_more_than_allowed_is_refused_logged_and_counted(settings: dict[str, Any], limit: Limit) -> None:
    play = bridge(**settings)
    rings(play)
    _, made = calls(play)
    assert made is limit
    play << a(Log, event="call out refused")
    assert play.board.figures[f"call out refused:{limit.value}"] == 1
    assert "40028922" not in repr(play.logged)


def test_the_telephones_of_our_own_operators_are_not_limited_and_have_no_price() -> None:
    play = bridge(overall=Overall(parallel=0))
    _, made = calls(play, limited=False)
    assert not isinstance(made, Limit)
    play << a(RecordCallPlaced, price_per_minute="") << a(OpenStream)
    play >> StreamRefused(1, "full") << a(RecordCallEnded)


def test_a_call_for_which_the_money_is_used_up_is_told_and_cut() -> None:
    play = bridge(per_pair=PerPair(), overall=Overall(spend_per_day=PRICE))
    user = rings(play)
    play >> CallAnswered(CALL, sdp())
    play.skip() >> after(MINUTE_S - LEAD_S)
    assert user.told == ["answered"]
    play.skip().spoken(1)
    assert user.told == ["answered", "gone"]
    assert [each.outcome for each in play._open if isinstance(each, RecordCallEnded)] == ["call_limit"]
    assert spent(play) == PRICE
    assert play.board.next_deadline() is None


def test_a_line_that_is_silent_while_it_rings_is_listened_to_anew_when_answered() -> None:
    play = bridge()
    user = rings(play)
    play >> CallRinging(CALL, 183, sdp())
    play.skip() >> RtpTimedOut(1)
    play >> CallAnswered(CALL, None) << a(RecordCallAnswered) << a(UpdateStream, stream=1, remote=None)
    assert user.told == ["early", "answered"]


EVENTS = [
    OPENED,
    StreamRefused(1, "full"),
    StreamClosed(1),
    PLACED,
    CallNotPlaced(1, ""),
    CallRinging(CALL, 180, None),
    CallRinging(CALL, 183, sdp()),
    CallRinging(CALL, 183, b"?"),
    CallAnswered(CALL, sdp()),
    CallAnswered(CALL, None),
    CallAnswered(CALL, sdp(port=0)),
    CallEnded(CALL, EndCause.REJECTED, 503, ""),
    CallEnded(CALL, EndCause.BYE, 0, ""),
    RtpTimedOut(1),
    after(3.0),
    after(30.0),
    Stop(),
]


@given(st.lists(st.sampled_from(EVENTS), max_size=8))
def test_whatever_comes_in_whatever_order_a_call_has_one_end_and_counts_no_more(events: list[object]) -> None:
    play = bridge()
    user, _ = calls(play)
    done: list[object] = []
    for each in [*events, Stop(), OPENED]:
        done += play._open
        play.skip() >> each
    done += play._open
    kinds = Counter(type(each) for each in done)
    assert kinds[RecordCallPlaced] == kinds[RecordCallEnded] == 1
    assert kinds[RecordCallAnswered] <= 1
    assert kinds[CloseStream] <= 1
    assert len([each for each in user.told if each == "gone" or isinstance(each, Outcome)]) == 1
    assert ("gone" in user.told) == ("answered" in user.told)
    assert calls_out(play)._spending._overall.parallel == 0
    assert play.board.next_deadline() is None
