"""Linphone's console client: a code keyed, heard and hearing; registered, with its audio secured."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.interop.ears import MOMENT_S, tones_in
from tests.interop.line import Line
from tests.interop.linphone import Linphone
from tests.interop.listening import RATE_HZ
from tests.interop.peered import REALM, Peered
from tests.interop.phone import Phone

pytestmark = pytest.mark.skipif(
    shutil.which("linphonec") is None, reason="linphonec is not installed (apt-get install linphone-cli)"
)

LINPHONE_HZ, OTHER_HZ = 440.0, 660.0


def share_heard(linphone: Linphone, frequency_hz: float) -> float:
    """For which part of the last second this tone was all that was heard. A busy machine may make either end skip a packet."""
    moment = round(MOMENT_S * RATE_HZ)
    pieces = linphone.heard()[-4 * moment :].reshape(4, moment)
    return sum(tones_in(piece) == {frequency_hz} for piece in pieces) / len(pieces)


def test_who_keys_a_code_is_heard_and_hears(peered: Peered, tmp_path: Path) -> None:
    with (
        peered.moderator(OTHER_HZ) as other,
        Linphone(tmp_path, "lin", LINPHONE_HZ) as lin,
    ):
        since = len(peered.events("joined"))
        lin.dial(peered.number)
        lin.key(f"{peered.quiet.participant}#")
        peered.event("joined", since, caller="lin")
        other.until_hears(LINPHONE_HZ)
        time.sleep(1.2)
        lin.hang_up()
        other.until_hears()
    assert share_heard(lin, OTHER_HZ) > 0.7


def test_who_registers_calls_by_its_name_with_secured_audio(peered: Peered, tmp_path: Path) -> None:
    registrar = (peered.port, peered.passwords["gil"], REALM)
    with (
        Line(Phone(peered.address), OTHER_HZ) as other,
        Linphone(tmp_path, "gil", LINPHONE_HZ, encryption="srtp", registrar=registrar) as gil,
    ):
        other.call("conf-linphone")
        (row,) = peered.until_registered("gil")
        assert "inphone" in row["product"]
        gil.dial(peered.uri("conf-linphone"))
        other.until_hears(LINPHONE_HZ)
        time.sleep(1.2)
        gil.hang_up()
        other.until_hears()
    peered.until_registered("gil", 0)
    assert share_heard(gil, OTHER_HZ) > 0.7
