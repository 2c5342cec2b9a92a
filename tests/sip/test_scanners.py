"""Tools that look for telephone systems, known by name (interop 1.2, Scanner hygiene)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.scanners import SCANNERS, SEARCHED_BYTES, Scanners

KNOWN = Scanners()


def message(
    agent: str = "Softphone 1.0", caller: str = "<sip:ana@198.51.100.7>;tag=1", name: str = "From"
) -> bytes:
    return (
        "OPTIONS sip:100@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\n"
        f"{name}: {caller}\r\nTo: <sip:100@192.0.2.1>\r\nUser-Agent: {agent}\r\nCSeq: 1 OPTIONS\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("name", SCANNERS)
def test_every_name_is_known_in_any_case_and_with_more_around_it(name: str):
    for said in (name, name.upper(), f"{name}/1.0", f"Mozilla ({name})"):
        assert KNOWN.sent(message(agent=said))


@pytest.mark.parametrize("name", ["From", "FROM", "f"])
def test_long_names_are_known_in_from_too(name: str):
    assert KNOWN.sent(message(caller='"sipvicious"<sip:100@1.1.1.1>;tag=6131', name=name))


def test_short_names_in_from_are_people():
    assert not KNOWN.sent(message(caller='"Kajiwara Gulpe" <sip:kajiwara@198.51.100.7>;tag=1'))
    assert KNOWN.sent(message(agent="iWar"))


def test_what_stands_elsewhere_is_no_name():
    subject = message().replace(b"CSeq", b"Subject: how to stop friendly-scanner\r\nCSeq")
    assert not KNOWN.sent(subject)


def test_the_search_ends_after_a_frame():
    far = message(agent="friendly-scanner").replace(
        b"From", b"X-Long: " + b"x" * SEARCHED_BYTES + b"\r\nFrom"
    )
    assert not KNOWN.sent(far)


def test_a_list_of_ones_own_may_be_short_or_empty():
    assert Scanners(["Robot"]).sent(message(agent="my robot 2"))
    assert not Scanners(["Robot"]).sent(message(agent="friendly-scanner"))
    assert not Scanners(["abc"]).sent(message(caller="abc <sip:a@b>"))
    assert not Scanners([]).sent(message(agent="friendly-scanner"))


@given(st.binary(max_size=300))
def test_no_bytes_hurt(data: bytes):
    assert KNOWN.sent(data) in (True, False)
