"""What crosses on the way, and what never comes (interop.md 5, rows 15 to 18): swept in time, over a network that is told
what to lose.

However two messages cross, both sides come to know the same: the call stands for both or for neither, each is told its end
once, and 64*T1 + T4 after that nothing of it is left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from sip.agent import Branch, Way
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
from sip.timers import GIVE_UP_S, T4_S
from sip.uri import Uri
from tests.support.sip_network import Network
from tests.support.sip_playbook import Playbook

ME = Address.parse("<sip:me@10.0.0.1>")
YOU = Uri.parse("sip:room@10.0.0.2")
DELAY_S = 0.05
OTHER = {"caller": "callee", "callee": "caller"}


class Line(Network):
    """One call at a time: who rings, answers and hangs up is said, and so is what gets lost."""

    def __init__(self, *, answer_s: float | None = 0.3, loss: float = 0.0, seed: int = 1, **settings) -> None:
        super().__init__(seed, loss=loss, delay_s=(DELAY_S, DELAY_S), **settings)
        self.answer_s = answer_s
        self.lost: Callable[[str, str], bool] = lambda _name, _what: False
        """Whether a message of somebody's gets lost: `200 INVITE`, `BYE`."""
        self.sent: list[tuple[float, str, str]] = []
        self.on_event = self.happened
        self.call: dict[str, int] = {}

    def place(self) -> None:
        self.call["caller"] = self.agents["caller"].invite(
            YOU, from_=ME, sdp=b"offer", ways=[Way(self.flow("caller"))], now=self.now
        )

    def happened(self, name: str, event: object) -> None:
        agent = self.agents[name]
        match event:
            case IncomingCall(call=call):
                self.call[name] = call
                agent.ring(call, self.now)
                if self.answer_s is not None:
                    self.later(self.answer_s, lambda: agent.accept(call, b"answer", self.now))
            case OfferReceived(call=call):
                self.later(0.01, lambda: agent.accept_offer(call, b"to " + name.encode(), self.now))

    def hang_up(self, name: str) -> None:
        if name in self.call:
            self.agents[name].hang_up(self.call[name], self.now)

    def reoffer(self, name: str) -> None:
        if name in self.call:
            self.agents[name].reoffer(self.call[name], b"of " + name.encode(), self.now)

    def _carry(self, name: str, data: bytes) -> None:
        what = title(data)
        self.sent.append((self.now, name, what))
        if not self.lost(name, what):
            super()._carry(name, data)

    # What was told

    def ends(self, name: str) -> list[CallEnded]:
        return [event for event in self.told[name] if isinstance(event, CallEnded)]

    def count(self, name: str, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.told[name])

    def times(self, name: str, what: str) -> list[float]:
        return [at for at, who, which in self.sent if (who, which) == (name, what)]

    def assert_over(self) -> None:
        """Each side was told its end once, and nothing is left."""
        for name, agent in self.agents.items():
            begun = {event.call for event in self.told[name] if isinstance(event, IncomingCall)}
            assert Counter(event.call for event in self.ends(name)) == Counter(begun or {1}), name
            assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0), name
            assert agent.next_deadline() is None, name
            assert isinstance(self.told[name][-1], CallEnded), name


def title(data: bytes) -> str:
    start = data.partition(b" SIP/2.0")[0] if not data.startswith(b"SIP") else data[8:11]
    method = re.search(rb"\r\nCSeq: \d+ (\w+)", data)
    assert method
    return start.decode().split()[0] if not start.isdigit() else f"{start.decode()} {method[1].decode()}"


def sweep(end_s: float, step_s: float = 0.01) -> list[float]:
    return [round(step_s * number, 3) for number in range(int(end_s / step_s) + 1)]


# Row 16: CANCEL --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("reliable", [False, True])
def test_whenever_the_caller_loses_patience_nobody_is_left_in_the_room(loss: float, reliable: bool) -> None:
    """Before 100, before 180, with the 200 crossing, after it: 487, or 200 and BYE."""
    ends = Counter()
    for at in sweep(0.6, 0.02):
        line = Line(loss=loss, seed=int(at * 100), reliable=reliable)
        line.place()
        line.later(at, lambda line=line: line.hang_up("caller"))
        line.run(6 * GIVE_UP_S)
        for name, agent in line.agents.items():
            assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0), (at, name)
            assert agent.next_deadline() is None
        (end,) = line.ends("caller")
        assert end.cause is EndCause.LOCAL
        told = line.told["callee"]
        assert line.count("callee", IncomingCall) == len(line.ends("callee")) <= 1
        if not told:
            continue  # the INVITE never came
        # Somebody who was in the room has left it; somebody who was not has never joined.
        joined = line.count("callee", CallConfirmed)
        assert joined <= 1
        ends[line.ends("callee")[0].cause] += 1
    assert ends[EndCause.CANCELLED] > 3
    assert ends[EndCause.BYE] > 3


