"""Offers and answers with keys in them (RFC 4568 section 7)."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import count

import pytest

from sip import sdp, securing
from sip.offer import (
    Capabilities,
    LocalDescription,
    Negotiated,
    NotAcceptable,
    accept_answer,
    answer,
    make_offer,
)
from sip.sdes import AEAD_AES_128_GCM, AES_CM_128_HMAC_SHA1_32, AES_CM_128_HMAC_SHA1_80, Suite
from sip.sdp import Media, Session
from sip.securing import Rule, Secured

OURS = "198.51.100.1"
THEIR_KEY = bytes(range(30))
OTHER_KEY = bytes(range(50, 80))
OPTIONAL = Capabilities(srtp="optional")
MANDATORY = Capabilities(srtp="mandatory")


class Dice:
    """Entropy that never repeats, and tells what it gave."""

    def __init__(self) -> None:
        self._counter = count(1)

    def __call__(self, length: int) -> bytes:
        return bytes([next(self._counter)]) * length


def crypto(
    tag: int = 1, suite: Suite = AES_CM_128_HMAC_SHA1_80, key: bytes = THEIR_KEY, rest: str = ""
) -> str:
    return f"a=crypto:{tag} {suite.name} inline:{base64.b64encode(key[: suite.bytes]).decode()}{rest}"


def describe(*lines: str) -> Session:
    head = ["v=0", "o=- 5 1 IN IP4 192.0.2.7", "s=-", "c=IN IP4 192.0.2.7", "t=0 0"]
    return sdp.parse("\r\n".join([*head, *lines, ""]).encode())


def reply(
    *lines: str, rule: Rule = "optional", before: Secured | None = None, dice: Dice | None = None
) -> Negotiated:
    return answer(
        describe(*lines),
        Capabilities(srtp=rule),
        address=OURS,
        port=20_000,
        session_id=77,
        entropy=dice or Dice(),
        before=before,
    )


def refusal(*lines: str, rule: Rule = "optional") -> str:
    with pytest.raises(NotAcceptable) as caught:
        reply(*lines, rule=rule)
    assert caught.value.status == 488
    return caught.value.warning


def audio(got: Negotiated) -> Media:
    return next(media for media in got.answer.media if media.port)


def keys(media: Media) -> list[str]:
    return [value for name, value in media.attributes if name == "crypto"]


SAVP = "m=audio 4000 RTP/SAVP 0"
AVP = "m=audio 4000 RTP/AVP 0"


class TestAnswers:
    @pytest.mark.parametrize("rule", ["optional", "mandatory"])
    def test_secured_audio_is_answered_with_the_tag_the_suite_and_a_key_of_ours(self, rule: Rule) -> None:
        got = reply(SAVP, crypto(tag=3), rule=rule)
        assert audio(got).protocol == "RTP/SAVP"
        assert keys(audio(got)) == [
            "3 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(b"\1" * 30).decode()
        ]
        assert got.secured is not None
        assert got.secured.theirs.material == THEIR_KEY
        assert got.secured.ours.key.material == b"\1" * 30

    def test_of_several_suites_ours_comes_first(self) -> None:
        got = reply(
            SAVP,
            crypto(1, AES_CM_128_HMAC_SHA1_32),
            crypto(2, AES_CM_128_HMAC_SHA1_80),
            crypto(3, AEAD_AES_128_GCM),
        )
        assert keys(audio(got))[0].startswith("3 AEAD_AES_128_GCM ")
        assert len(keys(audio(got))) == 1

    @pytest.mark.parametrize("rule", ["optional", "mandatory"])
    def test_keys_beside_plain_rtp_are_taken_and_the_profile_stays(self, rule: Rule) -> None:
        got = reply(AVP, crypto(), rule=rule)
        assert audio(got).protocol == "RTP/AVP"
        assert got.secured is not None
        assert len(keys(audio(got))) == 1

    def test_a_plain_offer_is_answered_without_keys(self) -> None:
        got = reply(AVP)
        assert got.secured is None
        assert keys(audio(got)) == []

    def test_where_audio_is_never_secured_keys_are_read_over(self) -> None:
        got = reply(AVP, crypto(), rule="off")
        assert got.secured is None
        assert keys(audio(got)) == []
        assert "302" in refusal(SAVP, crypto(), rule="off")

    def test_where_it_must_be_secured_plain_audio_is_refused_with_a_warning(self) -> None:
        assert "302" in refusal(AVP, rule="mandatory")
        assert "AES_CM_128_HMAC_SHA1_80" in refusal(AVP, rule="mandatory")

    @pytest.mark.parametrize(
        "line",
        [
            "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:" + "A" * 60,
            crypto(rest=" UNENCRYPTED_SRTP"),
            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 80,
            "a=ptime:20",
        ],
    )
    def test_secured_audio_without_a_key_for_us_is_refused_and_no_key_is_shown(self, line: str) -> None:
        warning = refusal(SAVP, line)
        assert "302" in warning
        assert "AAAA" not in warning

    def test_two_lines_of_one_tag_are_refused(self) -> None:
        assert "one tag" in refusal(SAVP, crypto(1), crypto(1, AES_CM_128_HMAC_SHA1_32))

    @pytest.mark.parametrize(
        ("rule", "used"), [("off", 1), ("optional", 0), ("mandatory", 0)]
    )  # linphone offers both
    def test_of_a_secured_and_a_plain_line_the_first_that_can_be_used_is_taken(
        self, rule: Rule, used: int
    ) -> None:
        got = reply(SAVP, crypto(), "m=audio 4002 RTP/AVP 0", rule=rule)
        assert [bool(media.port) for media in got.answer.media] == [used == 0, used == 1]
        assert [media.protocol for media in got.answer.media] == ["RTP/SAVP", "RTP/AVP"]
        assert (got.secured is None) == (rule == "off")

    @pytest.mark.parametrize("profile", ["RTP/SAVPF", "RTP/AVPF", "rtp/savp"])
    def test_profiles_with_feedback_are_taken_by_their_name(self, profile: str) -> None:
        got = reply(f"m=audio 4000 {profile} 0", crypto())
        assert audio(got).protocol == profile
        assert got.secured is not None

    def test_dtls_is_refused(self) -> None:
        assert "302" in refusal("m=audio 4000 UDP/TLS/RTP/SAVPF 0", "a=fingerprint:sha-256 AA", crypto())

    def test_an_mki_is_answered_by_one_of_its_length(self) -> None:
        got = reply(SAVP, crypto(rest="|2^31|7:2"))
        assert keys(audio(got))[0].endswith("|1:2")
        assert got.secured is not None
        assert (got.secured.theirs.mki_bytes, got.secured.ours.key.mki_bytes) == (2, 2)

    def test_without_entropy_there_are_no_keys_and_nothing_is_secured(self) -> None:
        with pytest.raises(NotAcceptable):
            answer(describe(SAVP, crypto()), OPTIONAL, address=OURS, port=2, session_id=7)


class TestReoffers:
    def test_the_same_key_keeps_ours(self) -> None:
        dice = Dice()
        first = reply(SAVP, crypto(), dice=dice).secured
        again = reply(SAVP, crypto(tag=2), "a=sendonly", dice=dice, before=first).secured
        assert first is not None
        assert again is not None
        assert again.ours == replace(first.ours, tag=2)
        assert again.theirs == first.theirs

    def test_a_new_key_is_answered_by_a_new_key(self) -> None:
        dice = Dice()
        first = reply(SAVP, crypto(), dice=dice).secured
        again = reply(SAVP, crypto(key=OTHER_KEY), dice=dice, before=first).secured
        assert first is not None
        assert again is not None
        assert again.ours.key != first.ours.key
        assert again.theirs.material == OTHER_KEY

    def test_the_key_in_use_goes_before_our_order(self) -> None:
        first = reply(SAVP, crypto()).secured
        again = reply(SAVP, crypto(1, AEAD_AES_128_GCM), crypto(2), before=first).secured
        assert again is not None
        assert again.suite is AES_CM_128_HMAC_SHA1_80

    def test_our_own_offer_repeats_what_was_agreed(self) -> None:
        dice = Dice()
        got = reply("m=audio 4000 RTP/SAVPF 0", crypto(tag=5), dice=dice)
        offered = make_offer(
            OPTIONAL,
            address=OURS,
            port=20_000,
            session_id=77,
            previous=got.answer,
            entropy=dice,
            before=got.secured,
        )
        assert keys(offered.media[0]) == keys(audio(got))
        assert offered.media[0].protocol == "RTP/SAVPF"


class TestOffers:
    @staticmethod
    def offered(capabilities: Capabilities) -> Session:
        return make_offer(capabilities, address=OURS, port=20_000, session_id=77, entropy=Dice())

    def test_what_is_offered_by_each_rule(self) -> None:
        plain, optional, mandatory = (
            self.offered(each).media[0] for each in (Capabilities(), OPTIONAL, MANDATORY)
        )
        assert (plain.protocol, len(keys(plain))) == ("RTP/AVP", 0)
        assert (optional.protocol, len(keys(optional))) == ("RTP/AVP", 4)
        assert (mandatory.protocol, len(keys(mandatory))) == ("RTP/SAVP", 4)
        assert len({line.split("inline:")[1] for line in keys(mandatory)}) == 4, "each line has its own key"

    def test_an_answer_with_the_tag_of_ours_is_taken(self) -> None:
        offered = self.offered(MANDATORY)
        got = accept_answer(offered, describe(SAVP, crypto(tag=3)))
        assert got.secured is not None
        assert got.secured.suite is AES_CM_128_HMAC_SHA1_80
        assert got.secured.ours.key.material == b"\3" * 30
        assert got.secured.theirs.material == THEIR_KEY

    def test_whoever_does_not_know_keys_answers_plain_audio(self) -> None:
        assert accept_answer(self.offered(OPTIONAL), describe(AVP)).secured is None

    def test_whoever_knows_them_answers_with_one(self) -> None:
        got = accept_answer(self.offered(OPTIONAL), describe(AVP, crypto(tag=3)))
        assert got.secured is not None

    @pytest.mark.parametrize(
        "lines",
        [
            (SAVP,),
            (SAVP, crypto(tag=9)),
            (SAVP, crypto(tag=4)),  # the tag of another suite
            (AVP, crypto(tag=3)),
        ],
    )
    def test_secured_audio_is_answered_by_such_or_not_at_all(self, lines: tuple[str, ...]) -> None:
        with pytest.raises(NotAcceptable):
            accept_answer(self.offered(MANDATORY), describe(*lines))

    @pytest.mark.parametrize("lines", [(SAVP, crypto(tag=3)), (AVP, crypto(tag=9))])
    def test_an_offer_of_either_is_not_answered_by_something_else(self, lines: tuple[str, ...]) -> None:
        with pytest.raises(NotAcceptable):
            accept_answer(self.offered(OPTIONAL), describe(*lines))

    def test_keys_that_answer_a_plain_offer_are_read_over(self) -> None:
        assert accept_answer(self.offered(Capabilities()), describe(AVP, crypto())).secured is None


def test_two_of_us_agree_and_each_has_the_others_key() -> None:
    for rule in ("optional", "mandatory"):
        offered = make_offer(
            Capabilities(srtp=rule), address="192.0.2.7", port=4_000, session_id=5, entropy=Dice()
        )
        heard = sdp.parse(sdp.encode(offered))
        there = answer(heard, OPTIONAL, address=OURS, port=20_000, session_id=77, entropy=lambda n: b"z" * n)
        here = accept_answer(heard, sdp.parse(sdp.encode(there.answer)))
        assert here.secured is not None
        assert there.secured is not None
        assert here.secured.theirs.material == there.secured.ours.key.material
        assert here.secured.ours.key.material == there.secured.theirs.material


def test_no_repr_shows_a_key() -> None:
    got = reply(SAVP, crypto())
    body = LocalDescription(77).update(got.answer)
    shown = repr(got) + repr(body) + repr(describe(SAVP, crypto()))
    assert "inline:" not in shown
    assert "\\x01\\x01" not in shown
    assert repr(THEIR_KEY)[2:30] not in shown


def test_profiles_that_are_none_of_ours() -> None:
    assert securing.base("UDP/TLS/RTP/SAVPF") is None
    assert securing.base("udptl") is None
