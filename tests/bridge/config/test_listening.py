"""The server's table: addresses of all transports, and what stands against each other."""

import pytest

from bridge.config import check, read
from bridge.config.listening import Server
from bridge.config.values import Address


def said(text: str) -> list[str]:
    return [str(fault) for fault in check(f"[server]\n{text}")]


def test_both_ip_versions_may_be_listened_on_at_once() -> None:
    config, faults = read("[server]\nudp = ['0.0.0.0:5060', '[::]:5060']\ntcp = ['[::1]:5060']\n")
    assert faults == []
    assert [str(each) for each in config.server.udp] == ["0.0.0.0:5060", "[::]:5060"]


def test_all_listeners_are_told_by_transport() -> None:
    one, two = Address("127.0.0.1", 5060), Address("::1", 5080)
    server = Server(udp=(one, two), tcp=(), ws=(two,))
    assert list(server.listeners()) == [("udp", 0, one), ("udp", 1, two), ("ws", 0, two)]
    assert not server.secure
    assert Server(wss=(two,)).secure


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "tcp = ['127.0.0.1:5060']\nws = ['127.0.0.1:5060']",
            "line 3: server.ws 127.0.0.1:5060: server.tcp listens there",
        ),
        ("ws = ['127.0.0.1:5080',\n'127.0.0.1:5080']", "line 3: server.ws names 127.0.0.1:5080 twice"),
        ("tls = ['127.0.0.1:5061']", "line 2: server.tls needs a certificate: say certificate and key in"),
        ("wss = ['127.0.0.1:443']", "line 2: server.wss needs a certificate"),
        ("[server.srtp]\ntls = 'always'", 'line 3: server.srtp.tls must be one of "off", "optional"'),
        (
            "[server.websocket]\norigins = ['phone.example']",
            "line 3: server.websocket.origins must be the beginning of an address",
        ),
        (
            "[[server.mapped]]\nlistener = '10.0.0.5:5060'\nadvertised = '203.0.113.5'",
            "line 3: server.mapped: nothing listens on 10.0.0.5:5060",
        ),
        ("[[server.mapped]]\nlistener = '127.0.0.1:5060'", "line 2: server.mapped needs the key advertised"),
        ("local_networks = ['10.0.0.1/8']", "line 2: server.local_networks must be a network"),
        (
            "[server.identity]\nminimum_version = '1.1'",
            "line 3: server.identity.minimum_version must be one of",
        ),
    ],
)
def test_a_fault_is_said_where_it_stands(text: str, fault: str) -> None:
    (found,) = said(text)
    assert found.startswith(fault)


def test_udp_and_a_stream_share_a_port() -> None:
    assert said("udp = ['127.0.0.1:5060']\ntcp = []\nws = ['127.0.0.1:5060']") == []
