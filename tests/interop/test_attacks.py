"""What attackers do to a running bridge from addresses of their own, or of others (interop.md 1.2, and rows 8, 20 and 23 of 5)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.interop.phone import FRAME_BYTES, FRAME_S, Phone, sdp
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, Bridge

STRANGER = "127.0.0.66"
WAVE = b"\x10" * FRAME_BYTES


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as made:
        made.bind((STRANGER, 0))
        made.setblocking(False)
        yield made


def packet(number: int, ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, number, number * FRAME_BYTES, ssrc) + WAVE


def come(sock: socket.socket) -> int:
    """How many datagrams have come."""
    count = 0
    while True:
        try:
            sock.recv(2048)
        except BlockingIOError:
            return count
        count += 1


def speak(sock: socket.socket, port: int, count: int, ssrc: int, *, first: int = 0) -> int:
    """Send audio to a port of the bridge at its pace; how much came back meanwhile."""
    heard = 0
    for number in range(first, first + count):
        sock.sendto(packet(number, ssrc), (LOOPBACK, port))
        time.sleep(FRAME_S)
        heard += come(sock)
    return heard


def test_an_invite_that_nobody_acknowledges_has_no_audio_sent_to_whom_it_names(
    phone: Callable[[], Phone],
) -> None:
    """One forged datagram would be 1,600 packets for its victim else."""
    victim = phone()
    assert victim.dial(ACCESS_NUMBER).status == 200
    time.sleep(1.0)
    assert come(victim.audio) == 0
    victim.acknowledge()
    time.sleep(0.5)
    assert come(victim.audio) > 10
    victim.hang_up()


def test_nobody_is_in_an_open_room_on_the_word_of_an_address(
    bridge: Bridge, phone: Callable[[], Phone]
) -> None:
    """The address that lets a caller in may be forged; who has forged it never sees the tag that an ACK has to bring."""
    ghost = phone()
    reply = ghost.dial("conf-ghosts")
    assert reply.status == 200
    assert speak(ghost.audio, reply.audio_port, 25, 7) == 0
    assert bridge.records("conf-ghosts") == []
    ghost.acknowledge()
    assert speak(ghost.audio, reply.audio_port, 25, 7, first=25) > 10
    ghost.hang_up()
    bridge.left("conf-ghosts")


@pytest.mark.parametrize("quiet_s", [0.5, 2.5])
def test_who_sprays_the_port_of_a_call_has_it_not_longer_than_its_owner_is_silent(
    phone: Callable[[], Phone], stranger: socket.socket, quiet_s: float
) -> None:
    """RTP bleed and inject, by somebody who knows the very port. The host that signals has two seconds to itself."""
    owner = phone()
    reply = owner.dial(ACCESS_NUMBER)
    owner.acknowledge()
    bled = speak(stranger, reply.audio_port, int(quiet_s / FRAME_S), 66)
    assert (bled > 0) is (quiet_s > 2.0)
    speak(owner.audio, reply.audio_port, 5, 7)
    come(stranger)
    assert speak(owner.audio, reply.audio_port, 50, 7, first=5) > 40
    assert speak(stranger, reply.audio_port, 25, 66, first=500) == 0
    owner.hang_up()


@pytest.mark.parametrize("host", ["224.0.0.1", "255.255.255.255", "0.1.2.3", "240.0.0.1"])
def test_audio_for_many_or_for_nobody_is_refused(phone: Callable[[], Phone], host: str) -> None:
    caller = phone()
    caller.send(caller.request("INVITE", ACCESS_NUMBER, body=sdp(40_000).replace(LOOPBACK, host)))
    refusal = caller.final("INVITE")
    assert refusal.status == 488
    caller.to_tag = refusal.to_tag
    caller.acknowledge()


@pytest.mark.parametrize(
    "length", ["4294967328", "-1", "+5", "0x10", "1_0", "99999999", "0\r\nContent-Length: 5"]
)
def test_a_lie_about_the_length_smuggles_no_second_message(bridge: Bridge, length: str) -> None:
    """CVE-2026-23457: one refusal, and the connection is closed before what follows is read."""
    with closing(socket.create_connection(bridge.address, 3)) as connection:
        message = (
            "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
            "To: <sip:a@b>\r\nCall-ID: {}\r\nCSeq: 1 OPTIONS\r\nContent-Length: {}\r\n\r\n"
        )
        connection.sendall((message.format(1, length) + message.format(2, 0)).encode())
        said = b""
        while piece := connection.recv(4096):
            said += piece
    assert said.count(b"SIP/2.0 4") == said.count(b"SIP/2.0 2") + 1 == 1
