"""Calls that we place, as conversations."""

import pytest

from sip.agent import Flow
from sip.errors import LocalError
from sip.headers import Address
from sip.uri import Uri
from tests.support.sip_playbook import TCP, Playbook

ANSWERED = """
    -- invite sdp=offer
    << INVITE sdp=offer
    >> 200 INVITE sdp=answer
    << ACK
    ** CallAnswered sdp=answer
"""


def test_a_call_is_placed_rings_is_answered_and_hung_up_by_us():
    book = Playbook(product="Roda").play("""
        -- invite sdp=offer
        << INVITE sdp=offer
        >> 100 INVITE
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        >> 183 INVITE sdp=music
        ** CallRinging status=183 sdp=music
        .. 100
        >> 200 INVITE sdp=answer
        << ACK
        ** CallAnswered sdp=answer
        -- hang_up
        << BYE
        ** CallEnded cause=LOCAL status=0
        >> 200 BYE
        .. 32
    """)
    invite, ack, bye = book.last("INVITE"), book.last("ACK"), book.last("BYE")
    assert invite.headers.get("Contact") == "<sip:roda@10.0.0.1:5060>"
    assert invite.headers.get("User-Agent") == "Roda"
    assert invite.via.rport == ""
    assert invite.to.tag is None
    assert str(ack.uri) == "sip:bob@192.168.0.9:5062"
    assert ack.via.branch != invite.via.branch
    assert ack.cseq.number == invite.cseq.number
    assert bye.cseq.number == invite.cseq.number + 1
    assert bye.to.tag == "peer"
    assert book.agent.transactions == book.agent.calls == 0


def test_the_peer_can_hang_up_a_call_that_we_placed():
    Playbook().play(
        ANSWERED
        + """
        >> BYE
        << 200 BYE
        ** CallEnded cause=BYE status=0
    """
    )


def test_an_unanswered_invite_is_repeated_and_given_up():
    book = Playbook().play("-- invite sdp=o\n<< INVITE sdp=o\n.. 31.9\n" + "<< INVITE sdp=o\n" * 6)
    book.play("""
        .. 0.1
        ** CallEnded cause=TIMEOUT status=408
    """)
    assert book.agent.calls == book.agent.transactions == 0


def test_over_tcp_nothing_is_repeated():
    Playbook(TCP).play("""
        -- invite sdp=o
        << INVITE sdp=o
        .. 31.9
        .. 0.1
        ** CallEnded cause=TIMEOUT status=408
    """)


def test_a_refusal_ends_the_call_and_is_acknowledged_in_its_transaction():
    book = Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        >> 486 INVITE
        << ACK
        ** CallEnded cause=REJECTED status=486
        >> 486 INVITE again
        << ACK
        .. 32
    """)
    assert book.last("ACK").via.branch == book.last("INVITE").via.branch
    assert book.last("ACK").to.tag == "peer"
    assert book.agent.transactions == 0


def test_a_challenge_gets_no_credentials():
    book = Playbook()
    book.play("-- invite sdp=o\n<< INVITE sdp=o")
    book.extra = [("WWW-Authenticate", 'Digest realm="roda", nonce="1"')]
    book.play(">> 401 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=401")
    book = Playbook().play(ANSWERED + "-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    book.extra = [("Proxy-Authenticate", 'Digest realm="roda", nonce="1"')]
    book.play(">> 407 BYE\n.. 40")


def test_a_repeated_2xx_is_acknowledged_again_and_told_once():
    Playbook().play(
        ANSWERED
        + """
        >> 200 INVITE again
        << ACK
        .. 31
        >> 200 INVITE again
        << ACK
    """
    )


def test_a_second_fork_is_acknowledged_and_hung_up():
    book = Playbook().play(
        ANSWERED
        + """
        >> 200 INVITE sdp=other to=fork
        << ACK
        << BYE
        >> 200 INVITE again
        << ACK
        >> 200 BYE
    """
    )
    assert book.last("BYE").to.tag == "fork"
    assert book.agent.calls == 1


def test_forks_are_bounded():
    book = Playbook().play(ANSWERED)
    for fork in range(40):
        book.feed(book.response(200, "INVITE", {"to": f"fork{fork}"}))
    assert book.agent.counters["sent:BYE"] == 15
    assert book.agent.counters["dropped:too many forks"] == 25


def test_cancel_goes_out_only_after_a_provisional_response():
    book = Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        -- hang_up reason=enough
        ** CallEnded cause=LOCAL status=0
        >> 100 INVITE
        << CANCEL
        >> 180 INVITE
        >> 200 CANCEL
        >> 487 INVITE
        << ACK
        .. 32
    """)
    cancel, invite = book.last("CANCEL"), book.last("INVITE")
    assert cancel.via.branch == invite.via.branch
    assert cancel.cseq.number == invite.cseq.number
    assert cancel.headers.get("Reason") == 'SIP;text="enough"'
    assert book.agent.calls == book.agent.transactions == 0


