"""A bridge on IPv4 and IPv6 at once: telephones of both in one room, each told and heard at an address of its own kind."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.line import Line
from tests.interop.linphone import Linphone
from tests.interop.listening import is_pure
from tests.interop.phone import Phone, Reply
from tests.interop.started import LOOPBACK, Bridge

SIX = "::1"
OLD_HZ, NEW_HZ = 440.0, 660.0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((SIX, 0))
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path_factory.mktemp("both"))
    text = bridge.file.read_text()
    for name in ("udp", "tcp"):
        one = f'{name} = ["{LOOPBACK}:{bridge.port}"]'
        text = text.replace(one, f'{name} = ["{LOOPBACK}:{bridge.port}", "[{SIX}]:{bridge.port}"]')
    bridge.file.write_text(text.replace('["127.0.0.0/8"]', '["127.0.0.0/8", "::1/128"]'))
    bridge.start()
    yield bridge
    try:
        bridge.assert_unhurt()
    finally:
        assert bridge.stop() == 0


class NewPhone(Phone):
    """One that knows IPv6 alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("signalling", "audio"):
            getattr(self, name).close()
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            sock.bind((SIX, 0))
            setattr(self, name, sock)
        self.signalling.settimeout(self.timeout_s)
        self.audio.setblocking(False)

    def request(self, method: str, number: str = "", *, body: str = "", **more: object) -> str:
        body = body.replace(f"IP4 {LOOPBACK}", f"IP6 {SIX}")
        head, _, body = super().request(method, number, body=body, **more).partition("\r\n\r\n")
        head = head.replace(f"@{SIX}", f"@[{SIX}]").replace(LOOPBACK, f"[{SIX}]")
        return f"{head}\r\n\r\n{body}"


def test_both_are_in_one_room_and_hear_each_other(both: Bridge) -> None:
    with (
        Line(Phone(both.address), OLD_HZ) as old,
        Line(NewPhone((SIX, both.port)), NEW_HZ) as new,
    ):
        for line in (old, new):
            line.call("conf-both")
        marks = old.mark(), new.mark()
        time.sleep(2.2)
        assert is_pure(old.since(marks[0])[4000:16000], NEW_HZ)
        assert is_pure(new.since(marks[1])[4000:16000], OLD_HZ)


def test_each_is_told_an_address_of_its_kind(both: Bridge) -> None:
    for phone, host, kind in (
        (Phone(both.address), LOOPBACK, "IP4"),
        (NewPhone((SIX, both.port)), f"[{SIX}]", "IP6"),
    ):
        with phone:
            answer = phone.join("conf-told")
            assert f"c=IN {kind} {host.strip('[]')}\r\n" in answer.text
            assert f"@{host}:{both.port}>" in answer.header("Contact")
            phone.hang_up()


def test_twenty_calls_share_the_ports_of_both(both: Bridge) -> None:
    """No port is given out twice, though each could be bound once in each version."""
    phones = [Phone(both.address) if number % 2 else NewPhone((SIX, both.port)) for number in range(20)]
    ports = [phone.join("conf-many").audio_port for phone in phones]
    assert len(set(ports)) == len(ports)
    for phone in phones:
        with phone:
            phone.hang_up()


class MixedPhone(NewPhone):
    """One that has both: it signals over IPv6 and speaks over IPv4."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.audio.close()
        self.audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.audio.bind((LOOPBACK, 0))
        self.audio.setblocking(False)

    def request(self, method: str, number: str = "", *, body: str = "", **more: object) -> str:
        head, _, _ = super().request(method, number, body=body, **more).partition("\r\n\r\n")
        return f"{head}\r\n\r\n{body}"

    def join(self, number: str) -> Reply:
        reply = self.dial(number)
        assert f"c=IN IP4 {LOOPBACK}\r\n" in reply.text, reply.text
        self.acknowledge()
        self.audio.connect((LOOPBACK, reply.audio_port))
        return reply


def test_who_signals_over_ipv6_and_speaks_over_ipv4_is_heard_and_hears(both: Bridge) -> None:
    with (
        Line(Phone(both.address), OLD_HZ) as old,
        Line(MixedPhone((SIX, both.port)), NEW_HZ) as mixed,
    ):
        for line in (old, mixed):
            line.call("conf-mixed")
        marks = old.mark(), mixed.mark()
        time.sleep(2.2)
        assert is_pure(old.since(marks[0])[4000:16000], NEW_HZ)
        assert is_pure(mixed.since(marks[1])[4000:16000], OLD_HZ)


@pytest.mark.skipif(shutil.which("linphonec") is None, reason="linphonec is not installed")
def test_linphone_with_both_versions_is_heard_and_hears(both: Bridge, tmp_path: Path) -> None:
    with (
        Line(Phone(both.address), OLD_HZ) as other,
        Linphone(tmp_path, "lin", NEW_HZ, ipv6=True) as lin,
    ):
        other.call("conf-linphone")
        lin.dial(f"sip:conf-linphone@[{SIX}]:{both.port}")
        other.until_hears(NEW_HZ)
        lin.hang_up()
        other.until_hears()
