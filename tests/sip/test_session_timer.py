"""Session timers (RFC 4028), both ways."""

import pytest

from tests.support.sip_playbook import Playbook


def answered(words, **settings):
    return Playbook(**settings).play(f"""
        >> INVITE sdp=offer {words}
        << 100 INVITE
        ** IncomingCall offer=offer
        -- accept sdp=answer
        << 200 INVITE sdp=answer
        >> ACK
        ** CallConfirmed sdp=None
    """)


def placed(words, **settings):
    return Playbook(**settings).play(f"""
        -- invite sdp=offer
        << INVITE sdp=offer
        >> 200 INVITE sdp=answer {words}
        << ACK
        ** CallAnswered sdp=answer
    """)


@pytest.mark.parametrize(
    ("words", "said", "require"),
    [
        ("Supported=timer", "1800;refresher=uas", "timer"),
        ("Supported=timer Session-Expires=600", "600;refresher=uas", "timer"),
        ("Supported=timer Session-Expires=600;refresher=uac", "600;refresher=uac", "timer"),
        ("Supported=timer Session-Expires=600;refresher=uas", "600;refresher=uas", "timer"),
        ("Supported=timer Session-Expires=7200", "1800;refresher=uas", "timer"),
        ("Supported=timer Session-Expires=7200 Min-SE=3600", "3600;refresher=uas", "timer"),
        ("Supported=timer Session-Expires=nonsense", "1800;refresher=uas", "timer"),
        ("Session-Expires=600", "600;refresher=uas", None),
        ("Session-Expires=60", "60;refresher=uas", None),
        ("Supported=replaces", None, None),
        ("", None, None),
    ],
)
def test_our_answer_says_how_long_the_session_lasts_and_who_refreshes(words, said, require):
    answer = answered(words).last("200")
    assert answer.headers.get("Session-Expires") == said
    assert answer.headers.get("Require") == require


def test_switched_off_there_are_none():
    book = answered("Supported=timer Session-Expires=600", session_expires_s=0)
    assert book.last("200").headers.get("Session-Expires") is None
    book.play(".. 4000")
    assert placed("", session_expires_s=0).sent[0].headers.get("Session-Expires") is None


def test_a_session_that_is_too_short_is_422():
    book = Playbook().play(">> INVITE sdp=o Supported=timer Session-Expires=60\n<< 422 INVITE")
    assert book.last("422").headers.get("Min-SE") == "90"
    assert book.agent.calls == 0
    book = answered("")
    book.play(">> INVITE sdp=o Supported=timer Session-Expires=60\n<< 422 INVITE\n>> ACK")
    book.play(">> UPDATE Supported=timer Session-Expires=60\n<< 422 UPDATE")


def test_we_refresh_by_update_where_the_peer_takes_it():
    book = answered("Supported=timer Session-Expires=600 Allow=INVITE,UPDATE")
    book.play(".. 299\n.. 1\n<< UPDATE")
    update = book.last("UPDATE")
    assert update.headers.get("Session-Expires") == "600;refresher=uac"
    assert "timer" in update.headers.get("Supported")
    book.play(">> 200 UPDATE Session-Expires=600;refresher=uac\n.. 299.9\n.. 0.2\n<< UPDATE")


def test_we_refresh_by_an_invite_that_changes_nothing_where_it_does_not():
    book = answered("Supported=timer Session-Expires=600")
    book.play(
        ".. 300\n<< INVITE sdp=answer\n>> 200 INVITE sdp=offer Session-Expires=600;refresher=uac\n<< ACK\n.. 299"
    )
    book.play(".. 1\n<< INVITE sdp=answer")


def test_a_session_that_was_agreed_while_it_rang_is_said_again_by_the_refresh():
    """An INVITE without an offer would ask the peer for one, and our ACK could not answer it."""
    Playbook().play("""
        -- invite sdp=offer
        << INVITE sdp=offer
        >> 183 INVITE sdp=answer rseq=1
        << PRACK
        ** CallRinging status=183 sdp=answer
        >> 200 PRACK
        >> 200 INVITE Supported=timer Session-Expires=600;refresher=uac
        << ACK
        ** CallAnswered sdp=answer
        .. 300
        << INVITE sdp=offer
        >> 200 INVITE sdp=answer Session-Expires=600;refresher=uac
        << ACK
        .. 299
    """)


