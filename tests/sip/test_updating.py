"""Changing a session without an INVITE (RFC 3311)."""

import pytest

from sip.errors import LocalError
from sip.updating import ANSWER_S
from tests.support.sip_playbook import TCP, Playbook

IN_CALL = """
    >> INVITE sdp=offer Allow=UPDATE
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""
EARLY = """
    >> INVITE sdp=offer Require=100rel Allow=UPDATE
    << 100 INVITE
    ** IncomingCall offer=offer
    -- progress sdp=answer
    << 183 INVITE sdp=answer
    >> PRACK
    << 200 PRACK
"""
PLACED = """
    -- invite sdp=offer
    << INVITE sdp=offer
    >> 183 INVITE sdp=answer rseq=1 Allow=UPDATE
    << PRACK
    ** CallRinging status=183 sdp=answer
    >> 200 PRACK
"""


@pytest.mark.parametrize("call", [IN_CALL, EARLY])
def test_an_offer_by_update_is_told_and_answered(call):
    book = Playbook().play(
        call
        + """
        >> UPDATE sdp=hold
        ** OfferReceived offer=hold
        -- accept_offer sdp=held
        << 200 UPDATE sdp=held
        >> UPDATE again
        << 200 UPDATE sdp=held
    """
    )
    assert book.last("200").headers.get("Contact")


@pytest.mark.parametrize("call", [IN_CALL, EARLY])
def test_an_offer_by_update_can_be_refused(call):
    Playbook().play(
        call + ">> UPDATE sdp=x\n** OfferReceived offer=x\n-- reject_offer 488\n<< 488 UPDATE\n.. 20"
    )
    book = Playbook().play(call + ">> UPDATE sdp=x\n** OfferReceived offer=x")
    with pytest.raises(LocalError):
        book.play("-- reject_offer 200")


def test_an_update_without_session_says_only_where_the_peer_is():
    book = Playbook().play(IN_CALL)
    data = book.request("UPDATE", {}).replace(b"alice@192.168.0.9:5062", b"alice@192.168.0.7:5070")
    book.feed(data)
    book.play("-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    assert str(book.last("BYE").uri) == "sip:alice@192.168.0.7:5070"


def test_outside_calls_it_is_481():
    Playbook().play(">> UPDATE\n<< 481 UPDATE")


def test_nobody_answering_is_answered_500():
    Playbook().play(
        IN_CALL + f">> UPDATE sdp=x\n** OfferReceived offer=x\n.. {ANSWER_S}\n<< 500 UPDATE\n.. 60"
    )


def test_two_offers_of_the_peer_at_once_are_one_too_many():
    book = Playbook().play(
        IN_CALL + ">> UPDATE sdp=x\n** OfferReceived offer=x\n>> UPDATE sdp=y\n<< 500 UPDATE"
    )
    assert 0 <= int(book.last("500").headers.get("Retry-After")) <= 10
    book.play(">> INVITE sdp=z\n<< 500 INVITE\n>> ACK\n-- accept_offer sdp=a\n<< 200 UPDATE sdp=a")


def test_an_offer_that_crosses_ours_is_491():
    Playbook().play(IN_CALL + "-- reoffer sdp=ours\n<< INVITE sdp=ours\n>> UPDATE sdp=x\n<< 491 UPDATE")
    Playbook().play(EARLY + "-- reoffer sdp=ours\n<< UPDATE sdp=ours\n>> UPDATE sdp=x\n<< 491 UPDATE")


def test_before_our_answer_there_is_nothing_to_change():
    Playbook().play(
        ">> INVITE sdp=o\n<< 100 INVITE\n** IncomingCall offer=o\n-- ring\n<< 180 INVITE\n>> UPDATE sdp=x\n<< 500 UPDATE"
    )
    Playbook().play(
        ">> INVITE Require=100rel\n<< 100 INVITE\n** IncomingCall offer=None\n-- progress sdp=o\n<< 183 INVITE sdp=o\n"
        ">> UPDATE sdp=x\n<< 491 UPDATE"
    )


def test_while_a_reinvite_waits_for_our_answer_an_update_waits_too():
    Playbook().play(
        IN_CALL + ">> INVITE sdp=x\n<< 100 INVITE\n** OfferReceived offer=x\n>> UPDATE sdp=y\n<< 500 UPDATE\n"
        "-- accept_offer sdp=a\n<< 200 INVITE sdp=a\n>> UPDATE sdp=y\n** OfferReceived offer=y"
    )


def test_while_our_offer_in_a_2xx_waits_for_its_ack_an_update_is_491():
    Playbook().play(
        IN_CALL
        + ">> INVITE\n<< 100 INVITE\n** OfferReceived offer=None\n-- accept_offer sdp=a\n<< 200 INVITE sdp=a\n"
        ">> UPDATE sdp=y\n<< 491 UPDATE"
    )


def test_we_change_an_early_session_by_update():
    book = Playbook().play(EARLY + "-- reoffer sdp=more\n<< UPDATE sdp=more")
    book.play(">> 200 UPDATE sdp=yes\n** AnswerReceived sdp=yes")
    assert book.last("UPDATE").headers.get("Contact")


def test_we_change_an_early_session_that_we_placed_by_update():
    book = Playbook().play(
        PLACED + "-- reoffer sdp=more\n<< UPDATE sdp=more\n>> 200 UPDATE sdp=yes\n** AnswerReceived sdp=yes"
    )
    book.play(">> 200 INVITE\n<< ACK\n** CallAnswered sdp=yes")
    numbers = [message.cseq.number for message in book.sent if message.cseq.method != "ACK"]
    assert numbers == [1, 2, 3]


def test_the_peer_changes_an_early_session_that_we_placed():
    Playbook().play(
        PLACED
        + ">> UPDATE sdp=more\n** OfferReceived offer=more\n-- accept_offer sdp=yes\n<< 200 UPDATE sdp=yes\n"
        ">> 200 INVITE\n<< ACK\n** CallAnswered sdp=more"
    )


def test_a_peer_that_takes_no_update_is_asked_once_the_call_stands():
    book = Playbook().play(
        EARLY.replace(" Allow=UPDATE", "") + "-- reoffer sdp=more\n-- accept sdp=answer\n<< 200 INVITE"
    )
    book.play(">> ACK\n<< INVITE sdp=more\n** CallConfirmed sdp=None")


def test_an_early_session_that_is_not_agreed_cannot_be_changed():
    book = Playbook().play(
        "-- invite sdp=o\n<< INVITE sdp=o\n>> 180 INVITE\n** CallRinging status=180 sdp=None"
    )
    with pytest.raises(LocalError, match="nothing to change"):
        book.play("-- reoffer sdp=x")


@pytest.mark.parametrize(("status", "wait"), [("491", 4), ("500 UPDATE Retry-After=7", 7), ("500", 0)])
def test_a_glare_is_asked_again_after_a_pause(status, wait):
    status = status if " " in status else f"{status} UPDATE"
    book = Playbook(TCP).play(EARLY + f"-- reoffer sdp=more\n<< UPDATE sdp=more\n>> {status}")
    book.play(f".. {wait}\n<< UPDATE sdp=more\n>> 200 UPDATE sdp=yes\n** AnswerReceived sdp=yes")


def test_glares_end():
    book = Playbook(TCP).play(EARLY + "-- reoffer sdp=more\n<< UPDATE sdp=more")
    for _ in range(8):
        book.play(">> 491 UPDATE\n.. 4\n<< UPDATE sdp=more")
    book.play(">> 491 UPDATE\n** OfferFailed status=491")


@pytest.mark.parametrize(("line", "status"), [(">> 488 UPDATE", 488), (">> 200 UPDATE", 200), (".. 32", 408)])
def test_a_change_that_is_refused_leaves_all_as_it_was(line, status):
    book = Playbook().play(EARLY + "-- reoffer sdp=more\n<< UPDATE sdp=more")
    repeated = "<< UPDATE sdp=more\n" * 10 if line == ".. 32" else ""
    book.play(f"{line}\n{repeated}** OfferFailed status={status}")


def test_a_call_that_is_hung_up_meanwhile_forgets_the_question():
    book = Playbook().play(
        EARLY
        + ">> UPDATE sdp=x\n** OfferReceived offer=x\n-- hang_up\n<< 487 INVITE\n** CallEnded cause=LOCAL status=487"
    )
    book.play(">> ACK\n-- accept_offer sdp=a\n.. 0\n<< 487 UPDATE\n.. 60")
    assert book.agent.next_deadline() is None
    assert book.agent.counters["late:accept_offer"] == 1


def test_an_offer_for_a_call_that_we_have_given_up_is_told_nobody():
    Playbook().play(
        PLACED + "-- hang_up\n<< CANCEL\n** CallEnded cause=LOCAL status=0\n>> UPDATE sdp=x\n<< 487 UPDATE"
    )


def test_a_call_that_ends_while_our_update_is_out_ends_once():
    book = Playbook().play(
        EARLY
        + "-- reoffer sdp=more\n<< UPDATE sdp=more\n>> CANCEL\n<< 200 CANCEL\n<< 487 INVITE\n** CallEnded cause=CANCELLED status=487"
    )
    book.play(">> 200 UPDATE sdp=late to=\n>> ACK\n.. 60")
