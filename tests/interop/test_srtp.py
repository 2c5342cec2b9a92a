"""Secured audio: baresip, which has keys of its own, and what hostile peers do to a call (interop.md section 5, row 21)."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.baresip import MODULES, RATE_HZ, Baresip, missing
from tests.interop.line import Line
from tests.interop.listening import is_pure, is_silent
from tests.interop.phone import Phone
from tests.interop.secured_line import SecuredLine, SecuredPhone, new_key, session
from tests.interop.started import Bridge, until

LOW_HZ, HIGH_HZ = 440.0, 660.0

needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()) or not (MODULES / "srtp.so").exists(),
    reason="baresip with srtp.so is not installed (apt-get install baresip-core)",
)
needs_libsrtp = pytest.mark.skipif(
    importlib.util.find_spec("pylibsrtp") is None, reason="pylibsrtp is not installed"
)


class SecuredBaresip(Baresip):
    """One whose account asks for secured audio."""

    def __init__(self, folder: Path, name: str, frequency_hz: float, encryption: str) -> None:
        super().__init__(folder, name, frequency_hz, "PCMU")
        accounts = self.folder / "accounts"
        accounts.write_text(accounts.read_text().strip() + f";mediaenc={encryption}\n")
        configuration = self.folder / "config"
        modules = configuration.read_text().replace("module g711.so", "module g711.so\nmodule srtp.so")
        configuration.write_text(modules)


@needs_baresip
@pytest.mark.parametrize(("encryption", "profile"), [("srtp", "RTP/AVP"), ("srtp-mand", "RTP/SAVP")])
def test_a_softphone_with_keys_hears_one_without_and_is_heard(
    bridge: Bridge, tmp_path: Path, encryption: str, profile: str
) -> None:
    with (
        SecuredBaresip(tmp_path, "ana", LOW_HZ, encryption) as ana,
        Baresip(tmp_path, "bia", HIGH_HZ, "PCMU") as bia,
    ):
        for each in (ana, bia):
            each.dial(bridge.uri(f"conf-{encryption}"))
        start = ana.heard_s(), bia.heard_s()
        time.sleep(2.5)
        for each in (ana, bia):
            each.hang_up()
        for each, from_s, frequency_hz in ((ana, start[0], HIGH_HZ), (bia, start[1], LOW_HZ)):
            assert is_pure(each.heard()[round((from_s + 0.5) * RATE_HZ) :][: 2 * RATE_HZ], frequency_hz)
        answered = re.search(
            r"^SIP/2.0 200 OK(?:(?!^SIP/2\.0|^[A-Z]+ sip:).)*?^m=audio \d+ (\S+).*?^a=crypto:(\d+) (\w+) inline:(\S+)",
            ana.trace,
            re.MULTILINE | re.DOTALL,
        )
        assert answered is not None
        assert answered[1] == profile
        assert answered[4] not in bridge.log, "a key"
        assert f'"srtp":"{answered[3]}"' in bridge.log.replace(" ", "")


@pytest.fixture
def pair(bridge: Bridge, request: pytest.FixtureRequest) -> Iterator[tuple[SecuredLine, Line]]:
    """Somebody with keys, and somebody without who listens; `param` is where the first one's numbers begin."""
    pytest.importorskip("pylibsrtp")
    room = f"conf-{request.node.name.partition('[')[0].replace('_', '')[4:40]}"
    with (
        SecuredLine(SecuredPhone(bridge.address), LOW_HZ, sequence=getattr(request, "param", 0)) as secured,
        Line(Phone(bridge.address), HIGH_HZ) as plain,
    ):
        secured.call(room)
        plain.call(room)
        plain.until_hears(LOW_HZ)
        secured.until_hears(HIGH_HZ)
        yield secured, plain
        plain.until_hears(LOW_HZ)
        secured.until_hears(HIGH_HZ)


def test_packets_that_come_again_are_not_heard_again(pair: tuple[SecuredLine, Line]) -> None:
    secured, plain = pair
    sent: list[bytes] = []

    def again(_: bytes, sealed: bytes) -> list[bytes]:
        sent.append(sealed)
        return [sealed, sealed, *sent[-40:-1:8], sealed]

    secured.disguise = again
    time.sleep(0.3)
    assert is_pure(plain.listen(2.0), LOW_HZ)


