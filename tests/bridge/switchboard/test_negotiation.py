"""From descriptions to formats and back."""

from __future__ import annotations

import pytest

from bridge.switchboard.negotiation import UNTIL_ANSWERED, Negotiation
from media.control import Codec, Endpoint
from sip.errors import RemoteError
from tests.support.builders import CALLER_RTP, PCMU, sdp


def lines(description: bytes) -> list[str]:
    return description.decode().splitlines()


def agreed(**offer: object) -> Negotiation:
    negotiation = Negotiation(sdp(**offer), "0.0.0.0", 7)
    negotiation.describe("192.0.2.1", 20_000)
    return negotiation


def test_the_answer_has_our_address_once_we_have_one() -> None:
    negotiation = Negotiation(sdp(), "0.0.0.0", 7)
    answer = lines(negotiation.describe("192.0.2.1", 20_000))
    assert "c=IN IP4 192.0.2.1" in answer
    assert "o=- 7 1 IN IP4 192.0.2.1" in answer
    assert "m=audio 20000 RTP/AVP 0 101" in answer
    assert negotiation.format == PCMU
    assert negotiation.remote == CALLER_RTP


def test_a_caller_who_speaks_only_a_law_gets_a_law_and_no_keys() -> None:
    negotiation = agreed(formats="8")
    assert (negotiation.format.codec, negotiation.format.telephone_event) == (Codec.PCMA, -1)


def test_hold_and_resume_change_the_directions_and_the_version() -> None:
    negotiation = agreed()
    held = lines(negotiation.reoffered(sdp(direction="sendonly", version=2)))
    assert "a=recvonly" in held
    assert "o=- 7 2 IN IP4 192.0.2.1" in held
    assert (negotiation.format.send, negotiation.format.receive) == (False, False), "its music is not heard"
    resumed = lines(negotiation.reoffered(sdp(version=3)))
    assert "a=sendrecv" in resumed
    assert negotiation.format == PCMU


def test_who_only_talks_from_the_start_is_heard() -> None:
    negotiation = agreed(direction="sendonly")
    assert (negotiation.format.send, negotiation.format.receive) == (False, True)
    late = Negotiation(None, "192.0.2.1", 7)
    late.describe("192.0.2.1", 20_000)
    late.answered(sdp(direction="sendonly"))
    assert (late.format.send, late.format.receive) == (False, True)


def test_the_hold_of_rfc_2543_keeps_the_address_we_had() -> None:
    negotiation = agreed()
    negotiation.reoffered(sdp(host="0.0.0.0", version=2))
    assert not negotiation.format.send
    assert negotiation.remote == CALLER_RTP


def test_an_unchanged_offer_has_the_same_answer_to_the_byte() -> None:
    negotiation = Negotiation(sdp(), "192.0.2.1", 7)
    first = negotiation.describe("192.0.2.1", 20_000)
    assert negotiation.reoffered(sdp()) == first


def test_a_late_offer_is_ours_and_its_answer_decides() -> None:
    negotiation = Negotiation(None, "192.0.2.1", 7)
    assert negotiation.late
    assert negotiation.format is UNTIL_ANSWERED
    assert "m=audio 20000 RTP/AVP 0 8 101" in lines(negotiation.describe("192.0.2.1", 20_000))
    negotiation.answered(sdp(formats="8 101", port=41_000))
    assert not negotiation.late
    assert negotiation.format.codec is Codec.PCMA
    assert negotiation.remote == Endpoint("192.0.2.7", 41_000)


def test_a_re_invite_without_offer_gets_our_offer() -> None:
    negotiation = agreed()
    assert "m=audio 20000 RTP/AVP 0 8 101" in lines(negotiation.reoffered(None))
    negotiation.answered(sdp(port=42_000))
    assert negotiation.remote == Endpoint("192.0.2.7", 42_000)


@pytest.mark.parametrize("body", [b"", b"v=1", b"\xff\xfe", sdp(formats="3"), sdp(port=0)])
def test_a_bad_description_is_the_peer_s_fault_and_changes_nothing(body: bytes) -> None:
    with pytest.raises(RemoteError):
        Negotiation(body, "192.0.2.1", 7)
    negotiation = agreed()
    with pytest.raises(RemoteError):
        negotiation.reoffered(body)
    with pytest.raises(RemoteError):
        negotiation.answered(body)
    assert (negotiation.format, negotiation.remote) == (PCMU, CALLER_RTP)
