"""Two agents over a network that loses, doubles and reorders: every call begins, lives and ends as it should."""

import contextlib
from collections import Counter

import pytest

from sip.agent import Flow, Way
from sip.errors import LocalError
from sip.events import (
    AnswerReceived,
    CallAnswered,
    CallConfirmed,
    CallEnded,
    EndCause,
    IncomingCall,
    OfferFailed,
    OfferReceived,
    WayFailed,
)
from sip.headers import Address
from sip.timers import GIVE_UP_S
from sip.uri import Uri
from tests.support.sip_network import Network

CALLS = 150
SETTLED_S = 4 * GIVE_UP_S
ME = Address.parse("<sip:me@10.0.0.1>")
YOU = Uri.parse("sip:room@10.0.0.2")


NOBODY = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.66", 5060))
"""A server that is dead."""


class Users:
    """People who call, answer, refuse, hold, hang up and lose patience, all by the network's dice.

    With `ways` some calls are tried at a dead server first; with `early` the callee speaks before it answers, and may change
    its mind; `hold_s` is how long a call lasts.
    """

    def __init__(
        self, network: Network, *, calm: bool, ways: bool = False, early: bool = False, hold_s=(5.0, 10.0)
    ) -> None:
        self.network, self.calm, self.ways, self.early, self.hold_s = network, calm, ways, early, hold_s
        network.on_event = self.happened
        for number in range(CALLS):
            network.later(0.1 * number, self.place)

    def place(self) -> None:
        network = self.network
        caller = network.agents["caller"]
        ways = [Way(network.flow("caller"))]
        if self.ways and network.chance.random() < 0.5:
            ways.insert(0, Way(NOBODY))
        call = caller.invite(YOU, from_=ME, sdp=b"offer", ways=ways, now=network.now)
        if not self.calm and network.chance.random() < 0.2:
            network.later(network.chance.uniform(0, 3), lambda: caller.hang_up(call, network.now))

    def happened(self, name: str, event: object) -> None:
        network = self.network
        agent, chance = network.agents[name], network.chance
        match event:
            case IncomingCall(call=call):
                agent.ring(call, network.now)
                if self.early:
                    agent.progress(call, b"answer", network.now)
                    network.later(chance.uniform(0, 2), lambda: self.change_early(name, call))
                if not self.calm and chance.random() < 0.1:
                    network.later(chance.uniform(0, 2), lambda: agent.reject(call, 486, network.now))
                else:
                    network.later(chance.uniform(0, 2), lambda: agent.accept(call, b"answer", network.now))
            case CallAnswered(call=call) | CallConfirmed(call=call):
                if not self.calm:
                    for _ in range(chance.randrange(3)):
                        network.later(chance.uniform(0, 5), lambda: agent.reoffer(call, b"hold", network.now))
                network.later(chance.uniform(*self.hold_s), lambda: agent.hang_up(call, network.now))
            case OfferReceived(call=call):
                if chance.random() < 0.8:
                    network.later(chance.uniform(0, 1), lambda: agent.accept_offer(call, b"ok", network.now))
                else:
                    network.later(chance.uniform(0, 1), lambda: agent.reject_offer(call, 488, network.now))

    def change_early(self, name: str, call: int) -> None:
        with contextlib.suppress(LocalError):  # not agreed yet: then there is nothing to change
            self.network.agents[name].reoffer(call, b"more", self.network.now)


def live(network: Network, *, calm: bool, **users) -> None:
    Users(network, calm=calm, **users)
    network.run(0.1 * CALLS + SETTLED_S + 180 + users.get("hold_s", (0, 0))[1])
    for name, agent in network.agents.items():
        assert agent.calls == 0, name
        assert agent.transactions == 0, name
        assert agent.next_deadline() is None, name
        ends = Counter(event.call for event in network.told[name] if isinstance(event, CallEnded))
        assert set(ends.values()) <= {1}, name
        begun = {event.call for event in network.told[name] if isinstance(event, IncomingCall)}
        assert begun <= set(ends)
        assert all(type(event) is CallEnded or event.call in ends for event in network.told[name])
        last = {event.call: event for event in network.told[name]}
        assert all(isinstance(event, CallEnded) for event in last.values())
    assert len({event.call_id for event in network.told["callee"] if isinstance(event, IncomingCall)}) == sum(
        isinstance(event, IncomingCall) for event in network.told["callee"]
    )


def kinds(network: Network, name: str) -> Counter:
    return Counter(type(event) for event in network.told[name])


def test_on_a_clean_network_every_call_is_set_up_and_nothing_is_repeated_for_want_of_an_answer():
    network = Network(1)
    live(network, calm=True)
    assert kinds(network, "caller")[CallAnswered] == CALLS
    assert kinds(network, "callee")[CallConfirmed] == CALLS
    assert network.agents["callee"].counters["retransmitted"] == 0


