"""HEP, read back chunk by chunk."""

from __future__ import annotations

from dataclasses import replace
from struct import unpack_from

import pytest

from bridge.tracing.hep import Chunk, hep
from bridge.tracing.packets import DATAGRAM_MAX
from tests.bridge.tracing.messages import BRIDGE, NOON, PHONE, SIX, SIX_BRIDGE, data, seen


def chunks(datagram: bytes) -> dict[Chunk, bytes]:
    magic, total = unpack_from("!4sH", datagram)
    assert (magic, total) == (b"HEP3", len(datagram))
    found, at = {}, 6
    while at < total:
        vendor, kind, length = unpack_from("!HHH", datagram, at)
        assert vendor == 0
        found[Chunk(kind)] = datagram[at + 6 : at + length]
        at += length
    assert at == total
    return found


def number(value: bytes) -> int:
    return int.from_bytes(value, "big")


def test_a_message_says_all_that_a_capture_server_wants() -> None:
    message = seen(PHONE, BRIDGE, "INVITE sip:1000@b SIP/2.0", 0.25)
    found = chunks(hep(message, 42))
    assert {
        kind: number(value) for kind, value in found.items() if kind not in (Chunk.PAYLOAD, Chunk.CORRELATION)
    } == {
        Chunk.FAMILY: 2,
        Chunk.PROTOCOL: 17,
        Chunk.SOURCE_IPV4: number(bytes([198, 51, 100, 7])),
        Chunk.TARGET_IPV4: number(bytes([192, 0, 2, 1])),
        Chunk.SOURCE_PORT: 5070,
        Chunk.TARGET_PORT: 5060,
        Chunk.SECONDS: int(NOON),
        Chunk.MICROSECONDS: 250_000,
        Chunk.KIND: 1,
        Chunk.AGENT: 42,
    }
    assert found[Chunk.PAYLOAD] == data("INVITE sip:1000@b SIP/2.0")
    assert found[Chunk.CORRELATION] == b"c1"


def test_ipv6_has_chunks_of_its_own() -> None:
    found = chunks(hep(seen(SIX, SIX_BRIDGE, "BYE sip:b SIP/2.0"), 1))
    assert found[Chunk.FAMILY] == b"\x0a"
    assert (len(found[Chunk.SOURCE_IPV6]), len(found[Chunk.TARGET_IPV6])) == (16, 16)
    assert Chunk.SOURCE_IPV4 not in found


@pytest.mark.parametrize("transport", ["tcp", "tls", "ws", "wss"])
def test_every_stream_is_tcp(transport: str) -> None:
    assert (
        chunks(hep(seen(PHONE, BRIDGE, "BYE sip:b SIP/2.0", transport=transport), 1))[Chunk.PROTOCOL]
        == b"\x06"
    )


def test_what_would_not_fit_into_a_datagram_is_cut_off() -> None:
    message = replace(seen(PHONE, BRIDGE, "BYE sip:b SIP/2.0"), data=b"x" * 65_536, call_id="c" * 1000)
    datagram = hep(message, 1)
    assert len(datagram) == DATAGRAM_MAX
    assert chunks(datagram)[Chunk.CORRELATION] == b"c" * 256
