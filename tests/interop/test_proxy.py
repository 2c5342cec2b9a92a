"""A telephone behind a Kamailio that stands in front of the bridge: it registers, calls and is called through it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.interop import kamailio_proxy
from tests.interop.baresip import Baresip
from tests.interop.baresip import missing as missing_of_baresip
from tests.interop.kamailio_proxy import Proxy
from tests.interop.line import Line
from tests.interop.peered import Peered
from tests.interop.phone import Phone
from tests.interop.started import LOOPBACK, free_port

pytestmark = [
    pytest.mark.skipif(
        shutil.which("kamailio") is None, reason="kamailio is not installed (apt-get install kamailio)"
    ),
    pytest.mark.skipif(bool(kamailio_proxy.missing()), reason=kamailio_proxy.missing()),
    pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed"),
    pytest.mark.skipif(bool(missing_of_baresip()), reason=missing_of_baresip()),
]

PHONE_HZ, OTHER_HZ = 440.0, 660.0


def test_a_telephone_behind_a_proxy_registers_calls_and_is_called(peered: Peered, tmp_path: Path) -> None:
    """Path takes the bridge's call back to it, Record-Route everything later in both calls."""
    phone = Baresip(tmp_path, "ana", PHONE_HZ, "PCMU", port=free_port())
    with Proxy(tmp_path, peered.port) as proxy:
        (phone.folder / "accounts").write_text(
            f'<sip:ana@{LOOPBACK}:{peered.port}>;outbound="sip:{LOOPBACK}:{proxy.port}"'
            f";auth_user=ana;auth_pass={peered.passwords['ana']};regint=60;answermode=auto"
            ";audio_codecs=PCMU/8000/1\n"
        )
        with phone:
            peered.until_registered("ana")
            with Line(Phone(peered.address), OTHER_HZ) as other:
                other.call("conf-proxied")
                phone.dial(peered.uri("conf-proxied"))
                other.until_hears(PHONE_HZ)
                phone.until_hears(OTHER_HZ)
                phone.hang_up()
                other.until_hears()
            assert f"Record-Route: <sip:{LOOPBACK}:{proxy.port}" in phone.trace
            phone.forget()
            with peered.moderator(OTHER_HZ) as caller:
                caller.key("*0")
                phone.wait_for("CALL_ESTABLISHED")
                phone.until_told()
                phone.key("1")
                phone.until_hears(OTHER_HZ)
                caller.until_hears(PHONE_HZ)
                phone.key("*3")
                phone.wait_for("CALL_CLOSED")
            sent_to_phone = phone.trace.split("\nINVITE ")[-1].partition("\r\n\r\n")[0]
            assert f"Record-Route: <sip:{LOOPBACK}:{proxy.port}" in sent_to_phone
            phone.command("quit")
            peered.until_registered("ana", 0)
