"""Attended transfer (RFC 5589 section 7) with Linphone and sipp: who is in a conference hands the place over to somebody else.

Linphone writes into Refer-To the address that it has dialled, without port and parameters, as many do: so where it leads is for
the dial plan to say. Here it is a number, which goes by the trunk.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.interop.linphone import Linphone
from tests.interop.service import Service
from tests.interop.sipp import Sipp
from tests.interop.started import ACCESS_NUMBER, until

NUMBER, BUSY = "+551140020300", "+551140020486"
OTHER_HZ, FIRST_HZ, SECOND_HZ = 660.0, 440.0, 1000.0


@pytest.mark.skipif(
    shutil.which("linphonec") is None, reason="linphonec is not installed (apt-get install linphone-cli)"
)
def test_who_was_asked_first_takes_the_place_of_the_one_who_asked(service: Service, tmp_path: Path) -> None:
    with (
        service.participant(OTHER_HZ) as other,
        Linphone(tmp_path, "ana", FIRST_HZ) as ana,
        Linphone(tmp_path, NUMBER, SECOND_HZ, port=service.trunk) as bia,
    ):
        bia.command("autoanswer enable")
        ana.dial(service.uri(ACCESS_NUMBER))
        ana.key(service.quiet.moderators_keys)
        other.until_hears(FIRST_HZ)
        ana.call_beside(f"sip:{NUMBER}@localhost:{service.trunk}")
        before = [row["leg"] for row in service.roster()]
        ana.command("transfer 1 --to-call 2")
        other.until_hears(SECOND_HZ)
        until(lambda: "has been transfered" in ana.said, "linphonec to be told that it is done")
        service.until_calls(2)
        row = next(each for each in service.roster() if each["leg"] not in before)
        assert (row["role"], row["caller"], len(service.roster())) == ("moderator", "ana", 2)
        assert service.found("call replaced", leg=row["leg"]) is not None
        bia.hang_up()
        other.until_hears()


def test_where_the_other_one_does_not_take_it_that_is_reported_and_nobody_moves(
    service: Service, sipp: Sipp
) -> None:
    with (
        sipp.trunk(service.trunk),
        service.participant(OTHER_HZ) as other,
        service.moderator(FIRST_HZ) as ana,
    ):
        other.until_hears(FIRST_HZ)
        refer_to = f"<sip:{BUSY}@localhost?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2>"
        ana.phone.send(ana.phone.request("REFER", extra=f"Refer-To: {refer_to}\r\n"))
        assert ana.phone.final("REFER").status == 202
        reports = []
        while not reports or reports[-1] < "SIP/2.0 2":
            notify = ana.phone.hear()
            ana.phone.send(notify.answer())
            reports.append(notify.text.partition("\r\n\r\n")[2].strip())
        assert reports[-1] == "SIP/2.0 486 Busy Here"
        assert [row["role"] for row in service.roster()] == ["participant", "moderator"]
        assert other.hears() == {FIRST_HZ}
