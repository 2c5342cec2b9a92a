"""Layers of a connection: none, one, or WebSocket over TLS."""

from __future__ import annotations

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import BytesMessage, CloseConnection, Request

from sip.transport.certificates import Certificates, TlsSettings
from sip.transport.websocket import WebSocketWire
from sip.transport.wire import WireError, Wires
from tests.support.certificates import Authority


def test_without_layers_bytes_go_through() -> None:
    wires = Wires()
    assert not wires.unsettled
    assert not wires.pings
    assert wires.names == ()
    assert wires.start() == b""
    assert wires.receive(b"in") == [b"in"]
    assert wires.send(b"out") == b"out"
    assert wires.close() == b""
    assert not wires.ended
    assert not wires.begun


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    authority = Authority(tmp_path_factory.mktemp("wire"))
    return Certificates(
        TlsSettings(
            pair=authority.issue("ours"),
            client_authorities=authority.file,
            server_authorities=authority.file,
        )
    )


def test_websocket_over_tls_and_goodbye_on_both(ours: Certificates) -> None:
    server, browser = Wires(ours.server(), WebSocketWire()), Wires(ours.client("ours"))
    socket = WSConnection(ConnectionType.CLIENT)
    assert server.unsettled == 2
    assert server.pings
    to_server = browser.start() + browser.send(
        socket.send(Request(host="x", target="/", subprotocols=["sip"]))
    )
    heard: list[bytes] = []

    def carry() -> None:
        nonlocal to_server
        for _ in range(5):
            heard.extend(server.receive(to_server))
            for piece in browser.receive(server.outgoing()):
                socket.receive_data(piece)
            to_server = browser.outgoing()

    carry()
    assert server.unsettled == 0
    assert server.names == ("ours",)
    to_server = browser.send(socket.send(BytesMessage(data=b"hello", message_finished=False)))
    carry()
    assert heard == []
    assert server.begun
    to_server = browser.send(socket.send(BytesMessage(data=b" you")))
    carry()
    assert heard == [b"hello you"]
    goodbye = browser.receive(server.ping() + server.close())
    for piece in goodbye:
        socket.receive_data(piece)
    assert any(isinstance(event, CloseConnection) for event in socket.events())
    assert browser.ended
    assert not server.ended


def test_a_stranger_to_the_lower_layer_never_reaches_the_upper(ours: Certificates) -> None:
    wires = Wires(ours.server(), WebSocketWire())
    with pytest.raises(WireError, match="TLS"):
        wires.receive(b"GET / HTTP/1.1\r\n\r\n")
    assert wires.unsettled == 2
