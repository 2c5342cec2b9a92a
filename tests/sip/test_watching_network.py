"""Two ends over a network that loses, doubles and reorders: what one has to tell reaches the other, by NOTIFY and after REFER."""

from __future__ import annotations

import pytest

from sip.agent import Way
from sip.dialog import Dialog
from sip.events import (
    CallAnswered,
    CallEnded,
    NotifyAnswered,
    ReferAnswered,
    ReferProgress,
    ReferReceived,
    SubscribeReceived,
    SubscriptionEnded,
    SubscriptionRefreshed,
)
from sip.headers import Address
from sip.settings import PACKAGES
from sip.timers import GIVE_UP_S
from sip.uri import Uri
from tests.support.roster_phone import RosterPhone
from tests.support.sip_network import ADDRESSES, Network

ME = Address.parse("<sip:me@10.0.0.1>")
YOU = Uri.parse("sip:room@10.0.0.2")
CAROL = Address.parse("<sip:carol@10.0.0.3>")
BAD = {"loss": 0.3, "duplication": 0.3, "delay_s": (0.0, 0.6)}


class Watched(Network):
    """The callee has something new every 0.7 s, and the caller's telephone watches it."""

    def __init__(self, seed: int, **conditions) -> None:
        super().__init__(seed, **conditions)
        self.news = 0
        self.subscription = 0
        flow = self.flow("caller")
        host, port = ADDRESSES["caller"]
        dialog = Dialog(
            call_id=f"watch-{seed}", local=f"<sip:me@{host}:{port}>;tag=me", local_tag="me", remote=f"<{YOU}>",
            remote_tag="", target=str(YOU), routes=(), flow=flow, local_cseq=0, remote_cseq=None,
        )  # fmt: skip
        self.phone = RosterPhone(self.agents["caller"], dialog)
        self.on_event = self.happened
        receive = self.agents["caller"].receive

        def through_the_phone(flow, data, now):
            answer = self.phone.takes(data, flow)
            if answer is None:
                receive(flow, data, now)
            else:
                self._carry("caller", answer)

        self.agents["caller"].receive = through_the_phone

    def happened(self, name, event):
        agent = self.agents[name]
        match event:
            case SubscribeReceived(subscription=number):
                self.subscription = number
                agent.accept_subscription(number, self.now)
                self.tell()
                self.later(0.7, self.goes_on)
            case SubscriptionRefreshed():
                self.tell()
            case SubscriptionEnded():
                self.subscription = 0

    def tell(self):
        body = str(self.news).encode()
        self.agents["callee"].notify(self.subscription, body, PACKAGES["conference"], self.now)

    def goes_on(self):
        if self.subscription:
            self.news += 1
            self.tell()
            self.later(0.7, self.goes_on)

    def subscribe(self, expires_s):
        self.phone.subscribe(expires_s, self.now)

    def settled(self):
        self.run(self.now + 3 * GIVE_UP_S)
        for name, agent in self.agents.items():
            assert (agent.subscriptions, agent.transactions, agent.next_deadline()) == (0, 0, None), name


@pytest.mark.parametrize(("seed", "conditions"), [(1, {}), (2, BAD), (3, BAD), (4, BAD)])
def test_whatever_is_lost_the_watcher_knows_the_latest_and_nothing_twice(seed, conditions):
    network = Watched(seed, **conditions)
    network.subscribe(3600)
    network.run(120.0)
    network.subscribe(3600)
    network.run(150.0)
    phone, told = network.phone, [int(body) for body in network.phone.bodies]
    assert phone.answers == [200, 200]
    assert told == sorted(told)
    assert told[-1] >= network.news - 12, "it is no more than a few seconds behind"
    assert all(state.startswith("active;expires=") for state in phone.states)
    network.subscribe(0)
    network.run(200.0)
    assert phone.answers[2:] == [200]
    assert phone.states[-1] == "terminated;reason=timeout"
    assert network.told["callee"][-1] == SubscriptionEnded(1, "timeout")
    network.settled()


def test_on_a_clean_network_nothing_is_repeated_and_each_notify_is_answered_before_the_next():
    network = Watched(5)
    network.subscribe(60)
    network.run(50.0)
    assert network.phone.repeated == 0
    assert [int(body) for body in network.phone.bodies] == list(range(network.news + 1))
    answered = sum(isinstance(event, NotifyAnswered) for event in network.told["callee"])
    assert answered == len(network.phone.bodies)
    network.run(61.0)
    assert network.phone.states[-1] == "terminated;reason=timeout"
    network.settled()


def test_a_watcher_that_is_gone_is_told_nothing_any_more():
    network = Watched(6)
    network.subscribe(3600)
    network.run(10.0)
    network.loss = 1.0
    network.run(60.0)
    assert network.told["callee"][-1] == SubscriptionEnded(1, "timeout")
    network.settled()


class Referred(Network):
    """The caller is in a call, and asks the callee, or is asked, to call Carol."""

    def __init__(self, seed: int, **conditions) -> None:
        super().__init__(seed, **conditions)
        self.on_event = self.happened
        caller = self.agents["caller"]
        self.call = caller.invite(YOU, from_=ME, sdp=b"offer", ways=[Way(self.flow("caller"))], now=self.now)
        self.calls = {"caller": self.call, "callee": 0}
        self.answered = False

    def happened(self, name, event):
        agent = self.agents[name]
        if type(event).__name__ == "IncomingCall":
            self.calls["callee"] = event.call
            agent.accept(event.call, b"answer", self.now)
        elif isinstance(event, CallAnswered):
            self.answered = True
        elif isinstance(event, ReferReceived):
            agent.accept_refer(event.refer, self.now)
            for after_s, status in ((0.3, 180), (4.0, 200)):
                self.later(
                    after_s, lambda status=status: agent.refer_progress(event.refer, status, "", self.now)
                )

    def refer(self, name):
        self.agents[name].refer(self.calls[name], CAROL, self.now)

    def heard(self, name):
        return [event for event in self.told[name] if isinstance(event, ReferAnswered | ReferProgress)]


@pytest.mark.parametrize("asks", ["caller", "callee"])
@pytest.mark.parametrize(("seed", "conditions"), [(1, {}), (2, BAD), (3, BAD), (4, BAD), (5, BAD)])
def test_a_refer_is_answered_and_reported_to_its_end_once(seed, conditions, asks):
    network = Referred(seed, **conditions)
    network.run(30.0)
    assert network.answered
    network.refer(asks)
    network.run(140.0)
    heard = network.heard(asks)
    assert [event.status for event in heard if isinstance(event, ReferAnswered)] == [202]
    statuses = [event.status for event in heard if isinstance(event, ReferProgress)]
    assert statuses == sorted(statuses)
    assert statuses[-1] == 200
    assert statuses.count(200) == 1
    received = [
        event
        for event in network.told["callee" if asks == "caller" else "caller"]
        if isinstance(event, ReferReceived)
    ]
    assert [str(event.to) for event in received] == [str(CAROL)]
    network.agents["caller"].hang_up(network.call, network.now)
    network.run(400.0)
    for name, agent in network.agents.items():
        assert (agent.calls, agent.subscriptions, agent.transactions) == (0, 0, 0), name
        assert agent.next_deadline() is None, name
        assert sum(isinstance(event, CallEnded) for event in network.told[name]) == 1


def test_both_may_refer_each_other_at_once():
    network = Referred(9)
    network.run(5.0)
    network.refer("caller")
    network.refer("callee")
    network.run(20.0)
    for name in network.agents:
        assert [event.status for event in network.heard(name)][-1] == 200
