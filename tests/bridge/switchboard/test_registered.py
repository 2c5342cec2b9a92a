"""Calls to accounts: each of their telephones is called where it registered, with an offer that suits its way."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge.config.listening import Server, Srtp
from bridge.config.values import Address
from bridge.service.dialplan import Destination, Kind
from bridge.service.outcome import Outcome
from bridge.switchboard.effects import (
    HangUpCall,
    Log,
    OpenStream,
    PlaceCall,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
)
from bridge.switchboard.events import CallNotPlaced, CallPlaced, Stop, StreamOpened
from bridge.switchboard.registered import Reached, Registered
from media.control import UpdateStream
from sip.events import CallAnswered, CallEnded, CallRinging, EndCause
from sip.flow import Flow
from sip.forking import BRANCHES_MAX
from sip.pending import Way
from sip.uri import Uri
from tests.bridge.switchboard.test_calls_out import Somebody, calls
from tests.support.builders import PRICE, config, dial_out, sdp
from tests.support.playbook import HERE, Playbook, a, after

V4, V6 = Address("192.0.2.1", 5060), Address("2001:db8::1", 5060)
WSS, TLS = Address("192.0.2.1", 443), Address("2001:db8::1", 5061)
ANA = Destination("", "account:ana", "", "", Kind.OPERATOR, PRICE, at_night=True, masked="ana")
CALL = 101


def way(transport: str, number: int = 7, *, v6: bool = False, connection: int = 0) -> Way:
    local, remote = ("2001:db8::1", f"2001:db8::{number}") if v6 else ("192.0.2.1", f"198.51.100.{number}")
    flow = Flow(transport, (local, 5060), (remote, 40_000), connection)
    return Way(flow, Uri.parse("sip:ana@phone.invalid"))


class Phones:
    """Where ana's telephones are; tests change it. Each is liked less than the one before, or (`equal`) all the same."""

    def __init__(self, *ways: Way, equal: bool = False) -> None:
        self.ways = list(ways)
        self.equal = equal

    def __call__(self, account: str, now: float) -> list[Reached]:
        if account != "ana":
            return []
        return [
            Reached(each, 1.0 if self.equal else 1.0 - 0.1 * place) for place, each in enumerate(self.ways)
        ]


def bridge(phones: Phones) -> Playbook:
    server = Server(
        udp=(V4, V6), wss=(WSS,), tls=(TLS,), srtp=Srtp(udp="off", wss="mandatory", tls="optional")
    )
    settings = config(dial_out=dial_out(), server=server)
    return Playbook(settings, find_phones=phones, entropy=bytes)


def rings(phones: Phones, *, call: int = CALL) -> tuple[Playbook, Somebody]:
    """The first telephone has its INVITE."""
    play = bridge(phones)
    user, _ = calls(play, ANA, limited=False)
    play.skip() >> StreamOpened(1, HERE, 20_002)
    play.skip() >> CallPlaced(1, call, "out-1")
    return play, user


def refused(status: int, call: int = CALL) -> CallEnded:
    return CallEnded(call, EndCause.REJECTED, status, "")


@pytest.mark.parametrize(
    ("phone", "says"),
    [
        (way("udp"), b"RTP/AVP "),
        (way("wss", connection=5), b"RTP/SAVP "),
        (way("tls", connection=6), b"a=crypto:1 "),
        (way("udp", v6=True), b"RTP/AVP "),
    ],
)
def test_what_is_offered_depends_on_the_way_by_which_the_telephone_registered(
    phone: Way, says: bytes
) -> None:
    play = bridge(Phones(phone))
    calls(play, ANA)
    local, remote = phone.flow.local[0], phone.flow.remote[0]
    play << a(RecordCallPlaced, number="account:ana") << a(OpenStream, local=local, source=remote)
    play >> StreamOpened(1, local, 20_002)
    (placed,) = play._open
    assert isinstance(placed, PlaceCall)
    assert (placed.phone, placed.others) == (phone, False)
    assert says in placed.sdp
    assert (b"a=crypto" in placed.sdp) == (phone.flow.transport != "udp")
    assert (b"IP6 2001:db8::1" in placed.sdp) == (":" in local)
    play.skip()


def test_an_account_of_which_nothing_is_registered_cannot_be_reached_and_that_is_said() -> None:
    play = bridge(Phones())
    user, _ = calls(play, ANA)
    play.skip() >> StreamOpened(1, HERE, 20_002) << a(Log, event="no way to call")
    assert [each.fields["why"] for each in play.logged if each.event == "no way to call"] == [
        "ana is not registered"
    ]
    assert user.told == [Outcome.UNREACHABLE]
    play.skip()


