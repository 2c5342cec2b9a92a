"""INVITE inside the dialog, both ways, as conversations."""

import pytest

from sip.errors import LocalError
from tests.support.sip_playbook import TCP, Playbook

IN_CALL = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""
OUT_CALL = """
    -- invite sdp=offer
    << INVITE sdp=offer
    >> 200 INVITE sdp=answer
    << ACK
    ** CallAnswered sdp=answer
"""


def test_the_peer_holds_and_resumes():
    book = Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        -- accept_offer sdp=held
        << 200 INVITE sdp=held
        .. 0.5
        << 200 INVITE sdp=held
        >> ACK
        >> INVITE sdp=resume
        << 100 INVITE
        ** OfferReceived offer=resume
        -- accept_offer sdp=resumed
        << 200 INVITE sdp=resumed
        >> ACK
        .. 60
    """
    )
    assert book.agent.calls == 1
    assert book.agent.transactions == 0


def test_a_refused_offer_leaves_the_session_running():
    Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=video
        << 100 INVITE
        ** OfferReceived offer=video
        -- reject_offer 488
        << 488 INVITE
        >> ACK branch=z9hG4bKpeer3
        .. 60
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
    """
    )


def test_a_re_invite_without_offer_gets_ours_and_the_ack_answers():
    Playbook().play(
        IN_CALL
        + """
        >> INVITE
        << 100 INVITE
        ** OfferReceived offer=None
        -- accept_offer sdp=ours
        << 200 INVITE sdp=ours
        >> ACK sdp=theirs
        ** AnswerReceived sdp=theirs
        >> INVITE
        << 100 INVITE
        ** OfferReceived offer=None
        -- accept_offer sdp=ours
        << 200 INVITE sdp=ours
        >> ACK
        ** OfferFailed status=488
    """
    )


def test_no_ack_of_a_re_invite_ends_the_call():
    book = Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        -- accept_offer sdp=held
        << 200 INVITE sdp=held
    """
    )
    book.play(".. 32\n" + "<< 200 INVITE sdp=held\n" * 10 + "<< BYE\n** CallEnded cause=NO_ACK status=0")


def test_an_invite_inside_an_open_invite_is_500_with_retry_after():
    book = Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=one
        << 100 INVITE
        ** OfferReceived offer=one
        >> INVITE sdp=two
        << 500 INVITE
        -- accept_offer sdp=answer
        << 200 INVITE sdp=answer
    """
    )
    assert 0 <= int(book.last("500").headers.get("Retry-After")) <= 10


def test_a_re_invite_before_the_ack_stands_for_the_ack():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> INVITE sdp=hold
        << 100 INVITE
        ** CallConfirmed sdp=None
        ** OfferReceived offer=hold
        -- accept_offer sdp=held
        << 200 INVITE sdp=held
        >> ACK cseq=1
        >> ACK cseq=2
        .. 37
    """)


def test_a_re_invite_before_the_ack_that_owes_an_answer_is_491():
    Playbook().play("""
        >> INVITE
        << 100 INVITE
        ** IncomingCall offer=None
        -- accept sdp=ours
        << 200 INVITE sdp=ours
        >> INVITE sdp=hold
        << 491 INVITE
        >> ACK cseq=1 sdp=theirs
        ** CallConfirmed sdp=theirs
    """)


def test_a_re_invite_into_a_call_that_we_are_closing_finds_it_closed():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        -- hang_up
        ** CallEnded cause=LOCAL status=0
        >> INVITE sdp=hold
        << BYE
        << 481 INVITE
    """)


def test_cancel_withdraws_a_re_invite_and_the_call_goes_on():
    book = Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        >> CANCEL
        << 200 CANCEL
        << 487 INVITE
        -- accept_offer sdp=late
        -- reject_offer 488
        >> INFO type=application/dtmf body=5
        << 200 INFO
        ** DigitReceived digit=5 duration_ms=100
    """
    )
    assert book.agent.counters["late:accept_offer"] == 1


def test_a_bye_inside_an_open_re_invite_ends_both():
    Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        >> BYE
        << 200 BYE
        << 487 INVITE
        ** CallEnded cause=BYE status=0
    """
    )


def test_we_offer_and_the_peer_answers():
    book = Playbook().play(
        IN_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        >> 100 INVITE
        >> 200 INVITE sdp=agreed
        << ACK
        ** AnswerReceived sdp=agreed
        >> 200 INVITE again
        << ACK
        .. 37
    """
    )
    # The 2xx moved the peer's contact; later requests go there.
    assert str(book.last("ACK").uri) == "sip:bob@192.168.0.9:5062"
    assert book.agent.transactions == 0


def test_a_refused_offer_of_ours_leaves_the_session_running():
    Playbook().play(
        OUT_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        >> 488 INVITE
        << ACK
        ** OfferFailed status=488
        -- reoffer sdp=newer
        << INVITE sdp=newer
        >> 200 INVITE
        << ACK
        ** OfferFailed status=200
    """
    )


