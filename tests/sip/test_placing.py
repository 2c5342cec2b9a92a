"""Calls that we place, as conversations."""

import pytest

from sip.agent import Flow, Way
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
    assert book.agent.counters["sent:BYE:udp"] == 15
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
        "from_": Address.parse("<sip:a@b>"), "sdp": b"o", "ways": [Way(book.flow)], "now": book.now,
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


def test_a_way_that_says_nothing_is_left_for_the_next_after_four_seconds():
    book = Playbook().play("""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        .. 3.9
        << INVITE sdp=o
        << INVITE sdp=o
        << INVITE sdp=o
        .. 0.1
        << INVITE sdp=o
        ** WayFailed
        >> 200 INVITE sdp=a
        << ACK
        ** CallAnswered sdp=a
        .. 30
    """)
    first, second = book.sent[0], book.last("INVITE")
    assert [flow.remote[1] for flow in book.flows[:5]] == [5062, 5062, 5062, 5062, 5063]
    assert (first.call_id, first.from_.tag) == (second.call_id, second.from_.tag)
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    assert first.via.branch != second.via.branch
    assert book.agent.counters["left:silent way"] == 1


def test_the_last_way_has_all_the_time_there_is():
    Playbook().play("-- invite sdp=o ways=1\n<< INVITE sdp=o\n.. 31.9\n" + "<< INVITE sdp=o\n" * 6)


def test_in_a_hurry_the_last_way_is_left_as_well():
    book = Playbook(TCP).play("""
        -- invite sdp=o ways=1 hurry=yes
        << INVITE sdp=o
        .. 4
        ** CallEnded cause=TIMEOUT status=408
        >> 200 INVITE sdp=a
        << ACK
        << BYE
        >> 200 BYE
        .. 60
    """)
    assert book.agent.transactions == book.agent.calls == book.agent.dialogs == 0


def test_but_not_once_it_has_said_anything():
    Playbook(TCP).play("-- invite sdp=o ways=1 hurry=yes\n<< INVITE sdp=o\n>> 100 INVITE\n.. 100")


def test_a_way_that_rings_is_not_left():
    Playbook(TCP).play("""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        >> 100 INVITE
        .. 60
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
    """)


@pytest.mark.parametrize("before", ["", ">> 100 INVITE", ">> 180 INVITE\n** CallRinging status=180 sdp=None"])
def test_a_way_that_is_overloaded_is_left_at_once(before):
    book = Playbook().play(f"""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        {before}
        >> 503 INVITE
        << ACK
        << INVITE sdp=o
        ** WayFailed
    """)
    book.extra = [("Retry-After", "17"), ("Reason", "Q.850;cause=42")]
    book.play(">> 503 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=503 q850=42 retry_after_s=17\n.. 60")
    assert book.told[-1].message.status == 503
    assert book.agent.transactions == book.agent.calls == 0


def test_a_way_that_breaks_is_left_at_once():
    asked = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.9", 5060))
    book = Playbook(TCP)
    book.flow = asked
    book.play("-- invite sdp=o ways=2\n<< INVITE sdp=o\n-- close\n<< INVITE sdp=o\n** WayFailed")
    assert book.told[-1].flow == asked
    assert book.flows[-1].remote == ("10.0.0.9", 5061)


@pytest.mark.parametrize("status", [408, 486, 500, 603])
def test_other_refusals_count_for_all_ways(status):
    Playbook().play(f"""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        >> {status} INVITE
        << ACK
        ** CallEnded cause=REJECTED status={status}
    """)


def test_ways_are_bounded():
    book = Playbook(TCP).play(
        "-- invite sdp=o ways=30\n<< INVITE sdp=o\n.. 60\n" + "<< INVITE sdp=o\n" * 15 + "** WayFailed\n" * 15
    )
    book.play(".. 32\n** CallEnded cause=TIMEOUT status=408")


def test_a_call_without_a_way_is_our_own_error():
    place = {"from_": Address.parse("<sip:a@b>"), "sdp": b"o", "now": 0.0}
    with pytest.raises(LocalError):
        Playbook().agent.invite(Uri.parse("sip:b@c"), ways=(), **place)


