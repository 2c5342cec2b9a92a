"""Port pairs: an even port and the next, none twice, and every failure gives back what it took."""

from __future__ import annotations

import errno
import socket

import pytest

from media.ports import Ports, PortsExhaustedError

LOW, HIGH = 23_400, 23_408


def ports() -> Ports:
    return Ports("127.0.0.1", LOW, HIGH, lambda _: 0)


def test_a_pair_is_an_even_port_and_the_next() -> None:
    some = ports()
    port, rtp, rtcp = some.bind()
    with rtp, rtcp:
        assert port % 2 == 0
        assert rtp.getsockname() == ("127.0.0.1", port)
        assert rtcp.getsockname() == ("127.0.0.1", port + 1)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_a_pair_is_bound_where_it_is_wanted_on_either_version_of_ip() -> None:
    some = ports()
    for host in ("::1", "127.0.0.2"):
        port, rtp, rtcp = some.bind(host)
        with rtp, rtcp:
            assert rtp.getsockname()[:2] == (host, port)
            assert rtcp.getsockname()[:2] == (host, port + 1)
    some = Ports("0.0.0.0", LOW, LOW + 2, lambda _: 0)
    for host in ("", "::"):  # both, since an IPv6 socket hears IPv6 alone
        port, rtp, rtcp = some.bind(host)
        some.give_back(port)
        rtp.close()
        rtcp.close()


def test_the_range_is_given_out_once_then_full_and_then_again() -> None:
    some = ports()
    assert some.free == 4
    pairs = [some.bind() for _ in range(4)]
    assert sorted(port for port, *_ in pairs) == [LOW, LOW + 2, LOW + 4, LOW + 6]
    with pytest.raises(PortsExhaustedError):
        some.bind()
    for port, rtp, rtcp in pairs:
        rtp.close()
        rtcp.close()
        some.give_back(port)
    port, rtp, rtcp = some.bind()
    rtp.close()
    rtcp.close()
    assert some.free == 3


def test_ports_that_others_hold_are_passed_over() -> None:
    draws = iter([0, 1, 2])
    some = Ports("127.0.0.1", LOW, HIGH, lambda _: next(draws))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(("127.0.0.1", LOW))
        two.bind(("127.0.0.1", LOW + 3))
        port, rtp, rtcp = some.bind()
        rtp.close()
        rtcp.close()
        assert port == LOW + 4
        assert some.free == 3


def test_an_odd_beginning_is_rounded_up_and_a_last_even_port_without_its_pair_left_out() -> None:
    assert Ports("127.0.0.1", LOW + 1, HIGH, lambda _: 0).free == 3
    assert Ports("127.0.0.1", LOW, LOW, lambda _: 0).free == 0


def test_no_descriptors_left_is_a_full_range_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    some = ports()
    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(PortsExhaustedError):
        some.bind()
    assert some.free == 4
