"""BYE both ways."""

import pytest

from sip.reason import REASON_MAX
from tests.support.sip_playbook import Playbook

IN_CALL = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""


def test_our_bye_is_repeated_until_answered():
    book = Playbook().play(
        IN_CALL
        + """
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        .. 0.5
        << BYE
        >> 200 BYE
        .. 37
    """
    )
    assert book.agent.calls == book.agent.transactions == 0


def test_our_bye_that_nobody_answers_is_given_up():
    book = Playbook().play(IN_CALL + "-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    book.play(".. 37\n" + "<< BYE\n" * 10)
    assert book.agent.transactions == 0


def test_a_bye_that_crosses_ours_finds_its_dialog_until_ours_is_answered():
    Playbook().play(
        IN_CALL
        + """
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> BYE
        << 200 BYE
        >> BYE again
        << 200 BYE
        >> BYE
        << 481 BYE
    """
    )
    Playbook().play(
        IN_CALL
        + """
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> 200 BYE
        >> BYE
        << 481 BYE
    """
    )


@pytest.mark.parametrize("line", ["INVITE sdp=o", "INFO type=application/dtmf body=5", "OPTIONS"])
def test_nothing_else_is_taken_while_our_bye_is_under_way(line):
    Playbook().play(
        IN_CALL
        + f"""
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> {line}
        << 481 {line.split()[0]}
        >> 500 BYE
    """
    )


def test_a_dialog_is_forgotten_though_our_bye_is_never_answered():
    book = Playbook().play(IN_CALL + "-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    assert (book.agent.calls, len(book.agent._core.dialogs)) == (0, 1)
    book.play(".. 32\n" + "<< BYE\n" * 10)
    assert len(book.agent._core.dialogs) == 0


def test_a_repeated_bye_is_answered_again_and_told_once():
    Playbook().play(
        IN_CALL
        + """
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        >> BYE again
        << 200 BYE
        .. 37
        >> BYE again
        << 481 BYE
    """
    )


def test_the_reason_of_a_bye_is_kept_but_not_at_any_length():
    book = Playbook().play(IN_CALL)
    book.extra = [("Reason", 'Q.850;cause=16;text="' + "x" * 1000 + '"')]
    book.play(">> BYE\n<< 200 BYE\n** CallEnded cause=BYE status=0 q850=16")
    assert book.told[-1].reason.startswith("Q.850;cause=16")
    assert len(book.told[-1].reason) == REASON_MAX


def test_a_bye_goes_back_the_way_the_peers_last_request_came():
    book = Playbook().play(IN_CALL)
    moved = type(book.flow)("udp", book.flow.local, ("10.0.0.9", 6000))
    book.agent.receive(moved, book.request("OPTIONS", {}), book.now)
    book.play(".. 0\n<< 200 OPTIONS\n-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    assert book.flows[-1] == moved
