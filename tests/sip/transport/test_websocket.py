"""WebSocket as a wire: handshakes that are good and bad, frames cut anywhere, and their limits."""

from __future__ import annotations

import struct
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from sip.parser import MAX_MESSAGE
from sip.transport.websocket import PINGS_UNANSWERED_MAX, WebSocketWire
from sip.transport.wire import WireError
from tests.support.sip_playbook import Playbook

OPTIONS = Playbook().request("OPTIONS", {})


class Browser:
    """A client, and the wire that it talks to."""

    def __init__(self, wire: WebSocketWire | None = None) -> None:
        self.wire = wire or WebSocketWire()
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._socket.send(Request(host="bridge.example", target="/", subprotocols=["sip"]))

    def ask(self, *, protocols: tuple[str, ...] = ("sip",), origin: str = "", target: str = "/") -> bytes:
        self._socket = WSConnection(ConnectionType.CLIENT)
        headers = [(b"Origin", origin.encode())] if origin else []
        return self._socket.send(
            Request(host="bridge.example", target=target, subprotocols=list(protocols), extra_headers=headers)
        )

    def say(self, event: Event) -> bytes:
        return self._socket.send(event)

    def hear(self) -> list[Event]:
        self._socket.receive_data(self.wire.outgoing())
        return list(self._socket.events())


def connected(wire: WebSocketWire | None = None) -> Browser:
    browser = Browser(wire)
    assert browser.wire.receive(browser.ask()) == []
    (accepted,) = browser.hear()
    assert isinstance(accepted, AcceptConnection)
    assert accepted.subprotocol == "sip"
    assert browser.wire.settled
    return browser


def frame(opcode: int, payload: bytes, *, final: bool = True, masked: bool = True) -> bytes:
    """A frame by hand (RFC 6455 5.2)."""
    length = len(payload)
    size = struct.pack("!B", length) if length < 126 else struct.pack("!BH", 126, length)
    if length > 0xFFFF:
        size = struct.pack("!BQ", 127, length)
    head = bytes([opcode | final << 7, size[0] | masked << 7]) + size[1:]
    return head + (bytes(4) if masked else b"") + payload


def test_a_message_is_a_frame_as_text_or_as_bytes() -> None:
    browser = connected()
    for event in (TextMessage(data=OPTIONS.decode()), BytesMessage(data=OPTIONS)):
        assert browser.wire.receive(browser.say(event)) == [OPTIONS]
    browser.wire.send("SIP/2.0 200 Olá".encode())
    browser.wire.send(b"\xff\xfe")
    text, raw = browser.hear()
    assert isinstance(text, TextMessage)
    assert text.data == "SIP/2.0 200 Olá"
    assert isinstance(raw, BytesMessage)
    assert raw.data == b"\xff\xfe"


def test_cuts_do_not_matter() -> None:
    """At every byte, in the handshake and after it."""
    browser = Browser()
    for byte in browser.ask(protocols=("chat", "sip")):
        assert not browser.wire.settled
        assert browser.wire.receive(bytes([byte])) == []
    assert browser.wire.settled
    browser.hear()
    data = browser.say(TextMessage(data=OPTIONS.decode())) + browser.say(BytesMessage(data=OPTIONS))
    for at in range(1, len(data)):
        wire_again = connected()
        masked = wire_again.say(TextMessage(data=OPTIONS.decode())) + wire_again.say(
            BytesMessage(data=OPTIONS)
        )
        wire = wire_again.wire
        assert wire.receive(masked[:at]) + wire.receive(masked[at:]) == [OPTIONS, OPTIONS]


def test_a_hundred_messages_in_one_piece() -> None:
    browser = connected()
    data = b"".join(browser.say(TextMessage(data=OPTIONS.decode())) for _ in range(100))
    assert browser.wire.receive(data) == [OPTIONS] * 100


def test_fragments_make_one_message_with_pings_between() -> None:
    browser = connected()
    wire = browser.wire
    assert not wire.begun
    assert wire.receive(browser.say(BytesMessage(data=OPTIONS[:10], message_finished=False))) == []
    assert wire.begun
    assert wire.receive(browser.say(Ping(payload=b"?"))) == []
    assert browser.hear() == [Pong(payload=b"?")]
    for _ in range(3):
        assert wire.receive(browser.say(BytesMessage(data=b"", message_finished=False))) == []
    assert wire.receive(browser.say(BytesMessage(data=OPTIONS[10:]))) == [OPTIONS]
    assert not wire.begun


@pytest.mark.parametrize("protocols", [(), ("chat",), ("SIP",), ("sips", "msrp")])
def test_who_does_not_offer_the_subprotocol_is_refused(protocols: tuple[str, ...]) -> None:
    """RFC 7118 4.1."""
    browser = Browser()
    with pytest.raises(WireError, match="other subprotocol"):
        browser.wire.receive(browser.ask(protocols=protocols))
    assert browser.wire.outgoing().startswith(b"HTTP/1.1 400 ")
    assert not browser.wire.settled


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("https://phone.example", True),
        ("", True),
        ("https://phone.example.evil.example", False),
        ("http://phone.example", False),
        ("null", False),
    ],
)
def test_pages_of_other_origins_are_refused_where_some_are_named(origin: str, welcome: bool) -> None:
    browser = Browser(WebSocketWire(["https://phone.example"]))
    if welcome:
        browser.wire.receive(browser.ask(origin=origin))
        assert browser.wire.settled
        return
    with pytest.raises(WireError, match="foreign origin"):
        browser.wire.receive(browser.ask(origin=origin))
    assert browser.wire.outgoing().startswith(b"HTTP/1.1 403 ")


