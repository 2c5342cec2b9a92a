"""Two agents over a network that loses, doubles and reorders: every call begins, lives and ends as it should."""

from collections import Counter

import pytest

from sip.events import (
    AnswerReceived,
    CallAnswered,
    CallConfirmed,
    CallEnded,
    EndCause,
    IncomingCall,
    OfferFailed,
    OfferReceived,
)
from sip.headers import Address
from sip.timers import GIVE_UP_S
from sip.uri import Uri
from tests.support.sip_network import Network

CALLS = 150
SETTLED_S = 4 * GIVE_UP_S
ME = Address.parse("<sip:me@10.0.0.1>")
YOU = Uri.parse("sip:room@10.0.0.2")


class Users:
    """People who call, answer, refuse, hold, hang up and lose patience, all by the network's dice."""

    def __init__(self, network: Network, *, calm: bool) -> None:
        self.network, self.calm = network, calm
        network.on_event = self.happened
        for number in range(CALLS):
            network.later(0.1 * number, self.place)

    def place(self) -> None:
        network = self.network
        caller = network.agents["caller"]
        call = caller.invite(YOU, from_=ME, sdp=b"offer", flow=network.flow("caller"), now=network.now)
        if not self.calm and network.chance.random() < 0.2:
            network.later(network.chance.uniform(0, 3), lambda: caller.hang_up(call, network.now))

    def happened(self, name: str, event: object) -> None:
        network = self.network
        agent, chance = network.agents[name], network.chance
        match event:
            case IncomingCall(call=call):
                agent.ring(call, network.now)
                if not self.calm and chance.random() < 0.1:
                    network.later(chance.uniform(0, 2), lambda: agent.reject(call, 486, network.now))
                else:
                    network.later(chance.uniform(0, 2), lambda: agent.accept(call, b"answer", network.now))
            case CallAnswered(call=call) | CallConfirmed(call=call):
                if not self.calm:
                    for _ in range(chance.randrange(3)):
                        network.later(chance.uniform(0, 5), lambda: agent.reoffer(call, b"hold", network.now))
                network.later(chance.uniform(5, 10), lambda: agent.hang_up(call, network.now))
            case OfferReceived(call=call):
                if chance.random() < 0.8:
                    network.later(chance.uniform(0, 1), lambda: agent.accept_offer(call, b"ok", network.now))
                else:
                    network.later(chance.uniform(0, 1), lambda: agent.reject_offer(call, 488, network.now))


def live(network: Network, *, calm: bool) -> None:
    Users(network, calm=calm)
    network.run(0.1 * CALLS + SETTLED_S + 180)
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
