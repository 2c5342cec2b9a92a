"""From descriptions to formats and back."""

from __future__ import annotations

import base64

import pytest

from bridge.codecs import spoken
from bridge.config.audio import Audio
from bridge.switchboard.negotiation import UNTIL_ANSWERED, Negotiation
from media.codecs.coders import available
from media.codecs.terms import OpusTerms
from media.control import Codec, Endpoint, Format, Srtp, Suite
from sip.errors import RemoteError
from sip.offer import Capabilities, NotAcceptable
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


KEY = "inline:" + base64.b64encode(bytes(range(30))).decode()
OTHER_KEY = "inline:" + base64.b64encode(bytes(range(60, 90))).decode()
OPTIONAL = Capabilities(srtp="optional")


def secured(key: str = KEY, *, rest: str = "", **offer: object) -> bytes:
    """A description as a telephone with keys would write it."""
    body = sdp(**offer).replace(b"RTP/AVP", b"RTP/SAVP")
    return body + f"a=crypto:2 AES_CM_128_HMAC_SHA1_80 {key}{rest}\r\n".encode()


class Dice:
    def __init__(self) -> None:
        self.thrown = 0

    def __call__(self, count: int) -> bytes:
        self.thrown += 1
        return bytes([self.thrown]) * count


def crypto(description: bytes) -> list[str]:
    return [line for line in lines(description) if line.startswith("a=crypto")]


def test_keys_that_are_agreed_are_told_to_the_media_plane() -> None:
    negotiation = Negotiation(secured(rest="|2^20|3:2"), "0.0.0.0", 7, OPTIONAL, entropy=Dice())
    answer = negotiation.describe("192.0.2.1", 20_000)
    assert "m=audio 20000 RTP/SAVP 0 101" in lines(answer)
    assert len(crypto(answer)) == 1
    assert negotiation.format.srtp == Srtp(
        Suite.AES_CM_128_HMAC_SHA1_80, bytes(range(30)), b"\1" * 30, mki_in_bytes=2, mki_out=b"\0\1"
    )
    assert negotiation.secured == "AES_CM_128_HMAC_SHA1_80"


def test_the_same_offer_again_keeps_the_keys_and_another_key_makes_new_ones() -> None:
    negotiation = Negotiation(secured(), "0.0.0.0", 7, OPTIONAL, entropy=Dice())
    first = negotiation.describe("192.0.2.1", 20_000)
    before = negotiation.format
    assert negotiation.reoffered(secured()) == first
    assert negotiation.format == before
    held = negotiation.reoffered(secured(direction="sendonly", version=2))
    assert crypto(held) == crypto(first)
    assert negotiation.format.srtp == before.srtp
    again = negotiation.reoffered(secured(OTHER_KEY, version=3))
    assert crypto(again) != crypto(first)
    assert negotiation.format.srtp is not None
    assert before.srtp is not None
    assert negotiation.format.srtp.key_in == bytes(range(60, 90))
    assert negotiation.format.srtp.key_out != before.srtp.key_out


def test_our_own_offer_in_mid_call_has_the_keys_in_use() -> None:
    negotiation = Negotiation(secured(), "0.0.0.0", 7, OPTIONAL, entropy=Dice())
    first = negotiation.describe("192.0.2.1", 20_000)
    offered = negotiation.reoffered(None)
    assert crypto(offered) == crypto(first)
    assert any(line.startswith("m=audio 20000 RTP/SAVP ") for line in lines(offered))
    before = negotiation.format.srtp
    negotiation.answered(secured())
    assert negotiation.format.srtp == before


def test_a_call_that_we_place_offers_keys_and_takes_plain_audio_where_it_may() -> None:
    for rule, profile in (("optional", "RTP/AVP"), ("mandatory", "RTP/SAVP")):
        negotiation = Negotiation.calling("192.0.2.1", 7, Capabilities(srtp=rule), entropy=Dice())
        offered = negotiation.describe("192.0.2.1", 20_000)
        assert f"m=audio 20000 {profile} 0 8 101" in lines(offered)
        assert len(crypto(offered)) == 4
        assert not negotiation.format.receive, "what comes before the answer has no key yet"
        assert negotiation.late
        if rule == "optional":
            negotiation.answered(sdp())
            assert negotiation.format.srtp is None
            assert negotiation.secured == ""
        else:
            with pytest.raises(RemoteError):
                negotiation.answered(sdp())
            assert negotiation.late


def test_where_audio_must_be_secured_a_plain_caller_is_told_so() -> None:
    with pytest.raises(NotAcceptable) as caught:
        Negotiation(sdp(), "192.0.2.1", 7, Capabilities(srtp="mandatory"), entropy=Dice())
    assert "302" in caught.value.warning