def test_another_key_is_not_heard_and_ends_nothing(pair: tuple[SecuredLine, Line]) -> None:
    secured, plain = pair
    stranger = session(new_key(), out=True)
    secured.disguise = lambda plain_packet, _: [stranger.protect(plain_packet)]
    time.sleep(0.5)
    assert is_silent(plain.listen(2.0))
    secured.disguise = lambda _, sealed: [sealed]


def test_plain_audio_is_not_heard_where_there_are_keys(pair: tuple[SecuredLine, Line]) -> None:
    secured, plain = pair
    secured.disguise = lambda plain_packet, _: [plain_packet]
    time.sleep(0.5)
    assert is_silent(plain.listen(2.0))
    assert secured.hears_for(0.5) == {HIGH_HZ}, "and is never the answer"
    secured.disguise = lambda _, sealed: [sealed]


def test_ten_thousand_pieces_of_garbage_end_nothing(pair: tuple[SecuredLine, Line], bridge: Bridge) -> None:
    """ES2021-09."""
    secured, plain = pair
    header = struct.pack("!BB", 0x80, 0)

    def between(_: bytes, sealed: bytes) -> list[bytes]:
        return [*(header + os.urandom(180) for _ in range(100)), sealed]

    secured.disguise = between
    time.sleep(0.3)
    assert is_pure(plain.listen(2.0), LOW_HZ)
    secured.disguise = lambda _, sealed: [sealed]
    assert bridge.alive


@pytest.mark.parametrize("pair", [65_450], indirect=True)
def test_numbers_that_begin_anew_are_not_heard(pair: tuple[SecuredLine, Line]) -> None:
    """The rollover counter, which is in no packet."""
    _, plain = pair
    assert is_pure(plain.listen(3.0), LOW_HZ)


def test_unsecured_reports_are_nothing_to_complain_of(pair: tuple[SecuredLine, Line], bridge: Bridge) -> None:
    """Baresip sends such (interop.md section 1.2-6)."""
    secured, plain = pair
    for _ in range(50):
        secured.to_reports(struct.pack("!BBHI", 0x80, 201, 1, 77) + bytes(8))
        secured.to_reports(struct.pack("!BBHI", 0x81, 203, 1, 77))
    assert is_pure(plain.listen(1.0), LOW_HZ)
    assert bridge.alive


def test_after_new_keys_audio_is_back_at_once(pair: tuple[SecuredLine, Line]) -> None:
    """Within 100 ms of the answer."""
    secured, plain = pair
    for version in (2, 3):
        before = secured.phone.their_key
        secured.phone.renew(version)
        secured.take_keys()
        opened, at = secured.opened, time.monotonic()
        assert secured.phone.their_key != before
        until(lambda opened=opened: secured.opened > opened, "audio under the new key")
        assert time.monotonic() - at < 0.1
        assert is_pure(plain.listen(1.0), LOW_HZ)
        assert secured.hears_for(0.5) == {HIGH_HZ}


@needs_libsrtp
def test_the_same_offer_again_keeps_the_key(bridge: Bridge) -> None:
    with SecuredPhone(bridge.address) as phone:
        phone.join("conf-samekey")
        key, ours = phone.their_key, phone.key
        phone.send(phone.request("INVITE", body=phone.offer(ours, 2)))
        phone._answered()
        phone.acknowledge()
        assert phone.their_key == key
        phone.hang_up()


@needs_libsrtp
def test_a_key_that_nobody_can_use_is_refused_and_no_other_is_offered(bridge: Bridge) -> None:
    with SecuredPhone(bridge.address) as phone:
        body = phone.offer(new_key()).replace("AES_CM_128_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_80")
        phone.send(phone.request("INVITE", "conf-nokey", body=body))
        refused = phone.final("INVITE")
        phone.acknowledge()
        assert refused.status == 488
        assert refused.header("Warning").startswith("302 ")