@pytest.mark.parametrize("seed", [2, 3])
def test_at_a_tenth_lost_and_all_reordered_every_call_is_still_set_up(seed):
    network = Network(seed, loss=0.1, duplication=0.1, delay_s=(0.01, 0.4))
    live(network, calm=True)
    assert kinds(network, "caller")[CallAnswered] == CALLS
    assert kinds(network, "callee")[IncomingCall] == CALLS
    causes = Counter(event.cause for event in network.told["callee"] if isinstance(event, CallEnded))
    assert set(causes) <= {EndCause.BYE, EndCause.LOCAL}


@pytest.mark.parametrize("seed", range(4, 8))
def test_with_impatient_people_and_a_third_lost_nothing_is_stuck(seed):
    network = Network(seed, loss=0.3, duplication=0.3, delay_s=(0.0, 0.6))
    live(network, calm=False)
    seen = kinds(network, "caller") + kinds(network, "callee")
    assert seen[OfferReceived]
    assert seen[AnswerReceived]
    assert seen[OfferFailed]


@pytest.mark.parametrize("seed", [21, 22])
def test_at_a_third_lost_what_is_provisional_arrives_and_can_be_changed(seed):
    """RFC 3262 and RFC 3311: every 183 is acknowledged, and every early change answered or refused."""
    network = Network(seed, loss=0.3, duplication=0.3, delay_s=(0.0, 0.4), reliable=True)
    live(network, calm=True, early=True)
    callee, caller = network.agents["callee"].counters, network.agents["caller"].counters
    assert caller["sent:PRACK:udp"] >= CALLS
    assert callee["sent:UPDATE:udp"]
    assert kinds(network, "caller")[OfferReceived]
    assert kinds(network, "callee")[AnswerReceived]
    assert kinds(network, "caller")[CallAnswered] >= 0.99 * CALLS


@pytest.mark.parametrize("seed", [23, 24])
def test_impatient_people_leave_nothing_of_what_was_early(seed):
    network = Network(seed, loss=0.3, duplication=0.3, delay_s=(0.0, 0.6), reliable=True)
    live(network, calm=False, early=True, ways=True)


@pytest.mark.parametrize("seed", [25, 26])
def test_at_a_third_lost_a_call_whose_first_server_is_dead_gets_through_all_the_same(seed):
    network = Network(seed, loss=0.3, duplication=0.1, delay_s=(0.0, 0.4))
    live(network, calm=True, ways=True)
    assert kinds(network, "caller")[WayFailed] > CALLS / 3
    assert kinds(network, "caller")[CallAnswered] >= 0.97 * CALLS
    # A way that was left may have woken up: then it was cancelled or hung up, and nobody joins twice.
    assert kinds(network, "callee")[CallConfirmed] <= kinds(network, "caller")[CallAnswered]


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_long_calls_are_refreshed_and_none_is_lost(loss):
    """RFC 4028: no call drops at 15 or 30 minutes; here every 45 s for ten minutes."""
    network = Network(27, loss=loss, delay_s=(0.0, 0.3), session_expires_s=90)
    live(network, calm=True, hold_s=(600.0, 601.0))
    refreshes = sum(agent.counters["sent:UPDATE:udp"] for agent in network.agents.values())
    answered = kinds(network, "caller")[CallAnswered]
    assert refreshes >= 10 * answered
    ends = Counter(event.cause for event in network.told["caller"] if isinstance(event, CallEnded))
    assert ends[EndCause.LOCAL] + ends[EndCause.BYE] >= 0.98 * CALLS


def test_a_peer_that_vanishes_is_found_out_by_the_session_timer():
    network = Network(28, session_expires_s=90)
    Users(network, calm=True, hold_s=(4000.0, 4001.0))
    network.run(40)
    network.loss = 1.0
    network.run(300)
    for agent in network.agents.values():
        assert agent.calls == 0
    assert {event.cause for event in network.told["caller"] if isinstance(event, CallEnded)} == {
        EndCause.TIMEOUT
    }


def test_glares_resolve_themselves():
    network = Network(9)
    Users(network, calm=True)
    network.run(20)
    for name, agent in network.agents.items():
        for call in list(agent._core.calls):
            agent.reoffer(call, name.encode(), network.now)
    open_calls = len(network.agents["caller"]._core.calls)
    before = {name: kinds(network, name) for name in network.agents}
    network.run(200)
    for name in network.agents:
        gained = kinds(network, name) - before[name]
        assert gained[AnswerReceived] + gained[OfferFailed] > 0 or not open_calls


def test_a_run_is_the_same_from_the_same_seed():
    first, second = (Network(11, loss=0.2, duplication=0.2) for _ in range(2))
    live(first, calm=False)
    live(second, calm=False)
    assert [type(event) for event in first.told["callee"]] == [type(event) for event in second.told["callee"]]
    assert first.agents["caller"].counters == second.agents["caller"].counters
