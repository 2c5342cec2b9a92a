"""Transactions on the move: what is repeated, what is absorbed, what is gone when."""

from collections import Counter

import pytest

from sip.client_transaction import Failure
from sip.draft import Draft
from sip.flow import Flow
from sip.parser import parse
from sip.timers import Deadlines
from sip.transactions import Transactions
from tests.support.sip_playbook import TCP, UDP, Playbook


class Bench:
    def __init__(self):
        self.deadlines, self.sent, self.heard = Deadlines(), [], []
        self.stands = True
        """What is sent finds a connection."""
        self.transactions = Transactions(self.deadlines, self.send, Counter())

    def send(self, flow, data):
        if self.stands:
            self.sent.append(data)
        return self.stands

    def ask(self, method, flow):
        draft = Draft(
            method, "sip:b@c", "SIP/2.0/UDP a;rport", "z9hG4bK1", (), "<sip:a@a>;tag=1", "<sip:b@c>", "id", 1
        )
        return self.transactions.request(
            draft, flow, lambda transaction, outcome, now: self.heard.append((outcome, now)), 0.0
        )

    def answer(self, status, now):
        draft = next(iter(self.transactions._clients.values())).draft
        data = (
            f"SIP/2.0 {status} X\r\nVia: {draft.sent_by};branch={draft.branch}\r\nFrom: {draft.from_}\r\n"
            f"To: {draft.to};tag=9\r\nCall-ID: id\r\nCSeq: 1 {draft.method}\r\n\r\n"
        )
        return self.transactions.receive(parse(data.encode()), now)

    def times(self, until):
        """When something was sent again."""
        times = []
        while (at := self.deadlines.next()) is not None and at <= until:
            before = len(self.sent)
            self.deadlines.advance(at)
            times += [at] * (len(self.sent) - before)
        return times


@pytest.mark.parametrize(
    ("method", "times"),
    [
        ("INVITE", [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]),
        ("BYE", [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]),
    ],
)
def test_an_unanswered_request_is_repeated_as_the_rfc_draws_it(method, times):
    bench = Bench()
    bench.ask(method, UDP)
    assert bench.times(100) == times
    assert bench.heard == [(Failure.TIMEOUT, 32.0)]
    assert len(bench.transactions) == 0


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_over_tcp_a_request_is_sent_once(method):
    bench = Bench()
    bench.ask(method, TCP)
    assert bench.times(100) == []
    assert bench.heard == [(Failure.TIMEOUT, 32.0)]


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_a_request_on_a_connection_that_is_gone_fails_at_once_but_not_before_the_verb_returns(method):
    bench = Bench()
    bench.stands = False
    bench.ask(method, TCP)
    assert bench.heard == []
    assert bench.times(0) == []
    assert bench.heard == [(Failure.TRANSPORT, 0.0)]
    assert len(bench.transactions) == 0


@pytest.mark.parametrize("begun", [True, False])
def test_a_request_that_was_held_is_sent_when_it_may_or_never(begun):
    bench = Bench()
    draft = Draft(
        "INVITE", "sip:b@c", "SIP/2.0/UDP a", "z9hG4bK1", (), "<sip:a@a>;tag=1", "<sip:b@c>", "id", 1
    )
    held = bench.transactions.hold(draft, UDP, None)
    assert (bench.sent, bench.deadlines.next()) == ([], None)
    if begun:
        bench.transactions.begin(held, draft, UDP, 0.0)
        assert len(bench.sent) == 1
    else:
        bench.transactions.hush(held)
        bench.transactions.begin(held, draft, UDP, 0.0)
        assert bench.sent == []
        assert len(bench.transactions) == 0


def test_a_request_that_is_hushed_is_still_listened_for():
    bench = Bench()
    bench.transactions.hush(bench.ask("INVITE", UDP))
    assert bench.times(31) == []
    assert bench.answer(180, 31.0)
    assert bench.heard[0][0].status == 180