KEY = b"Sec-WebSocket-Key: " + b64encode(bytes(16)) + b"\r\n"
GOOD = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: sip\r\n" + KEY + b"\r\n"
)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (GOOD.replace(b"GET", b"POST"), 400),
        (GOOD.replace(KEY, b""), 400),
        (GOOD.replace(b": 13", b": 12"), 426),
        (GOOD.replace(b"Host: x\r\n", b""), 400),
        (GOOD.replace(b"Host: x", b"Host: \xff\xfe"), 0),
        (GOOD.replace(b": sip", b": \xff"), 0),
        (b"OPTIONS sip:x SIP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00" + bytes(20_000), 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, 400),
    ],
)
def test_a_handshake_that_is_none_is_refused(request_: bytes, status: int) -> None:
    wire = WebSocketWire()
    with pytest.raises(WireError, match="bad handshake"):
        wire.receive(request_)
    assert wire.outgoing()[9:12] == (b"%d" % status if status else b"")
    assert not wire.settled


def test_words_behind_the_handshake_are_heard() -> None:
    wire = WebSocketWire()
    assert wire.receive(GOOD + frame(2, OPTIONS)) == [OPTIONS]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(1, b"x", masked=False), 1002),
        (frame(3, b"x"), 1002),
        (frame(0, b"x"), 1002),
        (frame(9, b"x" * 126), 1002),
        (frame(9, b"x", final=False), 1002),
        (frame(0x42, b"x"), 1002),
        (frame(1, b"\xff\xff"), 1007),
        (frame(8, b"\x00"), 1002),
    ],
)
def test_a_broken_frame_ends_the_connection_with_its_reason(sent: bytes, code: int) -> None:
    """RFC 6455 7.4.1."""
    browser = connected()
    assert browser.wire.receive(sent) == []
    assert browser.wire.ended
    (close,) = browser.hear()
    assert isinstance(close, CloseConnection)
    assert close.code == code
    assert browser.wire.receive(frame(2, OPTIONS)) == []


def test_a_message_that_is_too_long_ends_the_connection_before_it_is_here() -> None:
    browser = connected()
    half = b"x" * (MAX_MESSAGE // 2)
    assert browser.wire.receive(frame(2, half, final=False) + frame(0, half, final=False)) == []
    with pytest.raises(WireError, match="too long"):
        browser.wire.receive(frame(0, b"x"))
    (close,) = browser.hear()
    assert isinstance(close, CloseConnection)
    assert close.code == 1009


def test_a_length_beyond_all_measure_costs_nothing() -> None:
    """RFC 6455 5.2 has 63 bits for it."""
    browser = connected()
    head = bytes([0x82, 0xFF]) + struct.pack("!Q", 2**62) + bytes(4)
    assert browser.wire.receive(head) == []
    assert browser.wire.receive(b"x" * 60_000) == []
    with pytest.raises(WireError, match="too long"):
        browser.wire.receive(b"x" * 60_000)


def test_goodbye_is_answered_and_said() -> None:
    browser = connected()
    assert browser.wire.receive(browser.say(CloseConnection(code=1000))) == []
    assert browser.wire.ended
    assert [event.code for event in browser.hear() if isinstance(event, CloseConnection)] == [1000]
    browser = connected()
    browser.wire.close()
    browser.wire.close()
    browser.wire.send(b"too late")
    (close,) = browser.hear()
    assert isinstance(close, CloseConnection)
    assert close.code == 1001


def test_a_peer_that_answers_no_ping_is_gone() -> None:
    browser = connected()
    for _ in range(3):
        browser.wire.ping()
        (ping,) = browser.hear()
        assert isinstance(ping, Ping)
        browser.wire.receive(browser.say(ping.response()))
    for _ in range(PINGS_UNANSWERED_MAX):
        browser.wire.ping()
    with pytest.raises(WireError, match="no pong"):
        browser.wire.ping()


def test_nothing_is_said_before_the_handshake() -> None:
    wire = WebSocketWire()
    wire.start()
    wire.close()
    wire.ping()
    assert wire.outgoing() == b""
    with pytest.raises(WireError):
        wire.send(b"x")


def test_a_refusal_of_ours_is_none_of_a_client_that_left() -> None:
    browser = Browser()
    with pytest.raises(WireError):
        browser.wire.receive(browser.ask(protocols=("chat",)))
    events = browser.hear()
    assert isinstance(events[0], RejectConnection)


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_random_bytes_raise_nothing_else(pieces: list[bytes], after: bool) -> None:
    wire = connected().wire if after else WebSocketWire()
    for piece in pieces:
        try:
            wire.receive(piece)
        except WireError:
            break
    wire.close()
    wire.outgoing()