def test_a_call_that_was_never_answered_was_never_joined() -> None:
    for at in sweep(0.6, 0.02):
        line = Line(answer_s=None)
        line.place()
        line.later(at, lambda line=line: line.hang_up("caller"))
        line.run(6 * GIVE_UP_S)
        line.assert_over()
        assert line.count("callee", CallConfirmed) == 0
        assert line.times("callee", "487 INVITE")
        assert line.ends("callee")[0].cause is EndCause.CANCELLED


def test_a_cancel_that_comes_twice_is_answered_twice_and_tells_once() -> None:
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        >> CANCEL
        << 200 CANCEL
        << 487 INVITE
        ** CallEnded cause=CANCELLED status=487
        >> CANCEL again
        << 200 CANCEL
        >> ACK
        >> CANCEL again
        << 200 CANCEL
    """)


def test_a_cancel_of_another_branch_is_of_no_call() -> None:
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        >> CANCEL branch=z9hG4bKother
        << 481 CANCEL
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
    """)


# Row 15: what never comes ----------------------------------------------------------------------------------------


def confirmed(**settings) -> Line:
    line = Line(**settings)
    line.place()
    line.run(1.0)
    assert line.count("callee", CallConfirmed) == 1
    return line


@pytest.mark.parametrize("name", OTHER)
def test_a_bye_that_is_lost_is_said_again_and_both_know(name: str) -> None:
    line = confirmed()
    line.lost = lambda _, what: what == "BYE" and len(line.times(name, "BYE")) < 5
    line.hang_up(name)
    line.run(line.now + GIVE_UP_S + GIVE_UP_S + T4_S)
    line.assert_over()
    assert line.ends(OTHER[name])[0].cause is EndCause.BYE


@pytest.mark.parametrize("name", OTHER)
def test_a_bye_that_nobody_ever_answers_is_over_after_64_t1(name: str) -> None:
    line = confirmed()
    line.lost = lambda _, what: what in ("BYE", "200 BYE")
    line.hang_up(name)
    agent = line.agents[name]
    line.run(line.now + GIVE_UP_S + T4_S)
    assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0)
    assert [end.cause for end in line.ends(name)] == [EndCause.LOCAL]


def test_an_answer_that_nobody_ever_acknowledges_is_hung_up_after_64_t1() -> None:
    line = Line()
    line.lost = lambda _, what: what == "ACK"
    line.place()
    line.run(DELAY_S + 0.3 + GIVE_UP_S + 1)
    assert [end.cause for end in line.ends("callee")] == [EndCause.NO_ACK]
    (at,) = line.times("callee", "BYE")[:1]
    assert at == pytest.approx(DELAY_S + 0.3 + GIVE_UP_S, abs=0.1)
    assert line.ends("caller")[0].cause is EndCause.BYE
    line.run(line.now + GIVE_UP_S + T4_S)
    line.assert_over()


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_an_ack_that_is_lost_up_to_three_times_is_sent_again_and_the_call_stands(lost: int) -> None:
    line = Line()
    line.lost = lambda _, what: what == "ACK" and len(line.times("caller", "ACK")) <= lost
    line.place()
    line.run(10)
    assert len(line.times("callee", "200 INVITE")) == lost + 1
    assert line.count("callee", CallConfirmed) == line.count("caller", CallAnswered) == 1
    line.hang_up("caller")
    line.run(line.now + 2 * GIVE_UP_S)
    line.assert_over()


def test_a_callee_that_is_silent_after_ringing_costs_a_cancel_and_no_more() -> None:
    """It dies while it rings: the CANCEL is never answered, and the call is given up 64*T1 later (9.1)."""
    line = Line(answer_s=None)
    line.place()
    line.run(1)
    line.lost = lambda name, _: name == "callee"
    line.hang_up("caller")
    line.run(line.now + GIVE_UP_S + T4_S)
    agent = line.agents["caller"]
    assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0)


# Row 17: two that ask at once ------------------------------------------------------------------------------------