def test_a_refresh_is_told_only_if_the_peer_changes_something():
    book = answered("Supported=timer Session-Expires=600")
    book.play(
        ".. 300\n<< INVITE sdp=answer\n>> 200 INVITE sdp=other Session-Expires=600\n<< ACK\n** AnswerReceived sdp=other"
    )


def test_a_peer_that_does_not_know_update_after_all_gets_an_invite():
    book = answered("Supported=timer Session-Expires=600 Allow=UPDATE")
    book.play(".. 300\n<< UPDATE\n>> 405 UPDATE\n<< INVITE sdp=answer")


@pytest.mark.parametrize("allow", ["", "Allow=UPDATE"])
def test_a_refusal_of_a_refresh_is_tried_again_and_at_last_the_call_is_over(allow):
    book = answered(f"Supported=timer Session-Expires=600 {allow}")
    ask = "<< UPDATE" if allow else "<< INVITE sdp=answer"
    refused = ">> 500 UPDATE" if allow else ">> 500 INVITE\n<< ACK"
    book.play(f".. 300\n{ask}\n{refused}\n.. 10\n{ask}\n{refused}")
    for _ in range(25):
        book.play(f".. 10\n{ask}\n{refused}")
    # 600 s less 32: a little before the end.
    book.play(".. 8\n<< BYE\n** CallEnded cause=TIMEOUT status=408")


def test_a_refresh_that_met_an_invite_of_the_peer_comes_again_after_the_pause_of_a_glare():
    """RFC 3261 14.1: within 2 s, the call being the peer's."""
    book = answered("Supported=timer Session-Expires=600")
    book.play(".. 300\n<< INVITE sdp=answer\n>> 491 INVITE\n<< ACK\n.. 2\n<< INVITE sdp=answer")
    book.play(
        ">> 200 INVITE sdp=offer Session-Expires=600;refresher=uac\n<< ACK\n.. 299\n.. 1\n<< INVITE sdp=answer"
    )


@pytest.mark.parametrize("status", [408, 481])
@pytest.mark.parametrize("allow", ["", "Allow=UPDATE"])
def test_a_peer_that_does_not_know_the_call_any_more_ends_it(status, allow):
    book = answered(f"Supported=timer Session-Expires=600 {allow}")
    ask = "<< UPDATE" if allow else "<< INVITE sdp=answer"
    said = f">> {status} UPDATE" if allow else f">> {status} INVITE\n<< ACK"
    book.play(f".. 300\n{ask}\n{said}\n<< BYE\n** CallEnded cause=PROTOCOL status={status}")


def test_a_peer_that_is_gone_is_found_out_by_the_refresh():
    book = answered("Supported=timer Session-Expires=600 Allow=UPDATE")
    book.play(".. 300\n<< UPDATE\n.. 31.9\n" + "<< UPDATE\n" * 10)
    book.play(".. 0.1\n<< BYE\n** CallEnded cause=TIMEOUT status=408")


def test_a_422_to_a_refresh_is_obeyed():
    book = answered("Supported=timer Session-Expires=600 Allow=UPDATE")
    book.play(".. 300\n<< UPDATE\n>> 422 UPDATE Min-SE=900\n<< UPDATE")
    assert book.last("UPDATE").headers.get("Session-Expires") == "900;refresher=uac"
    book.play(">> 422 UPDATE Min-SE=900")


def test_a_422_to_a_refresh_by_invite_is_obeyed():
    book = answered("Supported=timer Session-Expires=600")
    book.play(".. 300\n<< INVITE sdp=answer\n>> 422 INVITE Min-SE=900\n<< ACK\n<< INVITE sdp=answer")
    assert book.last("INVITE").headers.get("Session-Expires") == "900;refresher=uac"


