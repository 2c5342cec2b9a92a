"""Requests outside calls: those of ours, and those that the user of the agent answers."""

import pytest

from sip.asking import UNANSWERED_S
from sip.digest import Credentials
from sip.errors import LocalError
from sip.events import RequestAnswered, RequestReceived
from sip.headers import Address
from sip.timers import GIVE_UP_S
from sip.uri import Uri
from tests.support.sip_playbook import TCP, UDP, Playbook

SERVED = ("REGISTER", "MESSAGE")


def test_a_request_that_is_served_is_told_and_answered_with_what_the_user_says():
    book = Playbook(served=SERVED).play("""
        >> REGISTER
        ** RequestReceived identity= trusted=False
        -- respond 200 body=ok
        << 200 REGISTER sdp=ok
        >> REGISTER again
        << 200 REGISTER sdp=ok
    """)
    told = book.told[-1]
    assert isinstance(told, RequestReceived)
    assert (told.message.method, told.flow) == ("REGISTER", UDP)
    assert book.agent.counters["retransmitted"] == 1


def test_what_is_served_stands_in_allow_and_the_rest_is_still_405():
    book = Playbook(served=SERVED).play(">> PUBLISH\n<< 405 PUBLISH")
    assert book.last("405").headers.get("Allow").endswith(", REGISTER, MESSAGE")


def test_a_message_inside_a_call_names_the_call():
    book = Playbook(served=SERVED).play("""
        >> INVITE sdp=o
        << 100 INVITE
        ** IncomingCall offer=o
        -- accept sdp=a
        << 200 INVITE sdp=a
        >> ACK
        ** CallConfirmed sdp=None
        >> MESSAGE body=hello
        ** RequestReceived identity= trusted=False
        -- respond 202
        << 202 MESSAGE
    """)
    assert book.last("202").to.tag == book.last("200").to.tag


def test_a_request_that_nobody_answers_is_answered_500_in_time():
    book = Playbook(served=SERVED).play(f"""
        >> REGISTER
        ** RequestReceived identity= trusted=False
        .. {UNANSWERED_S}
        << 500 REGISTER
        -- respond 200
    """)
    assert book.agent.counters["late:respond"] == 1


def test_answers_that_are_none_are_our_own_error():
    book = Playbook(served=SERVED).play(">> REGISTER\n** RequestReceived identity= trusted=False")
    for handle, status in ((1, 100), (7, 200)):
        with pytest.raises(LocalError):
            book.agent.respond(handle, status, book.now)


def test_a_request_of_ours_is_told_once_when_its_final_response_is_there():
    book = Playbook().play("""
        -- request OPTIONS
        << OPTIONS
        >> 100 OPTIONS
        >> 200 OPTIONS
        ** RequestAnswered status=200
        >> 200 OPTIONS again
    """)
    told = book.told[-1]
    assert isinstance(told, RequestAnswered)
    assert told.message is not None
    assert told.message.cseq.number == 1
    assert book.last("OPTIONS").from_.tag


def test_a_request_without_answer_is_told_as_408():
    book = Playbook(TCP).play(f"""
        -- request MESSAGE body=hi
        << MESSAGE sdp=hi
        .. {GIVE_UP_S}
        ** RequestAnswered status=408
    """)
    assert book.told[-1].message is None


def test_a_request_whose_way_breaks_is_told_as_503():
    Playbook(TCP).play("""
        -- request MESSAGE body=hi
        << MESSAGE sdp=hi
        -- close
        ** RequestAnswered status=503
    """)


def test_call_id_cseq_and_routes_are_the_users_to_choose():
    book = Playbook()
    who = Address.parse("<sip:trunk@carrier.example>")
    book.agent.request(
        "REGISTER", Uri.parse("sip:carrier.example"), from_=who, to=who, flow=UDP, now=book.now,
        headers=(("Contact", book.agent.contact(UDP)),), routes=("<sip:edge.example;lr>",), call_id="same", cseq=7,
    )  # fmt: skip
    book._note([])
    sent = book.last("REGISTER")
    assert (sent.call_id, sent.cseq.number) == ("same", 7)
    assert sent.headers.get("Route") == "<sip:edge.example;lr>"
    assert sent.headers.get("Contact") == "<sip:roda@10.0.0.1:5060>"


CHALLENGE = 'Digest realm="carrier.example", nonce="n1", qop="auth", algorithm=SHA-256'


def registering(credentials):
    book = Playbook()
    who = Address.parse("<sip:trunk@carrier.example>")
    handle = book.agent.request(
        "REGISTER", Uri.parse("sip:carrier.example"), from_=who, to=who, flow=UDP, now=book.now,
        headers=(("Contact", book.agent.contact(UDP)),), credentials=credentials, cseq=7,
    )  # fmt: skip
    book._note([])
    return book, handle


def answers(book, status, *headers):
    """The peer answers what we asked last, and nothing else."""
    asked = book.last("REGISTER")
    lines = [f"SIP/2.0 {status} X", f"Via: {asked.headers.get('Via')}", f"CSeq: {asked.cseq}"]
    lines += [f"{name}: {asked.headers.get(name)}" for name in ("From", "To", "Call-ID")]
    lines += [f"{name}: {value}" for name, value in headers]
    book.feed(("\r\n".join(lines) + "\r\nContent-Length: 0\r\n\r\n").encode())


def test_a_peer_that_wants_proof_is_asked_again_with_it_and_only_the_end_is_told():
    book, handle = registering(Credentials("trunk", "secret"))
    first = book.last("REGISTER")
    answers(book, 401, ("WWW-Authenticate", CHALLENGE))
    second = book.last("REGISTER")
    assert book.told == []
    assert (second.cseq.number, second.call_id) == (8, first.call_id)
    assert second.via.branch != first.via.branch
    assert second.from_.tag == first.from_.tag
    assert 'username="trunk"' in second.headers.get("Authorization")
    assert second.headers.get("Contact") == first.headers.get("Contact")
    answers(book, 200)
    assert [(told.request, told.status) for told in book.told] == [(handle, 200)]


def test_a_wrong_password_is_tried_once():
    book, handle = registering(Credentials("trunk", "wrong"))
    answers(book, 401, ("WWW-Authenticate", CHALLENGE))
    answers(book, 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    assert [(told.request, told.status) for told in book.told] == [(handle, 401)]
    assert book.agent.counters["sent:REGISTER:udp"] == 2


@pytest.mark.parametrize("credentials", [None, Credentials("trunk", "secret", realm="elsewhere")])
def test_nobody_else_gets_a_proof(credentials):
    book, _ = registering(credentials)
    answers(book, 401, ("WWW-Authenticate", CHALLENGE))
    assert book.told[-1].status == 401
    assert book.agent.counters["sent:REGISTER:udp"] == 1
