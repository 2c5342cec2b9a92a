"""What is sent again, and when: messages that get lost and cross each other, by a phone that loses them on purpose."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.interop.phone import Phone, sdp
from tests.interop.started import Bridge

T1_S = 0.5
"""RFC 3261 section 17.1.1.1."""


def test_the_answer_is_repeated_until_its_ack_comes(bridge: Bridge, phone: Callable[[], Phone]):
    """RFC 3261 section 13.3.1.4: at T1 and then after twice as long; never again after the ACK."""
    caller = phone()
    first = caller.dial("conf-lost-ack")
    start = time.monotonic()
    for due_s in (T1_S, 3 * T1_S):
        assert caller.final("INVITE") == first
        assert time.monotonic() - start == pytest.approx(due_s, abs=0.2)
    caller.acknowledge()
    caller.signalling.settimeout(4 * T1_S + 0.2)
    with pytest.raises(TimeoutError):  # the next would have come 4 T1 after the last
        caller.hear()
    caller.hang_up()
    bridge.left("conf-lost-ack")


def test_a_repeated_invite_is_the_same_call(bridge: Bridge, phone: Callable[[], Phone]):
    caller = phone()
    invite = caller.request("INVITE", "conf-twice", body=sdp(caller.audio_port))
    answers = []
    for _ in range(2):
        caller.send(invite)
        answers.append(caller.final("INVITE"))
    assert answers[0] == answers[1]
    caller.to_tag = answers[0].to_tag
    caller.acknowledge()
    caller.hang_up()
    bridge.left("conf-twice", count=1)


def test_a_bye_whose_answer_was_lost_gets_the_same_answer(bridge: Bridge, phone: Callable[[], Phone]):
    caller = phone()
    caller.join("conf-lost-bye")
    bye = caller.request("BYE")
    caller.send(bye)
    answer = caller.final("BYE")
    assert answer.status == 200
    caller.send(bye)
    assert caller.final("BYE") == answer
    (record,) = bridge.left("conf-lost-bye")
    assert record["reason"] == "hung_up"


def test_a_cancel_right_behind_the_invite_leaves_no_ghost(bridge: Bridge, phone: Callable[[], Phone]):
    """RFC 3261 section 9: the INVITE ends with 487, or the answer was quicker and a BYE must end the call."""
    caller = phone()
    branch = f"z9hG4bKrace-{caller.call_id}"
    caller.send(caller.request("INVITE", "conf-cancelled", body=sdp(caller.audio_port), branch=branch))
    caller.send(caller.request("CANCEL", cseq=1, branch=branch))
    outcome = {}
    while len(outcome) < 2:
        reply = caller.hear()
        if reply.status >= 200:
            outcome[reply.method] = reply
    assert outcome["CANCEL"].status == 200
    assert outcome["INVITE"].status in {200, 487}
    caller.to_tag = outcome["INVITE"].to_tag
    if outcome["INVITE"].status == 200:
        caller.acknowledge()
        caller.hang_up()
        bridge.left("conf-cancelled")
    else:
        assert not bridge.records("conf-cancelled")


def test_what_comes_after_the_end_of_a_call_is_told_so(bridge: Bridge, phone: Callable[[], Phone]):
    caller = phone()
    caller.join("conf-late-words")
    caller.hang_up()
    for method, body in (("INVITE", sdp(caller.audio_port)), ("INFO", ""), ("OPTIONS", ""), ("BYE", "")):
        caller.send(caller.request(method, body=body))
        assert caller.final(method).status == 481