def heard(line: Line, name: str) -> float:
    """When somebody hears that the other asks as well."""
    return line.times(OTHER[name], "491 INVITE")[0] + DELAY_S


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_however_two_re_invites_cross_both_questions_are_answered_and_the_call_lives(loss: float) -> None:
    """491, and the owner of the Call-ID asks again after 2.1 to 4 s, the other within 2 s (14.1)."""
    glares = 0
    for apart in sweep(0.3, 0.02):
        line = confirmed(seed=int(apart * 100))
        line.loss = loss
        line.reoffer("caller")
        line.later(apart, lambda line=line: line.reoffer("callee"))
        line.run(40)
        for name in OTHER:
            assert line.count(name, AnswerReceived) == 1, apart
            assert line.count(name, OfferFailed) == 0
            assert not line.ends(name)
        if loss == 0 and line.times("caller", "491 INVITE") and line.times("callee", "491 INVITE"):
            glares += 1
            *_, second = line.times("callee", "INVITE")
            assert 0 <= second - heard(line, "callee") <= 2.01
            # The owner waits longer, but need not any more once the other has had its turn.
            *_, last = line.times("caller", "INVITE")
            assert 2.09 <= last - heard(line, "caller") <= 4.01 or last > second
        line.hang_up("caller")
        line.run(line.now + 3 * GIVE_UP_S)
        line.assert_over()
    assert loss or glares > 2


@pytest.mark.parametrize("asks", OTHER)
@pytest.mark.parametrize("leaves", OTHER)
def test_whenever_a_bye_comes_into_a_re_invite_both_are_over(asks: str, leaves: str) -> None:
    for at in sweep(0.3, 0.02):
        line = confirmed()
        line.reoffer(asks)
        line.later(at, lambda line=line: line.hang_up(leaves))
        line.run(line.now + 3 * GIVE_UP_S)
        line.assert_over()
        assert {end.cause for name in OTHER for end in line.ends(name)} == {EndCause.LOCAL, EndCause.BYE}


def test_whenever_both_hang_up_each_is_told_once() -> None:
    for apart in sweep(0.2, 0.02):
        line = confirmed()
        line.hang_up("caller")
        line.later(apart, lambda line=line: line.hang_up("callee"))
        line.run(line.now + 3 * GIVE_UP_S)
        line.assert_over()


@pytest.mark.parametrize("at", sweep(0.8, 0.05))
def test_whenever_an_early_session_is_changed_the_call_comes_about(at: float) -> None:
    """UPDATE during INVITE: taken, or put off (491, 500) until the call stands; the answer of the INVITE is not lost."""
    line = Line(reliable=True, answer_s=0.5)
    change = line.happened

    def early(name: str, event: object) -> None:
        change(name, event)
        if isinstance(event, IncomingCall):
            line.agents[name].progress(event.call, b"answer", line.now)

    line.on_event = early
    line.place()
    asked: set[str] = set()

    def ask(name: str) -> None:
        call = line.call.get(name, 0)
        session = line.agents[name]._core.calls.get(call)
        if session is not None and session.owes().name == "NOBODY":
            asked.add(name)
            line.reoffer(name)

    line.later(at, lambda: ask("caller"))
    line.later(at + 0.01, lambda: ask("callee"))
    line.run(30)
    assert line.count("caller", CallAnswered) == line.count("callee", CallConfirmed) == 1
    assert {name: line.count(name, AnswerReceived) for name in OTHER} == {
        name: name in asked for name in OTHER
    }
    line.hang_up("callee")
    line.run(line.now + 3 * GIVE_UP_S)
    line.assert_over()


def test_a_re_invite_after_our_bye_finds_nothing() -> None:
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> INVITE sdp=hold
        << 481 INVITE
        >> ACK
        >> 200 BYE
        >> INVITE sdp=hold
        << 481 INVITE
    """)


# Row 18: many calls over bad lines -------------------------------------------------------------------------------

CALLS = 500


class Crowd:
    """500 calls within 50 s, of a few seconds each."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.over = 0.0
        network.on_event = self.happened
        for number in range(CALLS):
            network.later(0.1 * number, self.place)

    def place(self) -> None:
        network = self.network
        network.agents["caller"].invite(
            YOU, from_=ME, sdp=b"offer", ways=[Way(network.flow("caller"))], now=network.now
        )

    def happened(self, name: str, event: object) -> None:
        network = self.network
        agent, chance = network.agents[name], network.chance
        match event:
            case IncomingCall(call=call):
                agent.ring(call, network.now)
                network.later(chance.uniform(0, 1), lambda: agent.accept(call, b"answer", network.now))
            case CallConfirmed(call=call):
                network.later(chance.uniform(2, 5), lambda: agent.hang_up(call, network.now))
            case CallEnded():
                self.over = network.now


