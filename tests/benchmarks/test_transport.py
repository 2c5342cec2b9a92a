import socket

from benchmarks import ports
from benchmarks.signalling import Phones
from benchmarks.transport import SipSocket, parse_address


def test_over_tcp_requests_leave_in_one_stream_and_torn_answers_are_joined():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sip = SipSocket(listener.getsockname(), "tcp")
        phones = Phones(target="h", local=sip.local, transport="tcp", name="t")
        phones.place(0, user="a", rtp_host="127.0.0.1", rtp_port=1, now=0.0)
        sip.turn(phones, 0.0)
        peer, _ = listener.accept()
        with peer:
            assert peer.recv(65536).startswith(b"INVITE sip:a@h;transport=tcp ")
            answer = b"SIP/2.0 100 Trying\r\nCall-ID: t-0\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
            for part in (answer[:30], answer[30:]):
                peer.send(part)
                sip.turn(phones, 0.1)
        assert phones.statistics.trying == 1
        sip.close()


def test_an_address_without_port_is_port_5060():
    assert parse_address("127.0.0.1") == ("127.0.0.1", 5060)
    assert parse_address("127.0.0.1:6060") == ("127.0.0.1", 6060)


def test_phones_get_even_ports_and_step_over_those_in_use():
    first = ports.bind_all(3, ["127.0.0.1"])
    second = ports.bind_all(3, ["127.0.0.1"])
    numbers = [sock.getsockname()[1] for sock in first + second]
    assert len(set(numbers)) == 6
    assert all(number % 2 == 0 for number in numbers)
    for sock in first + second:
        sock.close()


def test_phones_are_spread_over_source_addresses():
    sockets = ports.bind_all(4, ports.source_addresses(2, "127.0.0.1"))
    assert [sock.getsockname()[0] for sock in sockets] == ["127.0.0.1", "127.0.0.2"] * 2
    for sock in sockets:
        sock.close()
