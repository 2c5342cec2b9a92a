"""The guard: what it drops, refuses and bans, whom it never does, and that nothing makes it grow."""

from __future__ import annotations

import random
import re
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.agent import Agent, AgentSettings
from sip.bans import Ban
from sip.flow import Flow
from sip.gate import PASS, PASS_DOUBTFUL, Ignore, Refuse
from sip.guard import DELAY_S, Guard, GuardSettings, Pressed, Spared, Strangers
from sip.message import Request
from sip.parser import parse
from sip.shedding import LAG_MAX_S, Level, Load
from sip.sources import REAL_S, SOURCES_MAX, source_of
from tests.support.sip_playbook import counting_entropy

HERE = ("192.0.2.1", 5060)
TRUNK, STRANGER, PHONE = "203.0.113.1", "198.51.100.7", "198.51.100.8"


def udp(host: str = STRANGER, port: int = 5060) -> Flow:
    return Flow("udp", HERE, (host, port))


def tcp(host: str = STRANGER) -> Flow:
    return Flow("tcp", HERE, (host, 40_000), 7)


def text(method: str = "INVITE", user: str = "1000", call: str = "c1", agent: str = "Softphone") -> bytes:
    return (
        f"{method} sip:{user}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK{call};rport\r\n"
        f"From: <sip:ana@198.51.100.7>;tag=1\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: {call}\r\n"
        f"CSeq: 1 {method}\r\nContact: <sip:ana@198.51.100.7>\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def request(method: str = "INVITE", user: str = "1000", call: str = "c1") -> Request:
    message = parse(text(method, user, call))
    assert isinstance(message, Request)
    return message


def guard(**changes: object) -> Guard:
    return Guard(
        GuardSettings(**changes),
        is_exempt=lambda host: host == TRUNK,
        serves=lambda user, _host: user == "1000",
    )


def banned(of: Guard) -> list[str]:
    return [event.source for event in of.events() if isinstance(event, Ban)]


# Before parsing


def test_scanners_are_dropped_at_once_and_soon_banned():
    it = guard()
    scan = text("OPTIONS", agent="friendly-scanner")
    assert [it.admits(udp(), scan, 0.0) for _ in range(4)] == [False] * 4
    assert banned(it) == [STRANGER]
    assert (it.counters["dropped:scanner"], it.counters["dropped:banned"], it.counters["bans"]) == (3, 1, 1)
    assert not it.admits(udp(), text(), 59.0)
    assert it.admits(udp(), text(), 60.0)


def test_what_comes_too_fast_is_dropped_and_a_flood_that_lasts_is_banned():
    it = guard(datagrams=(10, 20))
    heard = [it.admits(udp(), text(), second / 100) for second in range(1000)]
    assert 20 <= sum(heard) <= 20 + 100
    assert not banned(it)
    for step in range(1000, 4000):
        it.admits(udp(), text(), step / 100)
    assert banned(it) == [STRANGER]


def test_an_ordinary_telephone_system_behind_one_address_never_notices():
    """Two hundred calls a second, seven datagrams each, are within what may come at once; fifty are all day long."""
    it = guard()
    assert all(it.admits(udp(), text(), number / 400) for number in range(4000))
    assert all(isinstance(it.judge(request(), udp(), n / 20, inside=False), type(PASS)) for n in range(2000))


def test_what_is_banned_may_come_over_a_connection_if_its_address_may_have_been_forged():
    it = guard()
    for _ in range(3):
        it.admits(udp(), text(agent="sipvicious"), 0.0)
    assert not it.admits(udp(), text(), 1.0)
    assert it.admits(tcp(), text(), 1.0)
    for _ in range(3):
        it.admits(tcp(), text(agent="sipvicious"), 2.0)
    assert not it.admits(tcp(), text(), 3.0)


def test_an_address_of_ipv6_answers_for_its_neighbours():
    it = guard()
    for number in range(3):
        it.admits(udp(f"2001:db8::{number}"), text(agent="sipvicious"), 0.0)
    assert banned(it) == ["2001:db8::/64"]
    assert not it.admits(udp("2001:db8::ffff"), text(), 1.0)
    assert it.admits(udp("2001:db8:0:1::1"), text(), 1.0)


# Those who cannot be shut out


def offend(it: Guard, flow: Flow, now: float = 0.0) -> None:
    """All that a stranger can do with somebody else's address on it."""
    for _ in range(50):
        it.admits(flow, text(agent="friendly-scanner"), now)
        for what in ("malformed", "wrong password", "unknown number", "unknown method", "something else"):
            it.noticed(flow, what, now)
    for number in range(5000):
        it.admits(flow, text(), now)
        it.judge(request(call=f"c{number}"), flow, now, inside=False)


def test_a_stranger_with_a_trunks_address_cannot_shut_the_trunk_out():
    it = guard()
    offend(it, udp(TRUNK))
    assert not it.bans(0.0)
    assert it.admits(udp(TRUNK), text(), 0.0)
    assert it.judge(request(), udp(TRUNK), 0.0, inside=False) == PASS


def test_a_stranger_with_an_address_beside_a_trunks_cannot_shut_the_trunk_out_either():
    """Of IPv6 a whole /64 is banned together, but for who is exempt in it."""
    trunk, beside = "2001:db8::1", "2001:db8::2"
    it = Guard(GuardSettings(), is_exempt=lambda host: host == trunk)
    for first, second in ((trunk, beside), (beside, trunk)):
        it.admits(udp(first), text(), 0.0)
        it.admits(udp(second), text(), 0.0)
    for _ in range(5):
        it.admits(udp(beside), text(agent="friendly-scanner"), 0.0)
    assert banned(it) == ["2001:db8::/64"]
    assert not it.admits(udp(beside), text(), 1.0)
    assert it.admits(udp(trunk), text(), 1.0)
    assert it.judge(request(), udp(trunk), 1.0, inside=False) == PASS


def test_a_stranger_with_a_registered_telephones_address_cannot_shut_it_out():
    it = guard()
    it.vouch(udp(PHONE), 0.0)
    offend(it, udp(PHONE, 6000))
    assert not it.bans(0.0)
    assert {event.source for event in it.events() if isinstance(event, Spared)} == {PHONE}
    assert it.admits(udp(PHONE), text(), 1.0)
    assert it.judge(request(), udp(PHONE), 1.0, inside=False) == PASS


def test_who_proves_who_they_are_is_let_in_again_although_a_stranger_used_their_address():
    it = guard()
    for _ in range(3):
        it.admits(udp(PHONE), text(agent="sipvicious"), 0.0)
    assert not it.admits(udp(PHONE), text(), 1.0)
    it.vouch(tcp(PHONE), 2.0)
    assert it.admits(udp(PHONE), text(), 3.0)


def test_calls_that_are_up_go_on_whatever_happens():
    it = guard(requests=(1, 1))
    for number in range(10):
        it.judge(request(call=f"c{number}"), udp(), 0.0, inside=False)
    for now in (0.0, 0.1, 1.0):
        it.measure(Load(lag_s=9.0), now)
    assert it.judge(request("BYE"), udp(), 1.0, inside=True) == PASS


# Requests


def test_who_has_acknowledged_is_doubted_no_more_for_a_day():
    it = guard()
    assert it.judge(request(), udp(), 0.0, inside=False) == PASS_DOUBTFUL
    it.acknowledged(udp(), 1.0)
    assert it.judge(request(), udp(), 2.0, inside=False) == PASS
    assert it.judge(request(), udp(), REAL_S + 2.0, inside=False) == PASS_DOUBTFUL


def test_when_pressed_real_strangers_come_before_those_who_may_be_invented():
    it = guard()
    it.acknowledged(udp(PHONE), 0.0)
    for now in (0.0, 0.3, 0.6):
        it.measure(Load(lag_s=0.8 * LAG_MAX_S), now)
    assert it.level is Level.WARY
    assert isinstance(it.judge(request(), udp(), 1.0, inside=False), Refuse)
    assert it.judge(request(), udp(PHONE), 1.0, inside=False) == PASS
    assert it.judge(request(), tcp(), 1.0, inside=False) == PASS


class Flooded:
    """A bridge's guard and agent in a flood of addresses that are invented, each of which comes twice; on a virtual clock."""

    RATE = 500

    def __init__(self) -> None:
        self.guard = guard()
        self.agent = Agent(settings=AgentSettings(), entropy=counting_entropy(), gate=self.guard)
        self.now = 0.0
        self._invented = 0

    def flood(self, seconds: float) -> None:
        """Let it come down; the machine is pressed by it, as it reports four times a second."""
        for _ in range(round(4 * seconds)):
            for _ in range(self.RATE // 4):
                self._invented += 1
                number = self._invented
                flow = udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
                self.agent.receive(flow, text(call=f"i{number}"), self.now)
                self.agent.receive(flow, text(call=f"i{number}"), self.now + 0.01)
            self.now += 0.25
            self.guard.measure(Load(lag_s=0.8 * LAG_MAX_S), self.now)
            self.agent.advance(self.now)
            self.agent.outgoing()

    def asks(self, data: bytes, flow: Flow) -> list[bytes]:
        """What is sent to somebody for a message."""
        self.agent.receive(flow, data, self.now)
        return [sent.data for sent in self.agent.outgoing() if sent.flow.remote == flow.remote]


def acknowledging(call: str, refusal: bytes) -> bytes:
    to = next(line for line in refusal.decode().split("\r\n") if line.startswith("To:"))
    return text("ACK", call=call).replace(b"To: <sip:1000@192.0.2.1>", to.encode())


def test_a_stranger_in_a_flood_who_acknowledges_his_503_comes_first_the_next_time():
    world = Flooded()
    world.flood(2)
    first = world.asks(text(call="a"), udp()) or world.asks(text(call="a"), udp())
    assert first[0].startswith(b"SIP/2.0 503 ")
    world.asks(acknowledging("a", first[0]), udp())
    world.flood(5)
    answers = world.asks(text(call="b"), udp())
    assert answers
    assert answers[0].startswith(b"SIP/2.0 100 ")


@pytest.mark.parametrize("liar", ["another tag", "another host"])
def test_a_tag_proves_one_address_and_is_not_guessed(liar: str):
    world = Flooded()
    world.flood(2)
    refusal = (world.asks(text(call="a"), udp()) or world.asks(text(call="a"), udp()))[0]
    ack = acknowledging("a", refusal)
    if liar == "another tag":
        world.asks(re.sub(rb";tag=\w+(?=\r\nCall-ID)", b";tag=0123456789abcdef", ack), udp())
        who = udp()
    else:
        who = udp(PHONE)
        world.asks(ack, who)
    world.flood(5)
    answers = world.asks(text(call="b"), who) or world.asks(text(call="b"), who)
    assert answers[0].startswith(b"SIP/2.0 503 ")


def test_too_many_calls_of_a_stranger_are_met_with_silence_on_udp_and_with_503_on_tcp():
    it = guard(invites=(1, 2))
    judged = [it.judge(request(call=f"c{n}"), udp(), 0.0, inside=False) for n in range(3)]
    assert judged == [PASS_DOUBTFUL, PASS_DOUBTFUL, Ignore("too many requests")]
    refused = it.judge(request(call="c4"), tcp(), 0.0, inside=False)
    assert isinstance(refused, Refuse)
    assert (refused.status, [name for name, _ in refused.fields]) == (503, ["Retry-After"])


def test_registrations_and_other_requests_have_limits_of_their_own():
    it = guard(requests=(1, 4), invites=(1, 1), registers=(1, 2))
    methods = ["REGISTER", "REGISTER", "REGISTER", "OPTIONS", "OPTIONS", "OPTIONS"]
    judged = [it.judge(request(method), udp(), 0.0, inside=False) for method in methods]
    assert [isinstance(each, Ignore) for each in judged] == [False, False, True, False, False, True]


def test_who_is_vouched_for_is_told_when_to_come_again():
    it = guard(invites=(1, 1))
    it.vouch(udp(), 0.0)
    judged = [it.judge(request(call=f"c{n}"), udp(), 0.0, inside=False) for n in range(11)]
    assert judged[:10] == [PASS] * 10
    assert isinstance(judged[10], Refuse)


def test_those_who_must_come_again_do_not_come_together():
    it = guard(invites=(1, 1))
    waits = {
        dict(it.judge(request(call=f"c{n}"), tcp(), 0.0, inside=False).fields)["Retry-After"]
        for n in range(1, 100)
        if it.judge(request(call=f"c{n}"), tcp(), 0.0, inside=False) != PASS
    }
    assert waits <= {str(seconds) for seconds in range(5, 16)}
    assert len(waits) > 5


# Strangers


@pytest.mark.parametrize(
    ("method", "user"), [("INVITE", "999"), ("MESSAGE", "999"), ("SUBSCRIBE", "999"), ("NONSENSE", "1000")]
)
def test_strangers_who_ask_for_what_there_is_not_get_what_is_configured(method: str, user: str):
    judged = {
        kind: guard(strangers=kind, served=("MESSAGE", "SUBSCRIBE")).judge(
            request(method, user), udp(), 0.0, inside=False
        )
        for kind in Strangers
    }
    assert judged[Strangers.ANSWER] == (PASS_DOUBTFUL if method == "NONSENSE" else Refuse(404))
    assert judged[Strangers.DELAY] == Refuse(403, after_s=DELAY_S)
    assert isinstance(judged[Strangers.SILENT], Ignore)


@pytest.mark.parametrize("kind", Strangers)
def test_whoever_asks_for_what_there_is_is_let_in(kind: Strangers):
    """A stranger may call an access number: that is what the service is for (A1)."""
    it = guard(strangers=kind)
    assert it.judge(request("INVITE", "1000"), udp(), 0.0, inside=False) == PASS_DOUBTFUL
    assert it.judge(request("INVITE", "999"), udp(TRUNK), 0.0, inside=False) == PASS
    it.vouch(udp(PHONE), 0.0)
    assert it.judge(request("INVITE", "999"), udp(PHONE), 0.0, inside=False) == PASS


@pytest.mark.parametrize("kind", Strangers)
def test_dialling_through_the_numbers_ends_in_a_ban(kind: Strangers):
    it = guard(strangers=kind)
    for number in range(21):
        it.judge(request(user=str(number)), udp(), number / 10, inside=False)
    assert banned(it) == [STRANGER]


def test_registering_without_end_and_never_with_a_good_proof_ends_in_a_ban():
    it = guard(served=("REGISTER",))
    for number in range(1000):
        it.judge(request("REGISTER", call=f"r{number}"), udp(), number / 10, inside=False)
    assert banned(it)[:1] == [STRANGER]


def test_a_house_full_of_telephones_that_come_back_together_is_not_banned():
    """After a power cut: each asks without a proof first, and the first good proof vouches for all of them."""
    it = guard(served=("REGISTER",))
    for number in range(200):
        judgement = it.judge(request("REGISTER", call=f"r{number}"), udp(), number / 100, inside=False)
        assert judgement == PASS_DOUBTFUL
    it.vouch(udp(), 2.0)
    for number in range(2000):
        it.judge(request("REGISTER", call=f"s{number}"), udp(), 2.0 + number / 100, inside=False)
    assert not it.bans(30.0)


def test_who_dials_a_wrong_number_now_and_then_is_never_banned():
    it = guard(strangers=Strangers.DELAY)
    for number in range(1000):
        it.judge(request(user=str(number)), udp(), number * 30.0, inside=False)
    assert not banned(it)


def test_options_of_a_stranger_tell_nothing_of_us():
    assert guard().judge(request("OPTIONS"), udp(), 0.0, inside=False) == Refuse(200)
    assert guard().judge(request("OPTIONS"), udp(TRUNK), 0.0, inside=False) == PASS
    silent = guard(strangers=Strangers.SILENT)
    assert isinstance(silent.judge(request("OPTIONS"), udp(), 0.0, inside=False), Ignore)


def test_while_nobody_is_taken_options_says_so_to_strangers_too():
    it = guard()
    it.draining = True
    assert it.judge(request("OPTIONS"), udp(), 0.0, inside=False) == PASS_DOUBTFUL


# The machine


def test_a_pressed_machine_refuses_strangers_first_and_says_so_once():
    it = guard()
    for now in (0.0, 0.6, 0.8):
        it.measure(Load(lag_s=0.8 * LAG_MAX_S), now)
    assert it.level is Level.WARY
    (told,) = it.events()
    assert isinstance(told, Pressed)
    assert (told.level, round(told.pressure, 6)) == (Level.WARY, 0.8)
    refused = it.judge(request(), udp(), 1.0, inside=False)
    assert isinstance(refused, Refuse)
    assert refused.status == 503
    assert it.judge(request(), udp(TRUNK), 1.0, inside=False) == PASS
    for now in (1.0, 1.6):
        it.measure(Load(lag_s=LAG_MAX_S), now)
    assert isinstance(it.judge(request(), udp(TRUNK), 2.0, inside=False), Refuse)


# Bans, listed and lifted


def test_a_ban_is_listed_and_lifted_by_any_address_of_the_source():
    it = guard()
    for _ in range(3):
        it.admits(udp("2001:db8::1"), text(agent="sipvicious"), 0.0)
    (ban,) = it.bans(1.0)
    assert (ban.source, ban.why, ban.times, ban.until) == ("2001:db8::/64", "scanner", 1, 60.0)
    assert it.lift("2001:db8::5", 1.0)
    assert not it.lift(ban.source, 1.0)
    assert it.admits(udp("2001:db8::1"), text(), 2.0)


def test_nobody_is_banned_where_that_is_configured():
    it = guard(ban_s=0.0)
    offend(it, udp())
    assert not it.bans(0.0)
    assert not it.events()


# Floods


def invented(draw: random.Random) -> Flow:
    return udp(str(IPv4Address(draw.getrandbits(32))))


def test_invented_sources_cost_a_fixed_amount_of_memory_however_many_they_are():
    """Issue 4, "memory flat"; `benchmarks.storm` sees it on the process, too."""
    it, draw, data = guard(), random.Random(4), text()
    for number in range(5 * SOURCES_MAX):
        flow = invented(draw)
        if it.admits(flow, data, number / 5000):
            it.noticed(flow, "malformed", number / 5000)
    assert it.sources <= SOURCES_MAX
    assert it.bans(33.0) == []
    assert it.counters["dropped:must knock twice"] > 4.5 * SOURCES_MAX
    assert set(it.counters) == {"dropped:must knock twice", "noticed:malformed"}


def test_an_honest_caller_gets_in_at_the_first_repetition_during_such_a_flood():
    """Issue 4: within 2 s; T1 is half a second."""
    it, draw = guard(), random.Random(5)
    for number in range(20_000):
        it.admits(invented(draw), b"INVITE", number / 5000)
    it.admits(invented(draw), b"INVITE", 4.0)
    assert not it.admits(udp(PHONE), text(), 4.0)
    for number in range(2500):
        it.admits(invented(draw), b"INVITE", 4.0 + number / 5000)
    assert it.admits(udp(PHONE), text(), 4.5)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([udp(), udp(PHONE), udp(TRUNK), tcp(), tcp(PHONE), udp("2001:db8::1")]),
            st.sampled_from(["bytes", "scan", "noticed", "judge", "vouch", "lift"]),
            st.floats(0, 30),
        ),
        max_size=60,
    ),
    st.sampled_from(Strangers),
)
def test_whatever_happens_trunks_and_the_vouched_for_are_heard(steps, kind):
    it, now, vouched = guard(strangers=kind, datagrams=(1, 3), requests=(1, 2)), 0.0, set()
    for flow, what, pause in steps:
        now += pause
        source = flow.remote[0]
        if what == "vouch":
            it.vouch(flow, now)
            vouched.add(source_of(source))
        elif what == "lift":
            it.lift(source, now)
        elif what == "noticed":
            it.noticed(flow, "wrong password", now)
        elif what == "judge":
            it.judge(request(), flow, now, inside=False)
        else:
            it.admits(flow, text(agent="sipvicious" if what == "scan" else "phone"), now)
        assert all(ban.source != TRUNK for ban in it.bans(now))
        assert it.admits(udp(TRUNK), text(), now)
        assert it.judge(request(), udp(TRUNK), now, inside=False) == PASS
        assert not {ban.source for ban in it.bans(now)} & vouched


# With an agent


def test_an_agent_behind_the_guard_answers_strangers_barely_and_scanners_not_at_all():
    it = guard()
    agent = Agent(settings=AgentSettings(product="Roda 1"), entropy=counting_entropy(), gate=it)
    agent.receive(udp(), text("OPTIONS", agent="friendly-scanner"), 0.0)
    assert agent.outgoing() == []
    agent.receive(udp(), text("OPTIONS"), 0.0)
    (answer,) = agent.outgoing()
    assert answer.data.startswith(b"SIP/2.0 200 OK")
    assert b"Allow" not in answer.data
    agent.receive(udp(), b"INVITE and nothing of what should follow", 0.0)
    agent.receive(udp(), text("NONSENSE"), 0.0)
    assert it.counters["noticed:malformed"] == it.counters["noticed:unknown method"] == 1
