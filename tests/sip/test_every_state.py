"""Every state of a call, its negotiations and its subscriptions, and everything that can happen there: one thing, and then
any other.

Each state is really reached, by messages and verbs, and then each input is really given. Whatever it was, the call goes only
where its table leads, whatever is sent can be read, and when everybody has gone nothing is left and each call was ended
once (`tests.fuzz.targets.Conversation` sees to these).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from sip.session import CALL, Exchange, Negotiation, Session, State
from sip.subscription import Delivery
from sip.subscription import State as Standing
from tests.fuzz.targets import Conversation
from tests.support.sip_playbook import UDP

PAIRS = 60
"""Of all pairs of inputs so many are tried in each state, others in each."""


class Peer(Conversation):
    """A conversation whose other side knows all that it could know."""

    def __init__(self) -> None:
        super().__init__()
        self.cseq = 0
        self.invite = ""

    @property
    def session(self) -> Session | None:
        sessions = [*self.agent._core.dialogs.values()]
        return sessions[-1] if sessions else None

    def does(self, what: str) -> None:
        """A letter is a verb of ours or time; a number and a method a response, to the newest such request or the `first`, with a
        session (`sdp`), reliable (`rel`); all else a request, with headers.
        """
        if len(what) == 1:
            self.verb(what)
        elif what[0].isdigit():
            self.responds(*what.split()[:3])
        else:
            method, *headers = what.split(" ", 1)
            self.requests(method, *headers)
        self.drain()

    def requests(self, method: str, headers: str = "") -> None:
        session = self.session
        watching = list(self.agent._core.subscriptions.by_number.values())
        tag, peer, call_id = "", "peer", "call-1"
        if session is not None:
            tag, call_id = session.tag, session.dialog.call_id
            early = session.placement.early if session.placement is not None else {}
            peer = session.dialog.remote_tag or next(iter(early), "peer")
        elif watching:
            tag, peer, call_id = watching[-1].tag, watching[-1].dialog.remote_tag, watching[-1].dialog.call_id
        if method in ("ACK", "CANCEL"):
            cseq, branch = self.cseq, self.invite
        else:
            self.cseq += 1
            cseq, branch = self.cseq, f"z9hG4bK{self.cseq}"
        if method == "INVITE":
            self.invite = branch
        if method == "CANCEL" or headers.startswith("outside"):
            tag = ""
        headers = headers.removeprefix("outside").strip()
        body = "v=0" if "sdp" in headers else ""
        lines = [
            f"{method} sip:room@10.0.0.1 SIP/2.0",
            f"Via: SIP/2.0/UDP 10.0.0.9:5062;rport;branch={branch}",
            f"From: <sip:alice@peer.invalid>;tag={peer}",
            f"To: <sip:room@10.0.0.1>{tag and f';tag={tag}'}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:alice@10.0.0.9:5062>",
            "Allow: INVITE,UPDATE,PRACK",
            *[part for part in headers.removesuffix("sdp").split("|") if ":" in part],
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.agent.receive(UDP, ("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self.now)

    def responds(self, status: str, method: str, more: str = "") -> None:
        asked = [
            each for each in self.agent._core.transactions._clients.values() if each.draft.method == method
        ]
        if not asked:
            return
        draft = asked[0 if "first" in more else -1].draft
        to = draft.to if ";tag=" in draft.to or status == "100" else f"{draft.to};tag=peer"
        body = "v=0" if "sdp" in more else ""
        lines = [
            f"SIP/2.0 {status} Words",
            f"Via: {draft.sent_by};branch={draft.branch}",
            f"From: {draft.from_}",
            f"To: {to}",
            f"Call-ID: {draft.call_id}",
            f"CSeq: {draft.cseq} {method}",
            "Allow: INVITE,UPDATE,PRACK",
            "Contact: <sip:bob@10.0.0.9:5062>",
            *(["Require: 100rel", f"RSeq: {self.cseq + 1}"] if "rel" in more else []),
            *(["Retry-After: 2"] if status == "503" else []),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.agent.receive(UDP, ("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self.now)


RUNS = ["INVITE sdp", "a", "ACK"]
RANG = ["i", "180 INVITE"]
PLACED = [*RANG, "200 INVITE sdp"]
FORKED = ["F", "180 INVITE", "180 INVITE first"]
WATCHED = ["SUBSCRIBE outside Event: conference"]

STATES: dict[str, tuple[list[str], Callable[[Peer], object]]] = {
    "nothing": ([], lambda peer: peer.session is None),
    "offered": (["INVITE sdp"], lambda peer: peer.session.state is State.OFFERED),
    "offered late": (["INVITE"], lambda peer: peer.session.invitation.late),
    "early": (["INVITE Require: 100rel|sdp", "p"], lambda peer: peer.session.reliable is not None),
    "accepting": (["INVITE Require: 100rel|sdp", "p", "a"], lambda peer: peer.session.state is State.ACCEPTING),
    "accepted": (["INVITE sdp", "a"], lambda peer: peer.session.state is State.ACCEPTED),
    "closing": (["INVITE sdp", "a", "h"], lambda peer: peer.session.state is State.CLOSING),
    "placed": (["i"], lambda peer: peer.session.state is State.PLACED),
    "progressing": (RANG, lambda peer: peer.session.state is State.PROGRESSING),
    "early there": (["i", "183 INVITE rel"], lambda peer: peer.session.placement.early),
    "forked": (["F"], lambda peer: peer.agent._core.forks),
    "forked, ringing": (FORKED, lambda peer: peer.session.state is State.PROGRESSING and peer.agent._core.forks),
    "forked, early there": (["F", "183 INVITE rel-sdp"], lambda peer: peer.session.placement.agreed and peer.agent._core.forks),
    "forked, one refused": ([*FORKED, "486 INVITE"], lambda peer: peer.agent.calls == 1 and peer.agent._core.forks),
    "forked, answered": ([*FORKED, "200 INVITE sdp"], lambda peer: peer.session.state is State.CONFIRMED),
    "forked, answered elsewhere": (["F", "200 INVITE first-sdp"], lambda peer: peer.session.state is State.ABANDONED),
    "forked, cancelled": ([*FORKED, "200 INVITE first-sdp"], lambda peer: peer.session.alarm is not None),
    "redirected": (["i", "302 INVITE"], lambda peer: peer.session.state is State.REDIRECTED),
    "abandoned": (["i", "h"], lambda peer: peer.session.state is State.ABANDONED),
    "cancelled": ([*RANG, "h"], lambda peer: peer.session.alarm is not None),
    "confirmed": (RUNS, lambda peer: peer.session.state is State.CONFIRMED),
    "confirmed there": (PLACED, lambda peer: peer.session.state is State.CONFIRMED),
    "asked": ([*RUNS, "INVITE sdp"], lambda peer: peer.session.negotiation is Negotiation.ASKED),
    "answered": ([*RUNS, "INVITE sdp", "y"], lambda peer: peer.session.negotiation is Negotiation.ANSWERED),
    "asking": ([*RUNS, "o"], lambda peer: peer.session.negotiation is Negotiation.ASKING),
    "waiting": ([*RUNS, "o", "491 INVITE"], lambda peer: peer.session.negotiation is Negotiation.WAITING),
    "asked by UPDATE": ([*RUNS, "UPDATE sdp"], lambda peer: peer.session.update.state is Exchange.ASKED),
    "asking by UPDATE": (
        ["i", "183 INVITE rel", "200 PRACK", "183 INVITE sdp", "o"],
        lambda peer: peer.session.state is State.PROGRESSING,
    ),
    "over": ([*RUNS, "h"], lambda peer: peer.session.state is State.ENDED),
    "watched": ([*WATCHED, "200 NOTIFY"], lambda peer: watcher(peer) == (Standing.ACTIVE, Delivery.IDLE)),
    "telling": (WATCHED, lambda peer: watcher(peer) == (Standing.ACTIVE, Delivery.OPEN)),
    "put off": ([*WATCHED, "503 NOTIFY"], lambda peer: watcher(peer) == (Standing.ACTIVE, Delivery.PAUSED)),
    "ending": ([*WATCHED, "SUBSCRIBE Event: conference|Expires: 0"], lambda peer: watcher(peer)[0] is Standing.TERMINATED),
    "refers": ([*RUNS, "REFER Refer-To: <sip:c@d>"], lambda peer: len(peer.agent._core.subscriptions)),
    "referred": ([*RUNS, "x", "202 REFER"], lambda peer: peer.agent._core.awaited),
}  # fmt: skip
"""How each is reached, and how to see that it was."""


def watcher(peer: Peer) -> tuple[Standing, Delivery]:
    (subscription,) = peer.agent._core.subscriptions.by_number.values()
    return subscription.state, subscription.delivery


REQUESTS = [
    "INVITE", "INVITE sdp", "INVITE outside sdp", "ACK", "ACK sdp", "BYE", "CANCEL", "OPTIONS", "INFO", "PRACK RAck: 1 1 INVITE",
    "PRACK RAck: 1 1 INVITE|sdp", "UPDATE", "UPDATE sdp", "REFER Refer-To: <sip:c@d>", "NOTIFY Event: refer|Subscription-State: terminated",
    "SUBSCRIBE Event: conference", "SUBSCRIBE Event: conference|Expires: 0", "MESSAGE", "REGISTER", "PUBLISH",
]  # fmt: skip
RESPONSES = [
    f"{status} {method}"
    for method in ("INVITE", "BYE", "CANCEL", "UPDATE", "PRACK", "NOTIFY", "REFER")
    for status in ("100", "200", "302", "401", "408", "481", "491", "500")
] + [
    "180 INVITE",
    "183 INVITE rel",
    "183 INVITE sdp",
    "200 INVITE sdp",
    "183 INVITE rel-sdp",
    "180 INVITE first",
    "200 INVITE first-sdp",
    "486 INVITE first",
    "603 INVITE first",
    "422 INVITE",
    "503 INVITE",
    "503 NOTIFY",
    "487 INVITE",
]
INPUTS = [*"rpafjhoyniFqdxNEtT", *REQUESTS, *RESPONSES]


def reach(name: str) -> Peer:
    peer = Peer()
    for step in STATES[name][0]:
        peer.does(step)
    return peer


REACHED = {state: {state} for state in State}
for _ in State:
    for state, row in CALL.items():
        REACHED[state] |= set().union(*(REACHED[after] for after in row.values()))


def happens(peer: Peer, inputs: tuple[str, ...]) -> None:
    session = peer.session
    before = None if session is None else session.state
    for what in inputs:
        peer.does(what)
    if session is not None and before is not None:
        assert session.state in REACHED[before]
    peer.settle()


def test_all_states_of_a_call_are_here() -> None:
    seen = {peer.session.state for peer in map(reach, STATES) if peer.session is not None}
    assert seen == set(State)


@pytest.mark.parametrize("name", STATES)
def test_it_is_reached(name: str) -> None:
    assert STATES[name][1](reach(name))


@pytest.mark.parametrize("name", STATES)
def test_whatever_happens_there_ends_well(name: str) -> None:
    for what in INPUTS:
        try:
            happens(reach(name), (what,))
        except Exception as error:
            error.add_note(f"{name}: {what}")
            raise


@pytest.mark.parametrize("name", STATES)
def test_whatever_happens_after_that_ends_well_too(name: str) -> None:
    pairs = list(itertools.product(INPUTS, INPUTS))
    for pair in random.Random(name).sample(pairs, PAIRS):
        try:
            happens(reach(name), pair)
        except Exception as error:
            error.add_note(f"{name}: {pair}")
            raise
