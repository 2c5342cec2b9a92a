"""Telephones with an account of a started bridge: they register there, call as who they are, and are rung where they are."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.interop.baresip import MODULES, RATE_HZ, Baresip, missing
from tests.interop.line import Line
from tests.interop.listening import is_pure
from tests.interop.peered import Peered
from tests.interop.phone import Phone
from tests.interop.started import LOOPBACK, free_port

CALLER_HZ, OTHER_HZ, DESK_HZ = 440.0, 660.0, 1000.0

needs_sipsak = pytest.mark.skipif(shutil.which("sipsak") is None, reason="sipsak is not installed")
needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()), reason=missing() or "baresip is not installed"
)
needs_pyvoip = pytest.mark.skipif(
    importlib.util.find_spec("pyVoIP") is None, reason="pyVoIP is not installed"
)


class Registering(Baresip):
    """A baresip that registers and answers by itself."""

    def __init__(
        self, folder: Path, bridge: Peered, name: str, frequency_hz: float, transport: str, more: str = ""
    ) -> None:
        super().__init__(folder, name, frequency_hz, "PCMU", port=free_port())
        port = bridge.tls if transport == "tls" else bridge.port
        (self.folder / "accounts").write_text(
            f"<sip:{name}@{LOOPBACK}:{port};transport={transport}>;auth_user={name}"
            f";auth_pass={bridge.passwords[name]};regint=60;answermode=auto;audio_codecs=PCMU/8000/1{more}\n"
        )

    def leave(self) -> None:
        """End, and take the registration back."""
        self.command("quit")


def waiting_for_a_hand(phone: Registering) -> Registering:
    """One that rings until somebody answers."""
    accounts = phone.folder / "accounts"
    accounts.write_text(accounts.read_text().replace("answermode=auto", "answermode=manual"))
    return phone


# --- operators ---


@needs_baresip
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_star_0_rings_an_operator_where_they_have_registered(
    peered: Peered, tmp_path: Path, transport: str
) -> None:
    with (
        Registering(tmp_path, peered, "ana", OTHER_HZ, transport) as operator,
        peered.moderator(CALLER_HZ) as caller,
    ):
        (row,) = peered.until_registered("ana")
        assert row["transport"] == transport
        caller.key("*0")
        operator.wait_for("CALL_ESTABLISHED")
        operator.until_told()
        operator.key("1")
        operator.until_hears(CALLER_HZ)
        caller.until_hears(OTHER_HZ)
        operator.key("*3")
        operator.wait_for("CALL_CLOSED")
        operator.leave()
        peered.until_registered("ana", 0)


@needs_baresip
def test_all_telephones_of_an_operator_ring_and_the_first_to_answer_has_the_call(
    peered: Peered, tmp_path: Path
) -> None:
    desk_folder, other_folder = tmp_path / "desk", tmp_path / "other"
    for folder in (desk_folder, other_folder):
        folder.mkdir()
    with (
        waiting_for_a_hand(Registering(desk_folder, peered, "ana", DESK_HZ, "udp")) as desk,
        waiting_for_a_hand(Registering(other_folder, peered, "ana", OTHER_HZ, "tcp")) as other,
        peered.moderator(CALLER_HZ) as caller,
    ):
        peered.until_registered("ana", 2)
        caller.key("*0")
        desk.wait_for("CALL_INCOMING")
        other.wait_for("CALL_INCOMING")
        other.command("accept")
        other.wait_for("CALL_ESTABLISHED")
        desk.wait_for("CALL_CLOSED")
        assert 'cause=200;text="Call completed elsewhere"' in desk.trace
        other.until_told()
        other.key("1")
        other.until_hears(CALLER_HZ)
        caller.until_hears(OTHER_HZ)
        other.key("*3")
        other.wait_for("CALL_CLOSED")
        for phone in (desk, other):
            phone.leave()
        peered.until_registered("ana", 0)


@needs_baresip
def test_an_operator_who_declines_at_one_telephone_is_still_rung_at_the_other(
    peered: Peered, tmp_path: Path
) -> None:
    desk_folder, other_folder = tmp_path / "desk", tmp_path / "other"
    for folder in (desk_folder, other_folder):
        folder.mkdir()
    with (
        waiting_for_a_hand(Registering(desk_folder, peered, "ana", DESK_HZ, "udp")) as desk,
        waiting_for_a_hand(Registering(other_folder, peered, "ana", OTHER_HZ, "udp")) as other,
        peered.moderator(CALLER_HZ) as caller,
    ):
        peered.until_registered("ana", 2)
        caller.key("*0")
        for phone in (desk, other):
            phone.wait_for("CALL_INCOMING")
        desk.hang_up()
        other.command("accept")
        other.wait_for("CALL_ESTABLISHED")
        other.until_told()
        other.key("1")
        other.until_hears(CALLER_HZ)
        other.key("*3")
        other.wait_for("CALL_CLOSED")
        for phone in (desk, other):
            phone.leave()
        peered.until_registered("ana", 0)


# --- TLS and SRTP ---


@needs_baresip
@pytest.mark.skipif(not (MODULES / "srtp.so").exists(), reason="baresip has no srtp.so")
def test_who_registers_over_tls_calls_with_secured_audio_and_nothing_else(
    peered: Peered, tmp_path: Path
) -> None:
    phone = Registering(tmp_path, peered, "bia", CALLER_HZ, "tls", ";mediaenc=srtp-mand")
    configuration = phone.folder / "config"
    text = configuration.read_text().replace("module g711.so", "module g711.so\nmodule srtp.so")
    configuration.write_text(f"{text}sip_cafile {peered.authority.file}\n")
    with phone, Line(Phone(peered.address), OTHER_HZ) as other:
        (row,) = peered.until_registered("bia")
        assert row["transport"] == "tls"
        other.call("conf-secured")
        phone.dial(peered.secure_uri("conf-secured"))
        other.until_hears(CALLER_HZ)
        phone.until_hears(OTHER_HZ)
        heard = phone.listen(1.5), other.listen(1.5)
        phone.hang_up()
        phone.leave()
        peered.until_registered("bia", 0)
    assert is_pure(heard[0][-RATE_HZ:], OTHER_HZ)
    assert is_pure(heard[1][-RATE_HZ:], CALLER_HZ)
    secured = [row for row in peered.events("audio secured") if row["call_id"] in phone.trace]
    assert [row["srtp"] for row in secured] == ["AES_CM_128_HMAC_SHA1_80"]


@needs_baresip
def test_plain_audio_over_tls_is_refused_where_it_must_be_secured(peered: Peered, tmp_path: Path) -> None:
    phone = Registering(tmp_path, peered, "bia", CALLER_HZ, "tls")
    with (phone.folder / "config").open("a") as file:
        file.write(f"sip_cafile {peered.authority.file}\n")
    with phone:
        peered.until_registered("bia")
        phone.command("dial", peered.secure_uri("conf-plain"))
        phone.wait_for("CALL_CLOSED")
        assert "SIP/2.0 488 " in phone.trace
        phone.leave()
        peered.until_registered("bia", 0)


# --- sipsak ---


def sipsak(peered: Peered, *options: str, user: str = "") -> subprocess.CompletedProcess[str]:
    uri = f"sip:{user}@{LOOPBACK}:{peered.port}" if user else f"sip:{LOOPBACK}:{peered.port}"
    return subprocess.run(
        ["sipsak", "-s", uri, *options],
        capture_output=True,
        text=True,
        errors="replace",  # it shows the random characters that it sent
        check=False,
        timeout=30,
    )


@needs_sipsak
def test_sipsak_is_told_that_we_are_there(peered: Peered) -> None:
    done = sipsak(peered, "-vv")
    assert done.returncode == 0, done.stdout
    assert "SIP/2.0 200 OK" in done.stdout
    assert "Server:" not in done.stdout


@needs_sipsak
def test_sipsak_registers_with_its_password_and_with_no_other(peered: Peered) -> None:
    contact = ("-U", "-u", "gil", "-C", f"sip:gil@{LOOPBACK}:5080", "-x", "60")
    assert sipsak(peered, *contact, "-a", "guessed", user="gil").returncode != 0
    assert not peered.telephones("gil")
    assert sipsak(peered, *contact, "-a", peered.passwords["gil"], user="gil").returncode == 0
    (row,) = peered.telephones("gil")
    assert row["product"].startswith("sipsak")
    assert sipsak(peered, *contact, "-a", peered.passwords["gil"], "-x", "0", user="gil").returncode == 0
    assert not peered.telephones("gil")


@needs_sipsak
def test_sipsak_with_random_characters_and_in_a_flood_does_no_harm(peered: Peered) -> None:
    with Line(Phone(peered.address), CALLER_HZ) as line:
        line.call("conf-sipsak")
        sipsak(peered, "-R", "-e", "30", user="conf-sipsak")
        sipsak(peered, "-F", "-e", "1000", user="conf-sipsak")
        assert len(line.listen(0.5))
        began = time.monotonic()
        assert sipsak(peered).returncode == 0
        assert time.monotonic() - began < 2.0


# --- pyVoIP ---

PYVOIP = """
import math, os, sys, threading, time
from pyVoIP.VoIP import CallState, PhoneStatus, VoIPPhone
server, ours, password, room = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
phone = VoIPPhone("127.0.0.1", server, "pia", password, myIP=sys.argv[5], sipPort=ours, rtpPortLow=36000, rtpPortHigh=36100)
threading.Timer(10, os._exit, [1]).start()
phone.start()
while phone.get_status() is not PhoneStatus.REGISTERED:
    time.sleep(0.02)