@pytest.mark.parametrize(("call", "low_s", "high_s"), [(OUT_CALL, 2.1, 4.0), (IN_CALL, 0.0, 2.0)])
def test_after_a_glare_the_owner_of_the_call_id_waits_longer(call, low_s, high_s):
    waits = []
    for calls in range(1, 20):
        book = Playbook(TCP).play(call)  # where nothing is repeated meanwhile
        for _ in range(calls):
            book.agent._core.entropy(4)
        book.play("-- reoffer sdp=new\n<< INVITE sdp=new\n>> 491 INVITE\n<< ACK")
        waits.append(book.agent._core.calls[book.call].alarm.at - book.now)
    assert low_s <= min(waits) < max(waits) <= high_s + 1e-9
    book.play(".. 4\n<< INVITE sdp=new\n>> 200 INVITE sdp=agreed\n<< ACK\n** AnswerReceived sdp=agreed")


def test_a_glare_without_end_fails_the_offer():
    book = Playbook(TCP).play(OUT_CALL + "-- reoffer sdp=new\n<< INVITE sdp=new")
    for _ in range(8):
        book.play(">> 491 INVITE\n<< ACK\n.. 4\n<< INVITE sdp=new")
    book.play(">> 491 INVITE\n<< ACK\n** OfferFailed status=491")


def test_the_peer_is_refused_while_our_offer_is_open_and_may_ask_while_we_wait():
    Playbook().play(
        OUT_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        >> INVITE sdp=theirs
        << 491 INVITE
        >> ACK branch=z9hG4bKpeer1
        >> 491 INVITE
        << ACK
        >> INVITE sdp=theirs
        << 100 INVITE
        ** OfferReceived offer=theirs
        .. 4
        -- accept_offer sdp=fine
        << 200 INVITE sdp=fine
        >> ACK
        << INVITE sdp=new
        >> 200 INVITE sdp=agreed
        << ACK
        ** AnswerReceived sdp=agreed
    """
    )


def test_an_offer_of_ours_waits_its_turn_and_the_latest_wins():
    Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        -- reoffer sdp=one
        -- reoffer sdp=two
        -- reject_offer 488
        << 488 INVITE
        << INVITE sdp=two
        -- reoffer sdp=three
        >> 200 INVITE sdp=agreed
        << ACK
        << INVITE sdp=three
        ** AnswerReceived sdp=agreed
    """
    )


def test_an_offer_before_the_ack_waits_for_it():
    Playbook().play("""
        >> INVITE sdp=offer
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        -- reoffer sdp=new
        >> ACK
        << INVITE sdp=new
        ** CallConfirmed sdp=None
    """)


@pytest.mark.parametrize(("status", "cause"), [(481, "PROTOCOL"), (408, "PROTOCOL")])
def test_a_peer_that_lost_the_call_is_hung_up(status, cause):
    Playbook().play(
        IN_CALL
        + f"""
        -- reoffer sdp=new
        << INVITE sdp=new
        >> {status} INVITE
        << ACK
        << BYE
        ** CallEnded cause={cause} status={status}
    """
    )


def test_a_peer_that_is_silent_is_hung_up():
    book = Playbook().play(IN_CALL + "-- reoffer sdp=new\n<< INVITE sdp=new")
    book.play(".. 32\n" + "<< INVITE sdp=new\n" * 6 + "<< BYE\n** CallEnded cause=TIMEOUT status=408")


def test_an_answer_that_comes_after_we_hung_up_is_still_acknowledged():
    book = Playbook().play(
        IN_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> 200 INVITE sdp=late
        << ACK
        >> 200 BYE
        .. 37
    """
    )
    assert book.agent.transactions == 0


def test_there_is_nothing_to_change_before_an_answer():
    book = Playbook().play(">> INVITE sdp=offer\n<< 100 INVITE\n** IncomingCall offer=offer")
    with pytest.raises(LocalError, match="nothing to change"):
        book.agent.reoffer(book.call, b"x", book.now)
    with pytest.raises(LocalError, match="rejects nothing"):
        book.agent.reject_offer(book.call, 200, book.now)


def test_the_first_invite_is_not_answered_by_the_verbs_for_a_later_one():
    book = Playbook().play(">> INVITE sdp=offer\n<< 100 INVITE\n** IncomingCall offer=offer")
    with pytest.raises(LocalError, match="no offer to answer"):
        book.agent.accept_offer(book.call, b"answer", book.now)
    with pytest.raises(LocalError, match="no offer to answer"):
        book.agent.reject_offer(book.call, 488, book.now)
    book.play("-- accept sdp=answer\n<< 200 INVITE sdp=answer\n>> ACK\n** CallConfirmed sdp=None")


def test_a_peer_that_hung_up_need_not_answer_our_offer_any_more():
    book = Playbook().play(
        IN_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        >> 100 INVITE
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
        .. 37
    """
    )
    assert book.agent.transactions == 0


def test_a_peer_that_thinks_about_our_offer_for_ever_is_lost():
    book = Playbook().play(
        OUT_CALL
        + """
        -- reoffer sdp=new
        << INVITE sdp=new
        >> 100 INVITE
        .. 180
        .. 12
        << BYE
        ** CallEnded cause=TIMEOUT status=408
        >> 200 BYE
        .. 5
    """
    )
    assert book.agent.transactions == 0


def test_an_offer_that_is_left_without_an_answer_is_refused_and_the_call_goes_on():
    Playbook().play(
        IN_CALL
        + """
        >> INVITE sdp=hold
        << 100 INVITE
        ** OfferReceived offer=hold
        .. 180
        << 480 INVITE
        -- accept_offer sdp=held
        >> INVITE sdp=again
        << 100 INVITE
        ** OfferReceived offer=again
        """
    )