@pytest.mark.parametrize(
    "end",
    [
        refused(486),
        refused(480),
        refused(503),
        CallEnded(CALL, EndCause.TRANSPORT, 503, ""),
        CallEnded(CALL, EndCause.TIMEOUT, 408, ""),
        CallNotPlaced(1, "the connection is gone"),
    ],
)
def test_where_one_telephone_does_not_take_it_the_next_is_rung(end: object) -> None:
    first, second = way("udp", 7), way("wss", 8, connection=5)
    play = bridge(Phones(first, second))
    user, _ = calls(play, ANA, limited=False)
    play.skip() >> StreamOpened(1, HERE, 20_002) << a(PlaceCall, phone=first, others=True)
    if isinstance(end, CallEnded):
        play >> CallPlaced(1, CALL, "out-1")
    play >> end << a(Log, event="next telephone") << a(PlaceCall, phone=second, others=False)
    play >> CallPlaced(1, CALL + 1, "out-2")
    play.skip() >> refused(486, CALL + 1)
    play.skip()
    assert user.told == [Outcome.BUSY]
    assert not play.board._calls_out._audio
    assert not play.board._calls_out._registered._by_leg


def test_who_declines_for_all_telephones_is_not_rung_at_the_next() -> None:
    play, user = rings(Phones(way("udp", 7), way("udp", 8)))
    play >> refused(603)
    play.skip()
    assert user.told == [Outcome.DECLINED]


def test_a_telephone_that_is_back_by_another_connection_is_rung_there() -> None:
    """A browser that is reloaded, or a mobile that changes its network, while it rings."""
    phones = Phones(way("wss", 7, connection=5))
    play, user = rings(phones)
    play >> CallRinging(CALL, 180, None)
    phones.ways = [way("wss", 9, connection=6)]
    play >> CallEnded(CALL, EndCause.TRANSPORT, 503, "") << a(Log, event="next telephone")
    play << a(PlaceCall, phone=phones.ways[0])
    play >> CallPlaced(1, CALL + 1, "out-2")
    assert user.told == ["rings"]
    play >> after(30)
    play.skip()
    assert user.told == ["rings", Outcome.NO_ANSWER], "the time to answer runs on"


def test_a_telephone_where_our_audio_is_not_heard_is_left_out() -> None:
    """One port takes the audio of the call, and it is of one version of IP."""
    play, user = rings(Phones(way("udp", 7), way("udp", 8, v6=True)))
    play >> refused(486)
    play.skip()
    assert user.told == [Outcome.BUSY]


def test_an_answer_counts_for_the_telephone_that_gave_it() -> None:
    play, user = rings(Phones(way("udp", 7), way("udp", 8)))
    play >> refused(486)
    play.skip() >> CallPlaced(1, CALL + 1, "out-2")
    play.skip() >> CallAnswered(CALL + 1, sdp())
    play.skip()
    assert user.told == ["answered"]


@pytest.mark.parametrize("answers", [True, False])
def test_why_one_telephone_did_not_take_it_is_not_how_the_call_ended_at_another(answers: bool) -> None:
    """Neither where we hang up, nor where the other one rings in vain."""
    play, _ = rings(Phones(way("udp", 7), way("udp", 8)))
    play >> CallEnded(CALL, EndCause.REJECTED, 486, "", q850=17)
    play.skip() >> CallPlaced(1, CALL + 1, "out-2")
    if answers:
        play.skip() >> CallAnswered(CALL + 1, sdp())
        play.skip() >> Stop()
    else:
        play.skip() >> after(30)
    (ended,) = [each for each in play._open if isinstance(each, RecordCallEnded)]
    assert (ended.status, ended.cause) == (0, 0)
    play.skip()


def test_no_telephone_is_tried_twice_but_under_another_name() -> None:
    phones = Phones(way("udp"))
    search = Registered(phones)
    assert search.begin(1, "sip:ana@192.0.2.9", 0.0) == ()
    assert search.goes_on(1, 0.0, status=486, ours=HERE) == ()
    assert ways(search.begin(1, "account:ana", 0.0)) == [way("udp")]
    assert not search.has_more(1, 0.0)
    assert search.goes_on(1, 0.0, status=486, ours=HERE) == ()
    assert search.of(1) == ()
    phones.ways.append(replace(way("udp"), uri=Uri.parse("sip:other@phone.invalid")))
    assert search.has_more(1, 0.0)
    assert ways(search.goes_on(1, 0.0, status=486, ours=HERE)) == phones.ways[1:]
    search.end(1)
    assert search.of(1) == ()