print("REGISTERED", flush=True)
threading.Timer(3, lambda: call is None and os._exit(1)).start()
call = None
call = phone.call(room)
while call.state is CallState.DIALING:
    time.sleep(0.02)
print(call.state.value, flush=True)
call.write_audio(bytes(round(128 + 60 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(8 * 8000)))
sys.stdin.readline()
heard = b"".join(call.read_audio(160, blocking=True) for _ in range(50))
print(sum(a < 128 <= b for a, b in zip(heard, heard[1:])), flush=True)
os._exit(0)
"""
"""It talks for 8 s, and at a line on standard input says how often what it hears crosses zero upwards in a second: its Hz."""


@needs_pyvoip
def test_pyvoip_registers_calls_hears_and_is_heard(peered: Peered) -> None:
    """It proves itself without the number in the URI, and acknowledges with a tag that nobody gave it."""
    with (
        Line(Phone(peered.address), OTHER_HZ) as other,
        subprocess.Popen(
            [
                sys.executable, "-c", PYVOIP, str(peered.port), str(free_port()), peered.passwords["pia"],
                "conf-pyvoip", LOOPBACK,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as pyvoip,
    ):  # fmt: skip
        other.call("conf-pyvoip")
        assert pyvoip.stdout.readline() == "REGISTERED\n"
        assert peered.telephones("pia")[0]["product"].startswith("pyVoIP")
        assert pyvoip.stdout.readline() == "ANSWERED\n"
        other.until_hears(CALLER_HZ)
        pyvoip.stdin.write("\n")
        pyvoip.stdin.flush()
        assert abs(int(pyvoip.stdout.readline()) - OTHER_HZ) < 30
