"""Requests that are too long for a datagram."""

from sip.flow import Flow
from sip.oversize import CONNECT_S, UDP_MAX, WITHOUT_TCP_MAX, WITHOUT_TCP_S
from tests.support.sip_playbook import UDP, Playbook

LONG = "o" * UDP_MAX
ASKED = Flow("tcp", UDP.local, UDP.remote)
STANDS = Flow("tcp", UDP.local, UDP.remote, 7)


def placed(**settings):
    book = Playbook(**settings)
    book.play(
        f"-- invite sdp={LONG}\n<< keep-alive"
        if not settings
        else f"-- invite sdp={LONG}\n<< INVITE sdp={LONG}"
    )
    return book


def test_a_long_request_asks_for_a_connection_and_waits_for_it():
    book = placed()
    assert book.flows == [ASKED]
    book.agent.flow_opened(ASKED, STANDS, book.now)
    book.play(f".. 0\n<< INVITE sdp={LONG}")
    assert book.flows[-1] == STANDS
    assert book.last("INVITE").via.transport == "TCP"
    book.flow = STANDS
    book.play(">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a\n.. 40")
    assert book.flows[-1] == STANDS
    assert len(book.agent._core.oversize) == 0


def test_a_connection_that_stands_is_used_at_once():
    book = placed()
    book.agent.flow_opened(ASKED, STANDS, book.now)
    book.play(f".. 0\n<< INVITE sdp={LONG}\n-- invite sdp={LONG}\n<< INVITE sdp={LONG}")
    assert book.flows[-2:] == [STANDS, STANDS]


def test_where_there_is_no_tcp_it_goes_over_udp_after_all():
    book = placed()
    book.agent.flow_closed(ASKED, book.now)
    book.play(f".. 0\n<< INVITE sdp={LONG}\n.. 0.5\n<< INVITE sdp={LONG}")
    assert book.flows[-1] == UDP
    assert book.last("INVITE").via.transport == "UDP"
    # Known by now, for a while.
    book.play(f"-- invite sdp={LONG}\n<< INVITE sdp={LONG}")
    assert book.flows[-1] == UDP
    book.play(">> 486 INVITE\n<< ACK\n** CallEnded cause=REJECTED status=486")
    book._passes(str(WITHOUT_TCP_S))
    book._note([])
    book.play(f"-- invite sdp={LONG}\n<< keep-alive")


def test_a_connection_that_takes_too_long_is_not_waited_for():
    book = placed()
    book.play(f".. {CONNECT_S}\n<< INVITE sdp={LONG}")
    assert book.flows[-1] == UDP
    book.agent.flow_opened(ASKED, STANDS, book.now)
    book.play(">> 200 INVITE sdp=a\n<< ACK\n** CallAnswered sdp=a\n.. 40")


def test_several_wait_for_the_same_connection():
    book = placed()
    book.play(f"-- invite sdp={LONG}")
    book.agent.flow_opened(ASKED, STANDS, book.now)
    book.play(f".. 0\n<< INVITE sdp={LONG}\n<< INVITE sdp={LONG}")
    assert book.agent.counters["sent:over tcp for length"] == 1


def test_a_short_one_and_one_over_tcp_go_as_they_are():
    Playbook().play("-- invite sdp=o\n<< INVITE sdp=o")
    placed(large_over_tcp=False)


def test_a_way_that_is_left_while_its_request_is_held_is_not_tried_later(monkeypatch):
    monkeypatch.setattr("sip.placing.FAIL_OVER_S", 1.0)
    book = Playbook().play(f"-- invite sdp={LONG} ways=2\n<< keep-alive\n.. 1\n<< keep-alive\n** WayFailed")
    first = book.flows[0]
    book.agent.flow_closed(book.flows[1], book.now)
    book.play(f".. 0\n<< INVITE sdp={LONG}")
    book.agent.flow_closed(first, book.now)
    book.play(".. 0")


def test_peers_without_tcp_are_remembered_in_bounds(monkeypatch):
    monkeypatch.setattr("sip.oversize.WITHOUT_TCP_MAX", 3)
    book = Playbook()
    for host in range(20):
        book.flow = Flow("udp", UDP.local, (f"10.0.1.{host}", 5060))
        book.play(f"-- invite sdp={LONG}\n<< keep-alive")
        book.agent.flow_closed(Flow("tcp", UDP.local, book.flow.remote), book.now)
        book.play(f".. 0\n<< INVITE sdp={LONG}")
    assert len(book.agent._core.oversize._without_tcp) <= 3
    assert WITHOUT_TCP_MAX >= 64
