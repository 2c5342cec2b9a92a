"""What the gate says is done, and every method finds its row."""

from dataclasses import dataclass, field

import pytest

from sip.dispatch import HELD_BACK_MAX, INSIDE, OUTSIDE
from sip.events import FlowClosed, IncomingCall
from sip.gate import Ignore, Pass, Refuse
from sip.settings import METHODS
from tests.support.sip_playbook import TCP, Playbook


@dataclass
class Doorkeeper:
    """A gate that says what it was told to say, and remembers what it was asked."""

    says: object = Pass()
    open: bool = True
    judged: list = field(default_factory=list)
    seen: list = field(default_factory=list)

    def admits(self, flow, data, now):
        return self.open

    def judge(self, request, flow, now, *, inside):
        self.judged.append((request.method, inside))
        return self.says

    def noticed(self, flow, what, now):
        self.seen.append(what)

    def acknowledged(self, flow, now):
        self.seen.append("acknowledged")


def test_every_method_that_we_name_has_its_row():
    assert set(METHODS) - {"ACK", "CANCEL"} <= set(INSIDE) | set(OUTSIDE)


def test_what_is_not_admitted_is_not_even_parsed():
    gate = Doorkeeper(open=False)
    book = Playbook(gate=gate).play(">> OPTIONS")
    book.feed(b"nonsense" * 10)
    assert book.agent.counters["dropped:not admitted"] == 2
    assert not gate.seen
    assert not gate.judged


def test_who_was_proved_stands_in_the_call():
    book = Playbook(gate=Doorkeeper(Pass("carrier", trusted=True)))
    book.play(">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o identity=carrier trusted=True")
    assert isinstance(book.told[-1], IncomingCall)


def test_new_requests_alone_are_judged_and_the_gate_hears_whether_they_belong_to_a_call():
    gate = Doorkeeper()
    Playbook(gate=gate).play("""
        >> INVITE sdp=o
        << 100 INVITE
        ** IncomingCall offer=o
        >> INVITE again
        << 100 INVITE
        -- accept sdp=a
        << 200 INVITE sdp=a
        >> ACK
        ** CallConfirmed sdp=None
        >> OPTIONS
        << 200 OPTIONS
        >> OPTIONS to=other
        << 481 OPTIONS
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """)
    assert gate.judged == [("INVITE", False), ("OPTIONS", True), ("OPTIONS", False), ("BYE", True)]


def test_a_refusal_says_what_the_gate_says_and_keeps_nothing():
    gate = Doorkeeper(Refuse(401, (("WWW-Authenticate", "Digest realm=x"),), "Prove it"))
    book = Playbook(gate=gate).play(">> INVITE sdp=o\n<< 401 INVITE")
    assert book.last("401").headers.get("WWW-Authenticate") == "Digest realm=x"
    assert book.last("401").reason == "Prove it"
    assert book.agent.transactions == 0


def test_a_refusal_is_held_back_and_repetitions_do_not_hurry_it():
    gate = Doorkeeper(Refuse(403, after_s=2.0))
    book = Playbook(gate=gate).play("""
        >> OPTIONS
        .. 0.5
        >> OPTIONS again
        .. 1.4
        .. 0.2
        << 403 OPTIONS
        .. 30
    """)
    assert gate.judged == [("OPTIONS", False)]
    assert book.agent.transactions == 0
    assert book.agent.next_deadline() is None


def test_how_many_refusals_wait_is_bounded(monkeypatch):
    monkeypatch.setattr("sip.dispatch.HELD_BACK_MAX", 2)
    book = Playbook(gate=Doorkeeper(Refuse(403, after_s=2.0)))
    book.play(">> OPTIONS\n>> OPTIONS\n>> OPTIONS\n.. 3\n<< 403 OPTIONS\n<< 403 OPTIONS")
    assert book.agent.counters["dropped:too many held back"] == 1
    assert HELD_BACK_MAX >= 256


def test_who_is_ignored_hears_nothing_and_is_counted():
    book = Playbook(gate=Doorkeeper(Ignore("banned"))).play(">> INVITE sdp=o")
    assert book.agent.counters["dropped:banned"] == 1


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"INVITE nonsense SIP/2.0\r\n\r\n", "malformed"), (None, "unknown method")],
)
def test_the_gate_hears_of_what_is_odd(data, what):
    gate = Doorkeeper()
    book = Playbook(gate=gate)
    book.feed(book.request("JUMP", {}) if data is None else data)
    assert gate.seen == [what]


def test_a_connection_that_ends_is_told():
    book = Playbook(TCP).play("-- close")
    assert book.told == [FlowClosed(TCP)]
