"""Keys of ours by INFO: in the dialog, one answer for each, and the call goes on whatever that is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.content import DIGITS, DURATION_MAX_MS, digit_of
from sip.errors import LocalError
from sip.message import Request
from tests.support.sip_playbook import Playbook

ANSWERED = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""


def up() -> Playbook:
    return Playbook().play(ANSWERED)


def test_a_key_goes_out_in_the_dialog_and_its_answer_is_told():
    play = up().play("""
        -- press 5 ms=120
        << INFO body=Signal=5|Duration=120|
        >> 200 INFO
        ** DigitSent status=200
    """)
    info = play.last("INFO")
    assert isinstance(info, Request)
    assert info.headers.get("Content-Type") == "application/dtmf-relay"
    assert info.to.tag
    assert play.agent.counters["keys:taken"] == 1


@pytest.mark.parametrize("status", [415, 481, 501])
def test_a_key_that_is_refused_leaves_the_call_as_it_is(status: int):
    play = up().play(f"""
        -- press 1
        << INFO body=Signal=1|Duration=160|
        >> {status} INFO
        ** DigitSent status={status}
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """)
    assert play.agent.counters["keys:refused"] == 1


def test_a_key_without_an_answer_is_given_up_as_every_request_is():
    play = up()
    play.agent.send_digit(play.call, "1", 100, play.now)
    play.now += 33
    play.agent.advance(play.now)
    told = [event for event in play.agent.events() if type(event).__name__ == "DigitSent"]
    assert [event.status for event in told] == [408]


def test_the_answer_after_the_end_of_the_call_is_nobodys():
    up().play("""
        -- press 1
        << INFO body=Signal=1|Duration=160|
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        >> 200 INFO
    """)


def test_what_is_no_key_and_what_comes_too_early_is_out_of_place():
    play = Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
    """)
    with pytest.raises(LocalError):
        play.agent.send_digit(play.call, "1", 100, play.now)
    for digit, duration_ms in (("x", 100), ("", 100), ("11", 100), ("1", 0), ("1", DURATION_MAX_MS + 1)):
        with pytest.raises(LocalError):
            up().agent.send_digit(1, digit, duration_ms, 1000.0)


@given(st.sampled_from(sorted(set(DIGITS.values()))), st.integers(1, DURATION_MAX_MS))
def test_we_read_what_we_write(digit: str, duration_ms: int):
    play = up()
    play.agent.send_digit(play.call, digit, duration_ms, play.now)
    play._note([])
    info = play.last("INFO")
    assert isinstance(info, Request)
    assert digit_of(info) == (digit, duration_ms)