def test_hanging_up_between_the_ways_leaves_nothing_behind():
    book = Playbook(TCP).play("""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        .. 4
        << INVITE sdp=o
        ** WayFailed
        -- hang_up
        ** CallEnded cause=LOCAL status=0
        >> 180 INVITE
        << CANCEL
        >> 487 INVITE
        << ACK
        .. 60
    """)
    assert book.agent.transactions == book.agent.calls == book.agent.dialogs == 0


def test_a_call_that_is_hung_up_is_not_tried_elsewhere():
    Playbook().play("""
        -- invite sdp=o ways=2
        << INVITE sdp=o
        -- hang_up
        ** CallEnded cause=LOCAL status=0
        >> 503 INVITE
        << ACK
        .. 60
    """)


def challenged(book, script, nonce="n1", header="WWW-Authenticate", stale=""):
    book.extra = [(header, f'Digest realm="carrier", nonce="{nonce}", qop="auth", algorithm=SHA-256{stale}')]
    return book.play(script)


def test_a_challenge_is_answered_in_a_new_invite_of_the_same_call():
    book = Playbook().play("-- invite sdp=o password=secret\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o")
    first, second = book.sent[0], book.last("INVITE")
    assert first.headers.get("Authorization") is None
    assert 'username="roda"' in second.headers.get("Authorization")
    assert "nc=00000001" in second.headers.get("Authorization")
    assert (first.call_id, first.from_.tag, first.cseq.number + 1) == (
        second.call_id, second.from_.tag, second.cseq.number,
    )  # fmt: skip
    book.play(">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a")
    # RFC 3261 22.1: an ACK cannot be challenged, so it repeats the proof.
    assert book.last("ACK").headers.get("Authorization") == second.headers.get("Authorization")


def test_the_same_nonce_is_not_answered_twice():
    book = Playbook().play("-- invite sdp=o password=wrong\n<< INVITE sdp=o")
    challenged(book, ">> 407 INVITE\n<< ACK\n<< INVITE sdp=o", header="Proxy-Authenticate")
    challenged(
        book, ">> 407 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=407", header="Proxy-Authenticate"
    )


def test_a_stale_nonce_is_answered_with_its_successor():
    book = Playbook().play("-- invite sdp=o password=secret\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o", nonce="n2", stale=", stale=true")
    assert 'nonce="n2"' in book.last("INVITE").headers.get("Authorization")


def test_each_way_proves_itself_anew():
    book = Playbook().play("-- invite sdp=o password=secret ways=2\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o")
    book.play(">> 503 INVITE\n<< ACK\n<< INVITE sdp=o\n** WayFailed")
    assert book.last("INVITE").headers.get("Authorization") is None
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o", nonce="other")


def test_a_peer_that_has_asked_for_proof_gets_it_inside_the_call_too():
    book = Playbook().play("-- invite sdp=o password=secret\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o")
    book.play(
        ">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a\n-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0"
    )
    assert "nc=00000002" in book.last("BYE").headers.get("Authorization")
    challenged(book, ">> 401 BYE\n<< BYE", nonce="n2", stale=", stale=true")
    book.play(">> 200 BYE\n.. 40")
    assert book.agent.transactions == book.agent.dialogs == 0


def test_a_peer_that_asked_for_nothing_cannot_fish_for_a_proof_by_challenging_our_bye():
    """interop.md 1.2-2 (ES2021-05): whoever we call could name our trunk's realm."""
    book = Playbook().play(
        "-- invite sdp=o password=secret\n<< INVITE sdp=o\n>> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a"
    )
    book.play("-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0")
    challenged(book, ">> 407 BYE\n.. 40", header="Proxy-Authenticate")


def test_a_proof_goes_nowhere_but_to_who_asked_for_it():
    book = Playbook().play("-- invite sdp=o password=secret\n<< INVITE sdp=o")
    challenged(book, ">> 401 INVITE\n<< ACK\n<< INVITE sdp=o")
    book.extra = [("Record-Route", "<sip:203.0.113.66;lr>")]
    book.play(
        ">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a\n-- hang_up\n<< BYE\n** CallEnded cause=LOCAL status=0"
    )
    assert book.flows[-1].remote == ("203.0.113.66", 5060)
    assert book.last("BYE").headers.get("Authorization") is None
    challenged(book, ">> 401 BYE\n.. 40", nonce="n9")


