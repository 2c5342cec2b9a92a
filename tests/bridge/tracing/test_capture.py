"""Copies for a capture server, over a real socket."""

from __future__ import annotations

import socket

from bridge.config import Address
from bridge.tracing.capture import Capture
from bridge.tracing.hep import Chunk
from sip.flow import Flow
from sip.trace import Traced
from tests.bridge.tracing.messages import BRIDGE, PHONE, data
from tests.bridge.tracing.test_hep import chunks, number

MESSAGE = Traced(1, 5.0, False, Flow("udp", BRIDGE, PHONE), "c1", data("BYE sip:b SIP/2.0"))


def test_each_message_is_a_datagram_to_the_server() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        capture = Capture(Address(*server.getsockname()), 42, 1_000_000.0)
        capture(MESSAGE)
        found = chunks(server.recv(65_535))
        capture.close()
    assert found[Chunk.PAYLOAD] == MESSAGE.data
    assert (number(found[Chunk.SECONDS]), number(found[Chunk.AGENT])) == (1_000_005, 42)
    assert capture.lost == 0


def test_nobody_there_is_counted_and_hurts_nobody() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        place = Address(*gone.getsockname())
    capture = Capture(place, 1, 0.0)
    for _ in range(3):
        capture(MESSAGE)
    assert capture.lost >= 1
    capture.close()
    capture(MESSAGE)
    assert capture.lost >= 2
