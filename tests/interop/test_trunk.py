"""A carrier that wants an account, by Kamailio: we register there, call through it, and are called by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop import kamailio
from tests.interop.baresip import Baresip
from tests.interop.baresip import missing as missing_of_baresip
from tests.interop.kamailio import PASSWORD, REALM, Kamailio
from tests.interop.service import Service
from tests.interop.sipp import Sipp
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, free_port, until

pytestmark = [
    pytest.mark.skipif(
        shutil.which("kamailio") is None, reason="kamailio is not installed (apt-get install kamailio)"
    ),
    pytest.mark.skipif(bool(kamailio.missing()), reason=kamailio.missing()),
]

MODERATOR_HZ, CALLER_HZ = 440.0, 660.0
ACCOUNT = "acme"
TRUNK = f"""\
transport = "{{transport}}"
username = "{ACCOUNT}"
password_file = "carrier.password"
realm = "{REALM}"
register = true
contact = "{ACCESS_NUMBER}"
expires_s = 60
ping_s = 1
send_identity = "pai"
caller_id = "+551130000000"
"""


class Carried(Service):
    """A bridge whose trunk is a Kamailio, with a port behind it where numbers are answered."""

    def __init__(self, folder: Path, transport: str) -> None:
        (folder / "carrier.password").write_text(f"{PASSWORD}\n")
        super().__init__(folder, TRUNK.format(transport=transport))
        self.behind = free_port()
        self.carrier = Kamailio(folder, self.trunk, self.behind)


@pytest.fixture(scope="module", params=["udp", "tcp"])
def started_carried(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Carried]:
    """One for the module. At its end the registration must be taken back."""
    service = Carried(tmp_path_factory.mktemp("carried"), request.param)
    with service.carrier:
        service.start()
        try:
            service.event("registered", trunk="carrier")
            yield service
            service.assert_unhurt()
        finally:
            status = service.stop()
        assert status == 0
        until(
            lambda: f"registers sip:{ACCOUNT}@{LOOPBACK}:{service.trunk} for 0 s" in service.carrier.log,
            "the end",
        )
        assert PASSWORD not in service.log


@pytest.fixture
def carried(started_carried: Carried) -> Iterator[Carried]:
    """It, with nobody on the line before and after the test."""
    assert not started_carried.calls()
    yield started_carried
    started_carried.until_empty()


def test_a_call_out_proves_whose_it_is_and_ends_well(carried: Carried, sipp: Sipp) -> None:
    """Digest by 407, Record-Route on every later request, the number in P-Asserted-Identity."""
    with sipp.trunk(carried.behind, "-rtp_echo"), carried.moderator(MODERATOR_HZ) as moderator:
        carried.give(command="dial_out", number="+551140020200", name="Gil")
        carried.event("call answered")
        carried.until_calls(2)
        assert "calls +551140020200 for acme who shows" in carried.carrier.log
        assert "<sip:+551130000000@" in carried.carrier.log
        moderator.hang_up()
        carried.give(command="end_conference")
        carried.until_calls(0)


def test_what_the_network_says_comes_back_through_it(carried: Carried, sipp: Sipp) -> None:
    with sipp.trunk(carried.behind), carried.moderator(MODERATOR_HZ) as moderator:
        for code, outcome in (("404", "unknown_number"), ("486", "busy")):
            carried.give(command="dial_out", number=f"+551140020{code}")
            carried.event("call not answered", status=int(code), outcome=outcome)
        moderator.hang_up()


@pytest.mark.skipif(shutil.which("baresip") is None, reason="baresip is not installed")
@pytest.mark.skipif(bool(missing_of_baresip()), reason=missing_of_baresip())
def test_a_call_to_the_registered_number_comes_in_by_the_trunk(carried: Carried, tmp_path: Path) -> None:
    """The carrier sends it to the Contact that we registered, and stays on its way."""
    with Baresip(tmp_path, "ana", CALLER_HZ, "PCMU") as caller:
        caller.dial(carried.carrier.uri(ACCOUNT))
        caller.key(f"{carried.quiet.participant}#")
        carried.event("joined")
        (row,) = carried.calls()
        assert row["dialled"] == ACCESS_NUMBER
        assert "Record-Route" in caller.trace
        caller.hang_up()


def test_a_carrier_that_is_away_and_back_is_noticed_both_times(carried: Carried) -> None:
    carried.event("trunk up", trunk="carrier")
    carried.carrier.__exit__()
    carried.event("trunk down", trunk="carrier")
    ups = len(carried.events("trunk up"))
    carried.carrier.__enter__()
    carried.event("trunk up", since=ups)