def test_a_peer_that_should_refresh_and_does_not_is_hung_up():
    book = answered("Supported=timer Session-Expires=90;refresher=uac")
    # A third of 90 s before the end.
    book.play(".. 59\n.. 1\n<< BYE\n** CallEnded cause=TIMEOUT status=408")


@pytest.mark.parametrize("how", ["UPDATE", "INVITE"])
def test_a_refresh_of_the_peer_keeps_the_call(how):
    book = answered("Supported=timer Session-Expires=90;refresher=uac")
    words = "Supported=timer Session-Expires=90;refresher=uac"
    for _ in range(3):
        if how == "UPDATE":
            book.play(f".. 50\n>> UPDATE {words}\n<< 200 UPDATE")
        else:
            book.play(
                f".. 50\n>> INVITE sdp=o {words}\n<< 100 INVITE\n** OfferReceived offer=o\n"
                "-- accept_offer sdp=a\n<< 200 INVITE sdp=a\n>> ACK"
            )
    assert book.last("200").headers.get("Session-Expires") == "90;refresher=uac"
    book.play(".. 60\n<< BYE\n** CallEnded cause=TIMEOUT status=408")


def test_a_peer_that_stops_to_speak_of_timers_has_none_any_more():
    book = answered("Supported=timer Session-Expires=90;refresher=uac")
    book.play(".. 30\n>> UPDATE\n<< 200 UPDATE\n.. 4000")


def test_our_invite_asks_for_a_timer():
    sent = placed("").sent[0]
    assert sent.headers.get("Session-Expires") == "1800"
    assert sent.headers.get("Min-SE") == "90"
    assert "timer" in sent.headers.get("Supported")


def test_a_peer_that_says_nothing_of_timers_gets_none():
    placed("").play(".. 4000")


def test_as_caller_we_refresh_when_it_falls_to_us():
    book = placed("Session-Expires=200;refresher=uac Allow=UPDATE").play(".. 100\n<< UPDATE")
    assert book.last("UPDATE").headers.get("Session-Expires") == "200;refresher=uac"


def test_as_caller_we_hang_up_when_the_peer_should_and_does_not():
    placed("Session-Expires=200;refresher=uas").play(
        ".. 167\n.. 1\n<< BYE\n** CallEnded cause=TIMEOUT status=408"
    )


def test_a_422_to_our_invite_is_obeyed_once():
    book = Playbook().play(
        "-- invite sdp=o\n<< INVITE sdp=o\n>> 422 INVITE Min-SE=2000\n<< ACK\n<< INVITE sdp=o"
    )
    assert book.last("INVITE").headers.get("Session-Expires") == "2000"
    assert book.last("INVITE").headers.get("Min-SE") == "2000"
    book.play(">> 422 INVITE Min-SE=2000\n<< ACK\n** CallEnded cause=REJECTED status=422")


def test_a_change_of_ours_refreshes_as_well():
    book = answered("Supported=timer Session-Expires=600")
    book.play(".. 200\n-- reoffer sdp=new\n<< INVITE sdp=new")
    assert book.last("INVITE").headers.get("Session-Expires") == "600;refresher=uac"
    book.play(
        ">> 200 INVITE sdp=yes Session-Expires=600;refresher=uac\n<< ACK\n** AnswerReceived sdp=yes\n.. 299"
    )


def test_a_refresh_waits_while_another_question_is_open():
    book = answered("Supported=timer Session-Expires=600 Allow=UPDATE")
    book.play(".. 299\n>> INVITE sdp=x Supported=timer\n<< 100 INVITE\n** OfferReceived offer=x\n.. 30")


def test_a_call_that_ends_leaves_no_timer():
    book = answered("Supported=timer Session-Expires=600")
    book.play(">> BYE\n<< 200 BYE\n** CallEnded cause=BYE status=0\n.. 40")
    assert book.agent.next_deadline() is None