def test_a_late_offer_with_keys_is_not_listened_to_before_they_are_agreed() -> None:
    negotiation = Negotiation(None, "192.0.2.1", 7, OPTIONAL, entropy=Dice())
    assert negotiation.late
    assert not negotiation.format.receive
    negotiation.describe("192.0.2.1", 20_000)
    negotiation.answered(sdp())
    assert negotiation.format.receive


def test_no_key_is_shown() -> None:
    negotiation = Negotiation(secured(), "0.0.0.0", 7, OPTIONAL, entropy=Dice())
    negotiation.describe("192.0.2.1", 20_000)
    shown = repr(negotiation.format) + repr(negotiation._local) + repr(negotiation._secured)
    assert "x01\\x01" not in shown
    assert KEY[7:20] not in shown


TELEPHONES = Audio(codecs=("opus", "G722", "L16", "PCMU", "PCMA"), opus_rate_hz=16_000)


def hd(names: tuple[str, ...] = TELEPHONES.codecs) -> Capabilities:
    if not available(Codec.OPUS):
        pytest.skip("libopus is not on this machine")
    return Capabilities(spoken(names, TELEPHONES))


def opus_offer(*more: str, formats: str = "0 96 101 97", **offer: object) -> bytes:
    """A telephone that has Opus, too."""
    attributes = ("rtpmap:96 opus/48000/2", "rtpmap:97 telephone-event/48000", *more)
    return sdp(formats=formats, **offer) + "".join(f"a={each}\r\n" for each in attributes).encode()


class TestHd:
    def test_opus_is_agreed_with_what_the_peer_asks_and_no_more_than_we_say_of_ours(self) -> None:
        negotiation = Negotiation(
            opus_offer("fmtp:96 useinbandfec=1;maxplaybackrate=48000;cbr=1"), "0.0.0.0", 7, hd()
        )
        answer = lines(negotiation.describe("192.0.2.1", 20_000))
        assert "m=audio 20000 RTP/AVP 96 97" in answer
        assert "a=fmtp:96 maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1" in answer
        assert negotiation.codec == "opus"
        assert negotiation.format == Format(
            Codec.OPUS, 96, 97, opus=OpusTerms(max_playback_hz=16_000, cbr=True, fec=True)
        )

    @pytest.mark.parametrize(
        ("names", "formats", "codec", "number"),
        [
            (("G722", "opus"), "0 96 9 101", Codec.G722, 9),
            (("L16", "PCMA"), "0 8 101", Codec.PCMA, 8),
            (("opus", "PCMA"), "18 8 101", Codec.PCMA, 8),
        ],
    )
    def test_the_order_is_ours_and_what_we_do_not_speak_is_passed_over(
        self, names: tuple[str, ...], formats: str, codec: Codec, number: int
    ) -> None:
        negotiation = Negotiation(opus_offer(formats=formats), "192.0.2.1", 7, hd(names))
        assert negotiation.format == Format(codec, number, 101)

    def test_g729_alone_is_refused_with_the_names_of_what_is_spoken(self) -> None:
        with pytest.raises(NotAcceptable) as caught:
            Negotiation(sdp(formats="18 101"), "192.0.2.1", 7, hd())
        assert caught.value.status == 488
        assert "opus, G722, L16, PCMU, PCMA are spoken here" in caught.value.warning

    def test_who_answers_by_other_numbers_sends_by_ours(self) -> None:
        negotiation = Negotiation(None, "192.0.2.1", 7, hd(("opus",)))
        negotiation.describe("192.0.2.1", 20_000)
        negotiation.answered(opus_offer("rtcp-xr:voip-metrics", formats="96 97"))
        got = negotiation.format
        assert (got.codec, got.payload_type, got.payload_type_in) == (Codec.OPUS, 96, 111)
        assert got.telephone_event == 97
        assert got.telephone_event_in not in (-1, 97)
        assert got.xr

    def test_hold_and_resume_keep_the_codec(self) -> None:
        negotiation = Negotiation(opus_offer("fmtp:96 usedtx=1"), "192.0.2.1", 7, hd())
        negotiation.describe("192.0.2.1", 20_000)
        before = negotiation.format
        for version, direction in ((2, "sendonly"), (3, "inactive"), (4, "sendrecv")):
            body = opus_offer("fmtp:96 usedtx=1", formats="96 97", direction=direction, version=version)
            assert "m=audio 20000 RTP/AVP 96 97" in lines(negotiation.reoffered(body))
            assert (negotiation.format.codec, negotiation.format.opus) == (Codec.OPUS, before.opus)
        assert negotiation.format == before

    def test_a_re_invite_may_change_the_codec(self) -> None:
        negotiation = Negotiation(opus_offer(), "192.0.2.1", 7, hd())
        negotiation.describe("192.0.2.1", 20_000)
        negotiation.reoffered(opus_offer(formats="9 101", version=2))
        assert (negotiation.codec, negotiation.format) == ("G722", Format(Codec.G722, 9, 101))

    def test_a_late_offer_and_a_call_out_have_the_same_list_and_the_peer_chooses(self) -> None:
        for negotiation in (
            Negotiation(None, "192.0.2.1", 7, hd()),
            Negotiation.calling("192.0.2.1", 7, hd()),
        ):
            offered = lines(negotiation.describe("192.0.2.1", 20_000))
            assert "m=audio 20000 RTP/AVP 111 9 98 0 8 101 96 97" in offered
            assert negotiation.codec == ""
            negotiation.answered(
                sdp(formats="98 96") + b"a=rtpmap:98 L16/16000\r\na=rtpmap:96 telephone-event/16000\r\n"
            )
            assert (negotiation.codec, negotiation.format) == ("L16", Format(Codec.L16_16, 98, 96))

    def test_our_offer_in_mid_call_keeps_the_numbers_of_the_call(self) -> None:
        negotiation = Negotiation(opus_offer(), "192.0.2.1", 7, hd())
        negotiation.describe("192.0.2.1", 20_000)
        offered = lines(negotiation.reoffered(None))
        assert "a=rtpmap:96 opus/48000/2" in offered
        assert "a=rtpmap:97 telephone-event/48000" in offered

    @pytest.mark.parametrize(
        ("said", "packet_ms"),
        [
            ((), 20),
            (("ptime:40",), 40),
            (("ptime:40", "maxptime:30"), 30),
            (("ptime:10",), 10),
            (("maxptime:10",), 10),
            (("maxptime:120",), 20),
        ],
    )
    def test_packets_are_as_long_as_the_peer_likes_and_no_longer_than_it_takes(
        self, said: tuple[str, ...], packet_ms: int
    ) -> None:
        for formats in ("0 101", "96 97"):
            assert (
                Negotiation(opus_offer(*said, formats=formats), "192.0.2.1", 7, hd()).format.ptime_ms
                == packet_ms
            )


