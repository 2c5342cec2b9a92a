"""Requests outside calls: those of ours, and those that the user of the agent answers."""

import pytest

from sip.asking import UNANSWERED_S
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