def ways(reached: Sequence[Reached]) -> list[Way]:
    return [each.way for each in reached]


# --- several at once ---


def ring_at_once(phones: Phones) -> tuple[Playbook, Somebody, PlaceCall]:
    """All have their INVITE; what was asked for."""
    play = bridge(phones)
    user, _ = calls(play, ANA, limited=False)
    play.skip() >> StreamOpened(1, HERE, 20_002)
    (placed,) = play._open
    assert isinstance(placed, PlaceCall)
    play.skip() >> CallPlaced(1, CALL, "out-1")
    return play, user, placed


def test_telephones_that_are_liked_the_same_ring_at_once_each_with_an_offer_of_its_own() -> None:
    first, second, third = way("udp", 7), way("wss", 8, connection=5), way("udp", 9)
    _, _, placed = ring_at_once(Phones(first, second, third, equal=True))
    assert (placed.phone, [each.way for each in placed.beside]) == (first, [second, third])
    assert not placed.others
    assert b"RTP/AVP " in placed.sdp
    assert b"RTP/SAVP " in placed.beside[0].sdp
    assert b"RTP/AVP " in placed.beside[1].sdp
    assert all(b"m=audio 20002 " in each.sdp for each in placed.beside)


def test_who_answers_first_has_the_call_with_what_was_offered_there() -> None:
    play, user, placed = ring_at_once(Phones(way("udp", 7), way("wss", 8, connection=5), equal=True))
    play >> CallRinging(CALL, 180, None)
    play >> CallRinging(CALL, 180, None)
    answer = secured(placed.beside[0].sdp)
    play >> CallAnswered(CALL, answer, 1, "out-2") << a(RecordCallAnswered)
    update = play._open[0].command  # type: ignore[union-attr]  # the next is a command
    assert isinstance(update, UpdateStream)
    assert update.format.srtp is not None
    play.skip()
    assert user.told == ["rings", "rings", "answered"]
    assert play.board._lines.by_number[1].call_id == "out-2"
    assert not play.board._calls_out._negotiations


def test_the_first_of_several_may_be_the_one_that_answers() -> None:
    play, user, _ = ring_at_once(Phones(way("udp", 7), way("wss", 8, connection=5), equal=True))
    play >> CallAnswered(CALL, sdp(), 0, "out-1")
    play.skip()
    assert user.told == ["answered"]


def test_where_none_of_them_takes_it_those_liked_less_ring() -> None:
    phones = Phones(way("udp", 7), way("udp", 8), equal=True)
    play, user, placed = ring_at_once(phones)
    phones.ways.append(way("udp", 9))
    play >> refused(486) << a(Log, event="next telephone") << a(PlaceCall, phone=way("udp", 9), beside=())
    play >> CallPlaced(1, CALL + 1, "out-3")
    play.skip() >> refused(480, CALL + 1)
    play.skip()
    assert len(placed.beside) == 1
    assert user.told == [Outcome.NO_ANSWER]


def test_who_declines_for_all_of_them_is_not_rung_elsewhere() -> None:
    phones = Phones(way("udp", 7), way("udp", 8), equal=True)
    play, user, _ = ring_at_once(phones)
    phones.ways.append(way("udp", 9))
    play >> refused(603)
    play.skip()
    assert user.told == [Outcome.DECLINED]


def test_a_call_that_nobody_takes_in_time_stops_ringing_everywhere() -> None:
    play, user, _ = ring_at_once(Phones(way("udp", 7), way("udp", 8), equal=True))
    play >> after(30.0) << a(HangUpCall, call=CALL)
    play.skip()
    assert user.told == [Outcome.NO_ANSWER]
    assert not play.board._calls_out._negotiations
    assert not play.board._calls_out._registered._by_leg


def test_one_telephone_by_several_ways_is_not_rung_against_itself() -> None:
    """RFC 5626 section 5.3."""
    known = [Reached(way("udp", 7), device="<urn:1>"), Reached(way("tls", 8, v6=False), device="<urn:1>")]
    known += [Reached(way("udp", 9), device="<urn:2>"), Reached(way("udp", 10))]
    search = Registered(lambda account, now: known)
    assert ways(search.begin(1, "account:ana", 0.0)) == [known[0].way, known[2].way, known[3].way]
    assert search.has_more(1, 0.0)
    assert ways(search.goes_on(1, 0.0, status=486, ours=HERE, each=(430, 486, 480))) == [known[1].way]


