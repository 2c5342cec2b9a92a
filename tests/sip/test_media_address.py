"""Where audio may be sent to (issue 4, Security)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip import media_address
from sip.sdp import Media


def refused(host: str, port: int = 4_000, *, loopback: bool = False) -> str:
    return media_address.refusal(host, port, loopback=loopback)


@pytest.mark.parametrize("host", ["192.0.2.7", "10.0.0.1", "169.254.3.3", "2001:db8::7", "::ffff:192.0.2.7"])
def test_an_address_of_a_telephone_is_taken(host: str) -> None:
    assert refused(host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "240.0.0.1",
        "0.0.0.1",
        "0.1.2.3",
        "ff02::1",
        "ff0e::1:2",
        "::ffff:224.0.0.1",
        "::ffff:255.255.255.255",
        "::ffff:0.0.0.0",
    ],
)
def test_what_is_no_telephone_is_refused_even_where_loopback_is_one(host: str) -> None:
    assert refused(host)
    assert refused(host, loopback=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_for_peers_on_loopback(host: str) -> None:
    assert "loopback" in refused(host)
    assert refused(host, loopback=True) == ""
    assert media_address.is_loopback(host)


def test_the_ports_of_services_are_refused() -> None:
    assert "1024" in refused("192.0.2.7", 53)
    assert refused("192.0.2.7", 1_023)
    assert refused("192.0.2.7", 1_024) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "phone.example.org", "fe80::1%eth0", "1.2.3", "1.2.3.4.5"])
def test_hold_and_names_are_taken_and_nothing_is_sent_there(host: str) -> None:
    assert refused(host, 9) == ""
    assert media_address.remote(Media("audio", 4_000, "RTP/AVP", ("0",)), host, loopback=False) == (
        None,
        None,
    )
    assert not media_address.is_loopback(host)


@pytest.mark.parametrize(
    ("said", "rtcp"),
    [
        ("5000", ("192.0.2.7", 5_000)),
        ("5000 IN IP4 192.0.2.8", ("192.0.2.8", 5_000)),
        ("5000 IN IP4 224.0.0.1", None),
        ("5000 IN IP4 127.0.0.1", None),
        ("5000 IN IP4 0.0.0.0", None),
        ("53", None),
        ("70000", None),
        ("nonsense", ("192.0.2.7", 4_001)),
    ],
)
def test_reports_go_to_no_other_kind_of_address(said: str, rtcp: tuple[str, int] | None) -> None:
    media = Media("audio", 4_000, "RTP/AVP", ("0",), None, (("rtcp", said),))
    assert media_address.remote(media, "192.0.2.7", loopback=False) == (("192.0.2.7", 4_000), rtcp)


def test_above_the_last_port_there_is_none_for_reports() -> None:
    media = Media("audio", 65_535, "RTP/AVP", ("0",))
    assert media_address.remote(media, "192.0.2.7", loopback=False) == (("192.0.2.7", 65_535), None)


@given(st.ip_addresses().map(str) | st.text(max_size=20), st.integers(0, 65_535))
def test_any_text_is_judged(host: str, port: int) -> None:
    assert isinstance(refused(host, port), str)
    media_address.remote(Media("audio", port, "RTP/AVP", ("0",)), host, loopback=False)