def test_an_answer_that_crosses_our_cancel_is_acknowledged_and_hung_up():
    book = Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        -- hang_up
        << CANCEL
        ** CallEnded cause=LOCAL status=0
        >> 200 INVITE sdp=answer
        << ACK
        << BYE
        >> 200 CANCEL
        >> 200 BYE
        .. 32
    """)
    assert book.agent.calls == book.agent.transactions == 0


def test_a_cancelled_call_without_final_response_is_forgotten():
    book = Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        -- hang_up
        << CANCEL
        ** CallEnded cause=LOCAL status=0
        >> 200 CANCEL
        .. 32
    """)
    assert book.agent.calls == book.agent.transactions == 0


def test_a_call_that_rings_for_ever_is_cancelled():
    Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        .. 179.9
        .. 0.1
        << CANCEL
        ** CallEnded cause=TIMEOUT status=0
        >> 487 INVITE
        << ACK
    """)


def test_a_bye_before_the_answer_ends_the_call():
    Playbook().play("""
        -- invite sdp=o
        << INVITE sdp=o
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        >> BYE
        << 200 BYE
        << CANCEL
        ** CallEnded cause=BYE status=0
        >> BYE cseq=9
        << 200 BYE
        >> 487 INVITE
        << ACK
    """)


def test_a_connection_that_breaks_ends_the_call_being_placed():
    Playbook(TCP).play("""
        -- invite sdp=o
        << INVITE sdp=o
        -- close
        ** CallEnded cause=TRANSPORT status=503
    """)


def test_a_connection_asked_for_is_used_once_it_stands():
    asked = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.9", 5060))
    stands = Flow("tcp", asked.local, asked.remote, 7)
    book = Playbook(TCP)
    book.flow = asked
    book.play("-- invite sdp=o\n<< INVITE sdp=o")
    assert book.flows[-1] == asked
    book.agent.flow_opened(asked, stands, book.now)
    book.flow = stands
    book.play(
        ">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a\n-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0"
    )
    assert book.flows[-2:] == [stands, stands]
    book.agent.flow_closed(stands, book.now)
    assert book.agent.transactions == 1  # the INVITE, waiting for forks


def test_a_connection_that_never_comes_up_ends_the_call():
    book = Playbook(TCP)
    book.flow = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.9", 5060))
    book.play("-- invite sdp=o\n<< INVITE sdp=o\n-- close\n** CallEnded cause=TRANSPORT status=503")


def test_headers_of_ours_go_along_and_cannot_smuggle():
    book = Playbook()
    place = {
        "from_": Address.parse("<sip:a@b>"), "sdp": b"o", "flow": book.flow, "now": book.now,
    }  # fmt: skip
    book.agent.invite(Uri.parse("sip:b@c"), headers=[("P-Early-Media", "supported")], **place)
    book.play(".. 0\n<< INVITE sdp=o")
    assert book.last("INVITE").headers.get("P-Early-Media") == "supported"
    with pytest.raises(LocalError):
        book.agent.invite(Uri.parse("sip:b@c"), headers=[("X", "a\nY: b")], **place)
    assert book.agent.outgoing() == []


def test_our_requests_inside_the_dialog_follow_the_route_the_answer_recorded():
    book = Playbook().play("-- invite sdp=o\n<< INVITE sdp=o")
    book.extra = [("Record-Route", "<sip:10.0.0.5;lr>"), ("Record-Route", "<sip:10.0.0.9:5062;lr>")]
    book.play(">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a")
    assert [str(route.uri) for route in book.last("ACK").routes] == [
        "sip:10.0.0.9:5062;lr",
        "sip:10.0.0.5;lr",
    ]
    assert book.flows[-1] == book.flow


def test_a_stray_response_is_counted():
    book = Playbook().play(ANSWERED)
    data = book.response(200, "INVITE", {}).replace(b"branch=z9hG4bK", b"branch=z9hG4bKx")
    book.feed(data)
    assert book.agent.counters["dropped:stray response"] == 1