@pytest.mark.parametrize("word", [480, 486, 488])
def test_nor_by_another_way_once_it_has_answered_for_itself(word: int) -> None:
    """It would ring a second time for whoever has just refused the call there."""
    known = [Reached(way("udp", 7), device="<urn:1>"), Reached(way("tls", 8, v6=False), device="<urn:1>")]
    search = Registered(lambda account, now: known)
    search.begin(1, "account:ana", 0.0)
    assert search.goes_on(1, 0.0, status=word, ours=HERE) == ()
    assert not search.has_more(1, 0.0)


@pytest.mark.parametrize("lost", [0, 408, 430, 503])
def test_but_by_another_way_where_the_first_one_is_lost(lost: int) -> None:
    """RFC 5626 section 5.3.1: a mobile that has changed its network."""
    known = [Reached(way("udp", 7), device="<urn:1>"), Reached(way("tls", 8, v6=False), device="<urn:1>")]
    search = Registered(lambda account, now: known)
    search.begin(1, "account:ana", 0.0)
    assert ways(search.goes_on(1, 0.0, status=lost, ours=HERE)) == [known[1].way]


def test_who_has_refused_at_one_of_several_telephones_is_not_rung_there_again() -> None:
    twice = [Reached(way("udp", 7 + place), device=f"<urn:{place}>") for place in range(2)]
    twice += [each._replace(way=way("udp", 17 + place)) for place, each in enumerate(twice)]
    play = Playbook(config(dial_out=dial_out()), find_phones=lambda account, now: twice)
    calls(play, ANA, limited=False)
    play.skip() >> StreamOpened(1, HERE, 20_002)
    play.skip() >> CallPlaced(1, CALL, "out-1")
    play.skip() >> replace(refused(486), statuses=(486, 503)) << a(Log, event="next telephone")
    play << a(PlaceCall, phone=twice[3].way, beside=(), others=False)
    play.skip()


def test_what_reaches_us_at_another_address_is_not_rung_at_once_with_the_others() -> None:
    here, other = Reached(way("udp", 7), audio_at="203.0.113.1"), way("udp", 8)
    there = Reached(replace(other, flow=replace(other.flow, local=("192.0.2.9", 5060))), audio_at="192.0.2.9")
    search = Registered(lambda account, now: [here, there])
    assert search.begin(1, "account:ana", 0.0) == (here,)
    assert search.goes_on(1, 0.0, status=486, ours=HERE) == (there._replace(audio_at=""),), (
        "its audio is taken where the first one's is"
    )


def test_each_is_told_the_address_of_ours_on_its_side_of_a_router() -> None:
    inside, outside = Reached(way("udp", 7)), Reached(way("udp", 8), audio_at="203.0.113.1")
    play = Playbook(config(dial_out=dial_out()), find_phones=lambda account, now: [inside, outside])
    calls(play, ANA, limited=False)
    play.skip() >> StreamOpened(1, HERE, 20_002)
    (placed,) = play._open
    assert isinstance(placed, PlaceCall)
    assert f"c=IN IP4 {HERE}\r\n".encode() in placed.sdp
    assert b"c=IN IP4 203.0.113.1\r\n" in placed.beside[0].sdp
    play.skip()


def test_no_more_ring_at_once_than_a_call_may_have_places() -> None:
    many = [Reached(way("udp", number)) for number in range(1, BRANCHES_MAX + 3)]
    search = Registered(lambda account, now: many)
    assert len(search.begin(1, "account:ana", 0.0)) == BRANCHES_MAX
    assert len(search.goes_on(1, 0.0, status=486, ours=HERE)) == 2


def secured(offered: bytes) -> bytes:
    """An answer to an offer with keys, with a key of the answerer's own."""
    line = next(each for each in offered.decode().split("\r\n") if "AES_CM_128_HMAC_SHA1_80" in each)
    tag, suite = line.removeprefix("a=crypto:").split(" ")[:2]
    key = b64encode(bytes(range(30))).decode()
    text = sdp().decode().replace("RTP/AVP", "RTP/SAVP").rstrip("\r\n")
    return f"{text}\r\na=crypto:{tag} {suite} inline:{key}\r\n".encode()