def test_once_the_peer_has_spoken_it_is_asked_at_the_slowest_pace():
    bench = Bench()
    bench.ask("BYE", UDP)
    bench.answer(100, 0.1)
    assert bench.times(20) == [0.5, 4.5, 8.5, 12.5, 16.5]


@pytest.mark.parametrize(
    ("method", "status", "flow", "gone_s"),
    [
        ("INVITE", 200, UDP, 32), ("INVITE", 200, TCP, 32), ("INVITE", 486, UDP, 32), ("INVITE", 486, TCP, 0),
        ("BYE", 200, UDP, 5), ("BYE", 481, UDP, 5), ("BYE", 200, TCP, 0),
    ],
)  # fmt: skip
def test_a_transaction_is_gone_when_nothing_can_be_repeated_any_more(method, status, flow, gone_s):
    bench = Bench()
    bench.ask(method, flow)
    assert bench.answer(status, 1.0)
    if gone_s:
        bench.deadlines.advance(1.0 + gone_s - 0.1)
        assert len(bench.transactions) == 1
    bench.deadlines.advance(1.0 + gone_s)
    assert len(bench.transactions) == 0
    assert bench.deadlines.next() is None
    assert [outcome.status for outcome, _ in bench.heard] == [status]


def test_a_broken_connection_is_told_to_all_who_wait_on_it():
    bench = Bench()
    bench.ask("BYE", TCP)
    bench.transactions.flow_closed(Flow("tcp", TCP.local, TCP.remote, 99), 1.0)
    assert bench.heard == []
    bench.transactions.flow_closed(TCP, 1.0)
    assert bench.heard == [(Failure.TRANSPORT, 1.0)]
    assert len(bench.transactions) == 0


@pytest.mark.parametrize(("flow", "gone_s"), [(UDP, 37), (TCP, 32)])
@pytest.mark.parametrize("status", [200, 486])
def test_an_invite_without_ack_is_gone_after_64_t1_and_what_may_still_travel(flow, gone_s, status):
    bench, peer = Bench(), Playbook(flow)
    transaction = bench.transactions.open(parse(peer.request("INVITE", {})), flow)
    bench.transactions.respond(transaction, 100, b"100", 0.0)
    bench.transactions.respond(transaction, status, b"final", 0.0)
    while (at := bench.deadlines.next()) < gone_s:
        bench.deadlines.advance(at)
    assert len(bench.transactions) == 1
    bench.deadlines.advance(gone_s)
    assert len(bench.transactions) == 0


def test_a_failure_is_repeated_until_its_ack_and_the_ack_may_come_twice():
    bench, peer = Bench(), Playbook()
    request = parse(peer.request("INVITE", {}))
    transaction = bench.transactions.open(request, UDP)
    bench.transactions.respond(transaction, 486, b"486", 0.0)
    assert bench.times(8) == [0.5, 1.5, 3.5, 7.5]
    bench.transactions.acknowledged(transaction, 9.0)
    bench.transactions.acknowledged(transaction, 9.1)
    assert bench.times(13.9) == []
    assert bench.transactions.find(request, "INVITE") is transaction
    bench.deadlines.advance(14.0)
    assert bench.transactions.find(request, "INVITE") is None


def test_a_repeated_request_is_answered_from_state_and_not_before_there_is_one():
    bench, peer = Bench(), Playbook()
    transaction = bench.transactions.open(parse(peer.request("BYE", {"to": "x"})), UDP)
    bench.transactions.repeated(transaction, 0.1)
    assert bench.sent == []
    bench.transactions.respond(transaction, 200, b"200", 0.2)
    bench.transactions.repeated(transaction, 0.3)
    assert bench.sent == [b"200", b"200"]


def test_giving_up_forgets_at_once_and_twice_is_fine():
    bench = Bench()
    transaction = bench.ask("INVITE", TCP)
    bench.transactions.give_up(transaction)
    bench.transactions.give_up(transaction)
    assert len(bench.transactions) == 0
    assert bench.deadlines.next() is None
    assert bench.transactions._waiting_on == {}