def test_a_redirection_is_told_and_followed_where_the_user_says():
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    book.extra = [("Contact", "<sip:second@b>;q=0.5, <sip:first@a>, <sip:third@c>;q=x")]
    book.play(">> 302 INVITE\n<< ACK\n** CallRedirected status=302")
    told = book.told[-1]
    assert (told.status, [str(target.uri) for target in told.targets]) == (
        302, ["sip:first@a", "sip:second@b", "sip:third@c"],
    )  # fmt: skip
    book.play("""
        .. 9.9
        -- redirect ways=2
        << INVITE sdp=o
        >> 200 INVITE sdp=a
        << ACK
        ** CallAnswered sdp=a
    """)


def test_a_redirection_that_nobody_follows_ends_as_it_would_have_anyway():
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    book.extra = [("Contact", "<sip:a@b>")]
    book.feed(book.response(301, "INVITE", {}))
    book.play(".. 9.9\n.. 0.1\n** CallEnded cause=REJECTED status=301\n-- redirect\n.. 60")
    assert book.agent.calls == book.agent.transactions == 0


def test_a_redirected_call_can_be_hung_up():
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    book.extra = [("Contact", "<sip:a@b>")]
    book.feed(book.response(301, "INVITE", {}))
    book.play("-- hang_up\n** CallEnded cause=LOCAL status=0\n.. 60")
    assert book.agent.calls == book.agent.dialogs == 0


@pytest.mark.parametrize("contact", ["", "*", "nonsense <"])
def test_a_redirection_to_nowhere_is_a_refusal(contact):
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    book.extra = [("Contact", contact)] if contact and contact != "nonsense <" else []
    book.play(">> 302 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=302")


def test_a_redirection_that_may_not_be_followed_is_a_refusal_at_once():
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    book.extra = [("Contact", "<sip:a@b>")]
    book.feed(book.response(302, "INVITE", {}))
    book.agent.redirect(book.call, (), book.now)
    book._note([])
    assert (book.told[-1].cause.name, book.agent.calls) == ("REJECTED", 0)


def test_redirections_are_not_followed_for_ever():
    book = Playbook().play("-- invite sdp=o redirects=yes\n<< INVITE sdp=o")
    for turn in range(6):
        book.extra = [("Contact", "<sip:a@b>")]
        book.feed(book.response(302, "INVITE", {"to": f"t{turn}"}))
        if turn < 5:
            book.play("-- redirect\n<< INVITE sdp=o")
    assert book.told[-1].cause.name == "REJECTED"


def test_without_leave_to_follow_a_redirection_ends_the_call():
    book = Playbook().play("-- invite sdp=o\n<< INVITE sdp=o")
    book.extra = [("Contact", "<sip:a@b>")]
    book.play(">> 302 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=302")


def test_a_call_can_take_the_place_of_another():
    book = Playbook()
    book.agent.invite(
        Uri.parse("sip:b@c"), from_=Address.parse("<sip:a@b>"), sdp=b"o", now=book.now,
        ways=[Way(book.flow, routes=("<sip:edge;lr>",))], replaces="call-9;to-tag=1;from-tag=2",
    )  # fmt: skip
    book.play(".. 0\n<< INVITE sdp=o")
    assert book.last("INVITE").headers.get("Replaces") == "call-9;to-tag=1;from-tag=2"
    assert book.last("INVITE").headers.get("Require") == "replaces"
    assert book.last("INVITE").headers.get("Route") == "<sip:edge;lr>"


def test_a_bye_behind_our_cancel_does_not_keep_a_call_for_ever():
    """The INVITE is awaited no longer than without it (9.1)."""
    book = Playbook().play("""
        -- invite sdp=offer
        << INVITE sdp=offer
        >> 180 INVITE
        ** CallRinging status=180 sdp=None
        -- hang_up
        << CANCEL
        ** CallEnded cause=LOCAL status=0
        >> 200 CANCEL
        >> BYE
        << 200 BYE
        .. 70
    """)
    assert (book.agent.calls, book.agent.dialogs, book.agent.transactions) == (0, 0, 0)
