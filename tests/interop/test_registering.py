"""Telephones that register, each in its own way: sipsak, baresip, pyVoIP."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sip.challenge import WRONG_PASSWORD
from sip.events import CallAnswered, CallEnded
from sip.proof import Algorithm
from tests.interop.baresip import Baresip, missing
from tests.interop.registrar_here import PASSWORD, RegistrarHere
from tests.interop.started import LOOPBACK, free_port, until

needs_sipsak = pytest.mark.skipif(shutil.which("sipsak") is None, reason="sipsak is not installed")
needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()), reason="baresip is not installed"
)
needs_pyvoip = pytest.mark.skipif(
    importlib.util.find_spec("pyVoIP") is None, reason="pyVoIP is not installed"
)


@pytest.fixture
def registrar() -> Iterator[RegistrarHere]:
    with RegistrarHere("ana", "bob") as here:
        yield here


def sipsak(registrar: RegistrarHere, password: str, *, user: str = "bob", expires: int = 60) -> int:
    """Register, once; the exit status."""
    done = subprocess.run(
        [
            *("sipsak", "-U", "-s", f"sip:{user}@{LOOPBACK}:{registrar.port}", "-u", user, "-a", password),
            *("-C", f"sip:{user}@{LOOPBACK}:5080", "-x", str(expires)),
        ],
        capture_output=True,
        check=False,
        timeout=20,
    )
    return done.returncode


@needs_sipsak
def test_sipsak_registers_and_takes_it_back(registrar: RegistrarHere) -> None:
    assert sipsak(registrar, PASSWORD) == 0
    (row,) = registrar.telephones("bob")
    assert (row.contact, row.transport, row.product) == (f"sip:bob@{LOOPBACK}:5080", "udp", "sipsak 0.9.8.1")
    assert 55 < row.left_s <= 60
    assert sipsak(registrar, PASSWORD, expires=0) == 0
    assert registrar.telephones("bob") == []


@needs_sipsak
@pytest.mark.parametrize("user", ["bob", "nobody"])
def test_sipsak_is_refused_with_a_wrong_password_whether_there_is_such_a_user_or_not(
    registrar: RegistrarHere, user: str
) -> None:
    assert sipsak(registrar, "guessed", user=user) != 0
    assert registrar.noticed_ == [WRONG_PASSWORD]
    assert registrar.telephones(user) == []


@needs_baresip
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_registers_is_called_there_and_says_goodbye(
    registrar: RegistrarHere, tmp_path: Path, transport: str
) -> None:
    phone = Baresip(tmp_path, "ana", 440.0, "PCMU", port=free_port())
    (phone.folder / "accounts").write_text(
        f"<sip:ana@{LOOPBACK}:{registrar.port};transport={transport}>;auth_user=ana;auth_pass={PASSWORD};"
        "regint=60;answermode=auto;audio_codecs=PCMU/8000/1\n"
    )
    with phone:
        (row,) = registrar.until_registered("ana")
        assert row.transport == transport
        assert row.product.startswith("baresip")
        call = registrar.call("ana")
        until(lambda: any(isinstance(each, CallAnswered) for each in registrar.told), "baresip to answer")
        registrar.hang_up(call)
        until(lambda: any(isinstance(each, CallEnded) for each in registrar.told), "the call to end")
        phone.command("quit")
        registrar.until_registered("ana", 0)
    assert registrar.noticed_ == []


@needs_baresip
def test_baresip_over_tcp_is_forgotten_when_its_connection_breaks(
    registrar: RegistrarHere, tmp_path: Path
) -> None:
    phone = Baresip(tmp_path, "ana", 440.0, "PCMU", port=free_port())
    (phone.folder / "accounts").write_text(
        f"<sip:ana@{LOOPBACK}:{registrar.port};transport=tcp>;auth_user=ana;auth_pass={PASSWORD};regint=60\n"
    )
    with phone:
        registrar.until_registered("ana")
    registrar.until_registered("ana", 0)


PYVOIP = """
import sys, time
from pyVoIP.VoIP import PhoneStatus, VoIPPhone
server, ours, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
phone = VoIPPhone("127.0.0.1", server, "bob", password, myIP="127.0.0.1", sipPort=ours, rtpPortLow=36000, rtpPortHigh=36100)
phone.start()
for _ in range(100):
    if phone.get_status() is PhoneStatus.REGISTERED:
        break
    time.sleep(0.05)
print(phone.get_status().value, flush=True)
sys.stdin.readline()
phone.stop()
"""


@needs_pyvoip
@pytest.mark.parametrize("algorithms", [(Algorithm.MD5,), (Algorithm.SHA256, Algorithm.MD5)])
def test_pyvoip_which_knows_no_qop_registers_and_takes_it_back(algorithms: tuple[Algorithm, ...]) -> None:
    with RegistrarHere("bob", algorithms=algorithms) as registrar:
        process = subprocess.Popen(
            [sys.executable, "-c", PYVOIP, str(registrar.port), str(free_port()), PASSWORD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "REGISTERED\n"
            (row,) = registrar.telephones("bob")
            assert row.product == "pyVoIP 1.6.8"
            process.stdin.write("\n")
            process.stdin.flush()
            registrar.until_registered("bob", 0)
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
    assert registrar.noticed_ == []
