"""baresip and openssl over TLS: who they believe, what they hear, and that a renewed certificate drops nobody."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.baresip import RATE_HZ, Baresip, missing
from tests.interop.listening import is_pure
from tests.interop.listening_bridge import ListeningBridge
from tests.interop.started import LOOPBACK, until

LOW_HZ, HIGH_HZ = 440.0, 660.0

needs_baresip = pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()),
    reason=missing() or "baresip is not installed (apt-get install baresip-core)",
)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListeningBridge]:
    bridge = ListeningBridge(tmp_path_factory.mktemp("secure"))
    bridge.start()
    yield bridge
    if bridge.alive:  # the last test may have ended it
        try:
            bridge.assert_unhurt()
        finally:
            assert bridge.stop() == 0


class SecureBaresip(Baresip):
    """One that shows a certificate, and believes the authority of the tests."""

    def __init__(self, folder: Path, bridge: ListeningBridge, name: str, frequency_hz: float) -> None:
        super().__init__(folder, name, frequency_hz, "PCMU")
        pair = bridge.authority.issue(name, domains=(f"{name}.example",))
        both = self.folder / "certificate.pem"
        both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
        with (self.folder / "config").open("a") as file:
            file.write(f"sip_certificate {both}\nsip_cafile {bridge.authority.file}\n")


def secure_uri(bridge: ListeningBridge, user: str) -> str:
    return f"sip:{user}@{LOOPBACK}:{bridge.tls};transport=tls"


@needs_baresip
def test_who_calls_over_tls_is_in_a_room_with_who_calls_over_udp(
    secure: ListeningBridge, tmp_path: Path
) -> None:
    with (
        SecureBaresip(tmp_path, secure, "ana", LOW_HZ) as ana,
        Baresip(tmp_path, "bia", HIGH_HZ, "PCMU") as bia,
    ):
        ana.dial(secure_uri(secure, "conf-tls"))
        bia.dial(secure.uri("conf-tls"))
        start = ana.heard_s(), bia.heard_s()
        time.sleep(2.5)
        for each in (ana, bia):
            each.hang_up()
        for each, from_s, frequency_hz in ((ana, start[0], HIGH_HZ), (bia, start[1], LOW_HZ)):
            assert is_pure(each.heard()[round((from_s + 0.5) * RATE_HZ) :][: 2 * RATE_HZ], frequency_hz)
        assert f"SIP/2.0/TLS {LOOPBACK}" in ana.trace
        assert ";transport=tls>" in ana.trace


def asked(bridge: ListeningBridge, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"{LOOPBACK}:{bridge.tls}",
            "-CAfile",
            str(bridge.authority.file),
            *options,
        ],
        input="",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def shown(bridge: ListeningBridge) -> str:
    return asked(bridge).stdout


@needs_openssl
@pytest.mark.parametrize(("version", "spoken"), [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)])
def test_versions(secure: ListeningBridge, version: str, spoken: bool) -> None:
    done = asked(secure, version, "-cipher", "ALL:@SECLEVEL=0")
    assert ("New, TLSv1" in done.stdout) is spoken, done.stdout + done.stderr
    if spoken:
        assert "Verify return code: 0 (ok)" in done.stdout


@needs_openssl
def test_a_client_cannot_renegotiate(secure: ListeningBridge) -> None:
    """Each handshake costs us more than it costs who asks for it."""
    assert "Secure Renegotiation IS supported" in asked(secure, "-tls1_2").stdout
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{LOOPBACK}:{secure.tls}", "-tls1_2"],
        input="R\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "no renegotiation" in done.stderr.lower() or done.returncode != 0, done.stderr


@needs_baresip
def test_a_renewed_certificate_leaves_calls_alone_and_they_end_on_their_connection(
    secure: ListeningBridge, tmp_path: Path
) -> None:
    with SecureBaresip(tmp_path, secure, "ana", LOW_HZ) as ana:
        ana.dial(secure_uri(secure, "conf-renewed"))
        secure.authority.issue("renewed", addresses=(LOOPBACK,), file="bridge")
        secure.signal(signal.SIGHUP)
        until(lambda: secure.events("certificates renewed"), "the certificate to be renewed")
        assert "CN = renewed" in shown(secure)
        ana.forget()
        assert secure.stop() == 0
        ana.wait_for("CALL_CLOSED")