@pytest.mark.parametrize(
    ("conditions", "least"),
    [
        ({"loss": 0.1, "delay_s": (0.01, 0.1)}, 500),
        ({"loss": 0.3, "delay_s": (0.01, 0.1)}, 495),
        # Every packet comes twice, in any order, a third of a second late on average.
        ({"loss": 0.0, "duplication": 1.0, "delay_s": (0.0, 0.6)}, 500),
        ({"loss": 0.1, "duplication": 1.0, "delay_s": (0.3, 0.3)}, 500),
    ],
)
def test_of_500_calls_over_bad_lines_nearly_all_come_about_and_none_twice(
    conditions: dict, least: int
) -> None:
    """At least 99.9 % at a tenth lost; nobody joins twice; 64*T1 + T4 after the last of them nothing is left."""
    network = Network(18, **conditions)
    crowd = Crowd(network)
    network.run(300)
    network.run(crowd.over + GIVE_UP_S + T4_S + 1)
    caller, callee = (Counter(type(event) for event in network.told[name]) for name in ("caller", "callee"))
    assert caller[CallAnswered] >= least
    assert least <= callee[CallConfirmed] <= caller[CallAnswered]
    calls = [event.call_id for event in network.told["callee"] if isinstance(event, IncomingCall)]
    assert len(calls) == len(set(calls)) <= CALLS
    for name, agent in network.agents.items():
        assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0), name
        ends = Counter(event.call for event in network.told[name] if isinstance(event, CallEnded))
        assert set(ends.values()) == {1}


# One call to several places ---------------------------------------------------------------------------------------


class ForkedLine(Line):
    """The callee is called at two places at once; each is answered, or not, at its own time."""

    def __init__(self, *answers_s: float | None, loss: float = 0.0, seed: int = 1) -> None:
        super().__init__(loss=loss, seed=seed)
        self.answers_s = list(answers_s)

    def place(self) -> None:
        way = Way(self.flow("caller"))
        self.call["caller"] = self.agents["caller"].invite(
            YOU, from_=ME, sdp=b"one", ways=[way], beside=[Branch(way, b"two")], now=self.now
        )

    def happened(self, name: str, event: object) -> None:
        agent = self.agents[name]
        if isinstance(event, IncomingCall) and self.answers_s:
            call, answer_s = event.call, self.answers_s.pop(0)
            agent.ring(call, self.now)
            if answer_s is not None:
                self.later(answer_s, lambda: agent.accept(call, b"answer", self.now))


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("later_s", [0.0, 0.02, 0.05, 0.1, 0.15, None])
def test_of_two_places_that_answer_one_has_the_call_and_the_other_is_let_go(
    later_s: float | None, loss: float
) -> None:
    for seed in range(12):
        line = ForkedLine(0.2, None if later_s is None else 0.2 + later_s, loss=loss, seed=seed)
        line.place()
        line.run(2 * GIVE_UP_S)
        answered = [event for event in line.told["caller"] if isinstance(event, CallAnswered)]
        begun = line.count("callee", IncomingCall)
        assert len(answered) + len(line.ends("caller")) == 1, seed
        assert begun - len(line.ends("callee")) == line.agents["callee"].calls == len(answered), seed
        assert line.agents["caller"].calls == len(answered)
        line.hang_up("caller")
        line.run(6 * GIVE_UP_S)
        for name, agent in line.agents.items():
            assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0), (seed, name)
            assert agent.next_deadline() is None, (seed, name)
        assert not line.agents["caller"]._core.forks
        assert (len(line.ends("caller")), len(line.ends("callee"))) == (1, begun), seed


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_whenever_we_lose_patience_none_of_several_places_is_left_ringing(loss: float) -> None:
    for at in sweep(0.6, 0.05):
        line = ForkedLine(0.3, 0.35, loss=loss, seed=int(at * 100))
        line.place()
        line.later(at, lambda line=line: line.hang_up("caller"))
        line.run(6 * GIVE_UP_S)
        for name, agent in line.agents.items():
            assert (agent.calls, agent.dialogs, agent.transactions) == (0, 0, 0), (at, name)
            assert agent.next_deadline() is None, (at, name)
        assert len(line.ends("caller")) == 1
        assert len(line.ends("callee")) == line.count("callee", IncomingCall)