class TestWhereAudioGoes:
    def test_loopback_is_for_who_signals_from_there(self) -> None:
        body = sdp(host="127.0.0.1")
        with pytest.raises(NotAcceptable):
            Negotiation(body, "192.0.2.1", 7, peer="192.0.2.7")
        for peer in ("127.0.0.1", "127.9.9.9", "::1"):
            assert not Negotiation(body, "192.0.2.1", 7, peer=peer).format.hear_first
        assert Negotiation(body, "192.0.2.1", 7, peer="192.0.2.7", loopback=True).remote is not None

    @pytest.mark.parametrize(
        ("peer", "trusted", "hear_first"),
        [
            ("192.0.2.7", False, False),  # the host that signals
            ("::ffff:192.0.2.7", False, False),
            ("198.51.100.3", False, True),  # somebody else
            ("198.51.100.3", True, False),  # a carrier
            ("127.0.0.1", False, False),  # on this machine
            ("", False, False),
        ],
    )
    def test_a_third_party_is_heard_first(self, peer: str, trusted: bool, hear_first: bool) -> None:
        assert Negotiation(sdp(), "192.0.2.1", 7, peer=peer, trusted=trusted).format.hear_first is hear_first

    def test_nobody_is_sent_to_before_their_ack_and_who_needs_no_passcode_is_not_heard_either(self) -> None:
        for early in (True, False):
            negotiation = Negotiation(sdp(), "192.0.2.1", 7, peer="192.0.2.7", confirmed=False)
            negotiation.heard_early = early
            assert (negotiation.format.send, negotiation.format.receive) == (False, early)
            negotiation.describe("192.0.2.1", 20_000)
            negotiation.reoffered(sdp(version=2))  # by UPDATE
            assert (negotiation.format.send, negotiation.format.receive) == (False, early)
            negotiation.confirm()
            assert negotiation.format == PCMU

    def test_a_third_party_that_a_re_invite_names_is_heard_first(self) -> None:
        negotiation = Negotiation(sdp(), "192.0.2.1", 7, peer="192.0.2.7")
        negotiation.describe("192.0.2.1", 20_000)
        negotiation.reoffered(sdp(host="203.0.113.9", version=2))
        assert negotiation.format.hear_first
        with pytest.raises(RemoteError):
            negotiation.reoffered(sdp(host="224.0.0.1", version=3))
        assert negotiation.remote == Endpoint("203.0.113.9", 40_000)
