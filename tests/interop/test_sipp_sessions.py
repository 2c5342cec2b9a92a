"""sipp at the turns of a call that come after its answer or go on beside it: sessions that are refreshed, changed, ended while
something is open; long requests; rosters, REFER and Replaces; carriers that say who calls.
"""

from __future__ import annotations

import base64
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.interop.peered import CARRIER, IPV6, LINES, NARROW, Peered, has_ipv6
from tests.interop.phone import Phone
from tests.interop.sipp import Sipp
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, until

TRANSPORTS = pytest.mark.parametrize("transport", ["u1", "t1"], ids=["udp", "tcp"])
GUEST = "+551140020200"


@pytest.mark.parametrize(
    "scenario", ["session_timer", "short_session", "bye_while_open", "cancel", "message"]
)
def test_a_call_goes_its_way(peered: Peered, sipp: Sipp, scenario: str) -> None:
    room = f"conf-{scenario}"
    sipp.run(f"{scenario}.xml", peered, room)
    (record,) = peered.left(room)
    assert record["reason"] == "hung_up"


@TRANSPORTS
@pytest.mark.parametrize("padding", [1300, 7600])
def test_long_requests_are_as_good_as_short_ones(
    peered: Peered, sipp: Sipp, padding: int, transport: str
) -> None:
    """RFC 3261 18.1.1: whoever sends more than 1,300 bytes by UDP should not, and is understood."""
    room = f"conf-{padding}-{transport}"
    sipp.run("large.xml", peered, room, "-key", "padding", "x" * padding, transport=transport)
    peered.left(room)


@TRANSPORTS
@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_sipp_calls_by_ipv6(peered: Peered, sipp: Sipp, transport: str) -> None:
    room = f"conf-6-{transport}"
    sipp.run("large.xml", peered, room, "-key", "padding", "x", transport=transport, local=IPV6, host=IPV6)
    peered.left(room)


def test_keys_in_bodies_of_their_own(peered: Peered, sipp: Sipp) -> None:
    since = time.time()
    sipp.run("digits_by_info.xml", peered, ACCESS_NUMBER, "-key", "code", f"{peered.quiet.participant}#")
    (record,) = peered.left(ACCESS_NUMBER, since=since)
    assert record["role"] == "participant"


def test_who_watches_the_roster_sees_somebody_come_and_go(peered: Peered, sipp: Sipp) -> None:
    since = len(peered.events("roster watched"))
    with ThreadPoolExecutor() as at_once, Phone(peered.address) as other:
        watching = at_once.submit(sipp.run, "watch.xml", peered, "conf-watched")
        peered.event("roster watched", since)  # linphonec watches, too, wherever it is
        other.join("conf-watched")
        time.sleep(1.5)  # a roster is told once a second
        other.hang_up()
        watching.result()
    peered.left("conf-watched", count=2)


def test_a_moderator_brings_somebody_in_and_puts_them_out(peered: Peered, sipp: Sipp) -> None:
    with sipp.trunk(peered.trunk):
        sipp.run(
            "refer.xml", peered, ACCESS_NUMBER,
            "-key", "code", peered.quiet.moderators_keys, "-key", "guest", GUEST,
        )  # fmt: skip
        peered.event("call answered")
    query = "SELECT * FROM calls_out WHERE number = ? AND ended_at IS NOT NULL"
    until(lambda: peered.rows(query, GUEST), "the record of the call")


def test_a_call_takes_the_place_of_another(peered: Peered, sipp: Sipp) -> None:
    with ThreadPoolExecutor() as at_once, Phone(peered.address) as old:
        answer = old.join("conf-replaced")
        before = peered.event("joined", call_id=old.call_id)
        dialog = f"{old.call_id};to-tag={answer.to_tag};from-tag={old.name}"
        new = at_once.submit(sipp.run, "replaces.xml", peered, "conf-other", "-key", "dialog", dialog)
        old.be_hung_up()
        successor = peered.call(conference=before["conference"])
        assert successor["leg"] != before["leg"]
        new.result()
    assert {row["reason"] for row in peered.left("conf-replaced", count=1)} == {"hung_up"}


@pytest.mark.parametrize(
    ("local", "said", "shown"),
    [
        (CARRIER, f"P-Asserted-Identity: <sip:{GUEST}@carrier.example>", GUEST),
        (CARRIER, f"P-Asserted-Identity: <tel:{GUEST}>\r\nPrivacy: id", "anonymous"),
        (LOOPBACK, f"P-Asserted-Identity: <sip:{GUEST}@carrier.example>", "4002"),
    ],
    ids=["carrier", "withheld", "stranger"],
)
def test_a_carrier_is_believed_about_who_calls_and_a_stranger_is_not(
    peered: Peered, sipp: Sipp, local: str, said: str, shown: str
) -> None:
    since = len(peered.events("call came"))
    sipp.run("who_calls.xml", peered, ACCESS_NUMBER, "-key", "said", said, local=local)
    row = peered.event("call came", since, source=local)
    assert (row["caller"], row["dialled"]) == (shown, ACCESS_NUMBER)


def test_a_call_that_was_forwarded_is_for_whoever_was_dialled(peered: Peered, sipp: Sipp) -> None:
    """RFC 5806, from a carrier."""
    since = len(peered.events("call came"))
    said = f"Diversion: <sip:{ACCESS_NUMBER}@{LOOPBACK}>;reason=unconditional"
    sipp.run("who_calls.xml", peered, "+551130009999", "-key", "said", said, local=CARRIER)
    assert peered.event("call came", since, source=CARRIER)["dialled"] == ACCESS_NUMBER


def test_who_finds_all_lines_taken_is_told_when_to_come_again(peered: Peered, sipp: Sipp) -> None:
    calls = str(LINES + 2)
    sipp.run("crowd.xml", peered, "conf-crowd", "-m", calls, "-l", calls, "-r", "50", local=NARROW)
    assert len(peered.left("conf-crowd", count=LINES)) == LINES


def test_a_trunk_that_rings_reliably_and_changes_the_session(peered: Peered, sipp: Sipp) -> None:
    """PRACK that comes again while its answer is late; UPDATE before and after the answer."""
    number, since = "+551140020201", len(peered.events("call answered"))
    trace = peered.ask(type="start_trace", seconds=60, number=number)["trace"]
    with (
        sipp.trunk(peered.trunk, scenario="reliable_trunk.xml"),
        peered.moderator(440.0) as moderator,
    ):
        conference = peered.event("joined", call_id=moderator.phone.call_id)["conference"]
        peered.tell(conference, command="dial_out", number=number, name="Gil")
        peered.event("call answered", since)
        time.sleep(0.5)  # UPDATE after the answer
        peered.tell(conference, command="end_conference")
        moderator.be_hung_up()
    sent = [
        base64.b64decode(row["data"]).partition(b" ")[0]
        for row in peered.ask(type="read_trace", trace=trace)["rows"]
        if row["outward"]
    ]
    assert sent.count(b"PRACK") >= 2
    assert sent.count(b"INVITE") == sent.count(b"ACK") == 1


@pytest.mark.parametrize("refresh", ["refreshed", "glare"], ids="refresh-{}".format)
def test_a_session_is_refreshed(refreshed: dict[str, Future[None]], peered: Peered, refresh: str) -> None:
    """RFC 4028: by UPDATE, or by an INVITE that meets one of the peer's."""
    if refresh not in refreshed:
        pytest.skip("sipp is not installed (apt-get install sip-tester)")
    refreshed[refresh].result()
    peered.left(f"conf-{refresh}")
