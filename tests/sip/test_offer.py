from __future__ import annotations

from dataclasses import replace

import pytest

from sip import sdp
from sip.codec import G722, L16, OPUS, PCMA, PCMU, TELEPHONE_EVENT, Codec
from sip.errors import LocalError, ParseError
from sip.offer import (
    Capabilities,
    LocalDescription,
    Negotiated,
    NotAcceptable,
    accept_answer,
    answer,
    make_offer,
)
from sip.sdp import Media, Session

OURS = "198.51.100.1"
ALL = Capabilities(answer_all=True)


def describe(*lines: str, connection: str = "192.0.2.7") -> Session:
    head = ["v=0", "o=- 5 1 IN IP4 192.0.2.7", "s=-"]
    address = [f"c=IN IP4 {connection}"] if connection else []
    return sdp.parse("\r\n".join([*head, *address, "t=0 0", *lines, ""]).encode())


def reply(*lines: str, capabilities: Capabilities | None = None, connection: str = "192.0.2.7") -> Negotiated:
    offer = describe(*lines, connection=connection)
    return answer(offer, capabilities or Capabilities(), address=OURS, port=20000, session_id=77)


def refusal(*lines: str, connection: str = "192.0.2.7") -> NotAcceptable:
    with pytest.raises(NotAcceptable) as caught:
        reply(*lines, connection=connection)
    assert caught.value.status == 488
    return caught.value


def our_offer() -> Session:
    return make_offer(Capabilities(), address=OURS, port=20000, session_id=77)


class TestAnswer:
    def test_the_codec_is_by_our_order_the_numbers_are_theirs(self) -> None:
        got = reply(
            "m=audio 4000 RTP/AVP 8 0 97",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:97 telephone-event/8000",
            "a=fmtp:97 0-15",
        )
        assert got.codec == PCMU
        assert got.accepted == (PCMU,)
        assert got.telephone_event == got.telephone_event_received == 97
        assert got.remote == ("192.0.2.7", 4000)
        assert got.remote_rtcp == ("192.0.2.7", 4001)
        assert (got.send, got.receive) == (True, True)
        assert sdp.encode(got.answer).decode().split("\r\n") == [
            "v=0", f"o=- 77 1 IN IP4 {OURS}", "s=-", f"c=IN IP4 {OURS}", "t=0 0",
            "m=audio 20000 RTP/AVP 0 97", "a=rtpmap:0 PCMU/8000", "a=rtpmap:97 telephone-event/8000",
            "a=fmtp:97 0-16", "a=ptime:20", "a=sendrecv", "",
        ]  # fmt: skip

    def test_all_common_codecs_are_answered_on_demand(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 8 0", capabilities=ALL)
        assert got.answer.media[0].formats == ("0", "8")
        assert got.accepted == (PCMU, PCMA)
        assert got.codec == PCMU

    def test_a_codec_under_a_dynamic_number_keeps_that_number(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 pcmu/8000/1")
        assert got.codec == Codec("PCMU", 8000, 96)
        assert got.answer.media[0].formats == ("96",)

    def test_static_payload_types_need_no_rtpmap(self) -> None:
        assert reply("m=audio 4000 RTP/AVP 8").codec == PCMA

    def test_telephone_event_is_the_one_with_the_codecs_clock_or_any(self) -> None:
        lines = ["m=audio 4000 RTP/AVP 0 100 101", "a=rtpmap:100 telephone-event/48000"]
        assert reply(*lines).telephone_event == 100
        assert ("rtpmap", "100 telephone-event/48000") in reply(*lines).answer.media[0].attributes
        assert reply(*lines, "a=rtpmap:101 Telephone-Event/8000").telephone_event == 101
        silent = Capabilities(events="")
        assert reply(*lines, "a=rtpmap:101 telephone-event/8000", capabilities=silent).telephone_event is None

    def test_every_other_line_is_refused_in_its_place(self) -> None:
        got = reply(
            "m=video 5000 RTP/AVP 31",
            "m=audio 5002 RTP/SAVP 0",
            "m=audio 5004 RTP/AVP 18",
            "m=audio 5006 RTP/AVP 0",
            "m=audio 5008 RTP/AVP 0",
            "m=image 5010 udptl t38",
        )
        assert [(line.kind, line.port, line.protocol, line.formats) for line in got.answer.media] == [
            ("video", 0, "RTP/AVP", ("31",)),
            ("audio", 0, "RTP/SAVP", ("0",)),
            ("audio", 0, "RTP/AVP", ("18",)),
            ("audio", 20000, "RTP/AVP", ("0",)),
            ("audio", 0, "RTP/AVP", ("0",)),
            ("image", 0, "udptl", ("t38",)),
        ]
        assert got.remote == ("192.0.2.7", 5006)

    @pytest.mark.parametrize(
        ("theirs", "ours", "send", "receive"),
        [
            ("sendrecv", "sendrecv", True, True),
            ("sendonly", "recvonly", False, True),
            ("recvonly", "sendonly", True, False),
            ("inactive", "inactive", False, False),
        ],
    )
    def test_directions_are_mirrored(self, theirs: str, ours: str, *, send: bool, receive: bool) -> None:
        for lines in (["m=audio 4000 RTP/AVP 0", f"a={theirs}"], [f"a={theirs}", "m=audio 4000 RTP/AVP 0"]):
            got = reply(*lines)
            assert (got.send, got.receive) == (send, receive)
            assert got.answer.direction_of(got.answer.media[0]) == ours

    def test_the_unspecified_address_is_hold(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 0", connection="0.0.0.0")
        assert (got.send, got.receive) == (False, True)
        assert got.remote is None
        assert got.remote_rtcp is None
        assert got.answer.direction_of(got.answer.media[0]) == "recvonly"

    def test_the_address_of_the_line_outdoes_the_sessions(self) -> None:
        assert reply("m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.9").remote == ("192.0.2.9", 4000)

    def test_a_host_name_is_no_address_to_send_to(self) -> None:
        assert reply("m=audio 4000 RTP/AVP 0", connection="phone.example.com").remote is None
        assert reply("m=audio 4000 RTP/AVP 0", connection="010.1.1.1").remote is None

    @pytest.mark.parametrize(
        ("attribute", "rtcp"),
        [
            ("rtcp:5000", ("192.0.2.7", 5000)),
            ("rtcp:5000 IN IP4 192.0.2.8", ("192.0.2.8", 5000)),
            ("rtcp:5000 IN IP6 2001:DB8::1", ("2001:db8::1", 5000)),
            ("rtcp:5000 IN IP4 name", ("192.0.2.7", 5000)),
            ("rtcp:nonsense", ("192.0.2.7", 4001)),
            ("rtcp:0", None),
            ("rtcp:99999", None),
            ("rtcp-mux", ("192.0.2.7", 4001)),
        ],
    )
    def test_rtcp_goes_where_they_say(self, attribute: str, rtcp: tuple[str, int] | None) -> None:
        assert reply("m=audio 4000 RTP/AVP 0", f"a={attribute}").remote_rtcp == rtcp

    def test_there_is_no_port_after_the_last(self) -> None:
        assert reply("m=audio 65535 RTP/AVP 0").remote_rtcp is None

    def test_their_packet_times_are_told(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 0", "a=ptime:40", "a=maxptime:60")
        assert (got.ptime_ms, got.maxptime_ms) == (40, 60)

    @pytest.mark.parametrize(
        ("lines", "code"),
        [
            ([], "304"),
            (["m=video 4000 RTP/AVP 31"], "304"),
            (["m=audio 0 RTP/AVP 0"], "304"),
            (["m=audio 4000 RTP/AVP 18 9"], "305"),
            (["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"], "305"),
            (["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/16000"], "305"),
            (["m=audio 4000 RTP/SAVP 0"], "302"),
            (["m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1"], "301"),
        ],
    )
    def test_nothing_in_common_is_488_with_a_warning(self, lines: list[str], code: str) -> None:
        warning = refusal(*lines).warning
        assert warning.startswith(f'{code} {OURS} "')
        assert warning.endswith('"')

    def test_audio_of_the_other_ip_version_is_taken_where_we_have_an_address_of_it(self) -> None:
        described = describe("m=audio 4000 RTP/AVP 0", "c=IN IP6 2001:db8::1")
        agreed = answer(described, Capabilities(), address=OURS, port=20000, session_id=1, both_versions=True)
        assert agreed.remote == ("2001:db8::1", 4000)

    def test_a_stream_without_address_is_a_bad_offer(self) -> None:
        with pytest.raises(ParseError) as caught:
            reply("m=audio 4000 RTP/AVP 0", connection="")
        assert caught.value.status == 400

    def test_a_bad_rtpmap_counts_only_in_the_line_that_is_used(self) -> None:
        bad = "a=rtpmap:96 x/0"
        assert reply("m=video 4000 RTP/AVP 96", bad, "m=audio 4002 RTP/AVP 0").codec == PCMU
        with pytest.raises(ParseError):
            reply("m=audio 4002 RTP/AVP 0", bad)

    @pytest.mark.parametrize(
        ("asked", "where", "xr"),
        [
            ("a=rtcp-xr:rcvr-rtt=all voip-metrics", "media", True),
            ("a=rtcp-xr:VOIP-METRICS", "media", True),
            ("a=rtcp-xr:pkt-loss-rle", "media", False),
            ("a=rtcp-xr:voip-metrics", "session", True),
        ],
    )
    def test_reports_on_how_good_it_sounds_are_promised_to_who_asks(
        self, asked: str, where: str, *, xr: bool
    ) -> None:
        lines = ["m=audio 4000 RTP/AVP 0"]
        got = reply(*([asked, *lines] if where == "session" else [*lines, asked]))
        assert got.xr is xr
        assert (got.answer.media[0].attribute("rtcp-xr") == "voip-metrics") is xr
        assert not reply("m=audio 4000 RTP/AVP 0").xr


class TestOffer:
    def test_all_codecs_are_offered_in_our_order(self) -> None:
        assert sdp.encode(our_offer()).decode().split("\r\n")[5:] == [
            "m=audio 20000 RTP/AVP 0 8 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv", "",
        ]  # fmt: skip

    def test_no_events_are_offered_where_we_take_none(self) -> None:
        offer = make_offer(Capabilities(events=""), address=OURS, port=2, session_id=1, direction="sendonly")
        assert offer.media[0].formats == ("0", "8")
        assert offer.direction_of(offer.media[0]) == "sendonly"

    def test_a_later_offer_keeps_lines_in_place_and_numbers_their_meaning(self) -> None:
        before = reply(
            "m=video 5000 RTP/AVP 31",
            "m=audio 5002 RTP/AVP 101 96",
            "a=rtpmap:101 PCMA/8000",
            "a=rtpmap:96 telephone-event/8000",
        ).answer
        offer = make_offer(
            Capabilities(), address=OURS, port=20002, session_id=77, version=2, previous=before
        )
        assert [(line.kind, line.port) for line in offer.media] == [("video", 0), ("audio", 20002)]
        assert offer.media[1].formats == ("0", "101", "96")
        assert offer.origin.version == 2

    def test_a_number_once_given_is_not_given_to_another_format(self) -> None:
        before = reply("m=audio 5002 RTP/AVP 101", "a=rtpmap:101 PCMA/8000").answer
        offer = make_offer(Capabilities(), address=OURS, port=2, session_id=77, previous=before)
        assert offer.media[0].formats == ("0", "101", "96")

    def test_audio_comes_behind_lines_that_are_all_off(self) -> None:
        before = Session(our_offer().origin, (Media("image", 0, "udptl", ("t38",)),), OURS)
        offer = make_offer(Capabilities(), address=OURS, port=2, session_id=77, previous=before)
        assert [line.kind for line in offer.media] == ["image", "audio"]


class TestAcceptAnswer:
    def test_we_send_by_their_numbers_and_they_by_ours(self) -> None:
        got = accept_answer(
            our_offer(),
            describe(
                "m=audio 4000 RTP/AVP 97 96",
                "a=rtpmap:97 pcma/8000",
                "a=rtpmap:96 telephone-event/8000",
                "a=ptime:30",
            ),
        )
        assert got.codec == Codec("PCMA", 8000, 97)
        assert got.accepted == (PCMA,)
        assert got.telephone_event == 96
        assert got.telephone_event_received == 101
        assert got.remote == ("192.0.2.7", 4000)
        assert got.ptime_ms == 30

    def test_their_order_decides_and_what_they_left_out_is_out(self) -> None:
        got = accept_answer(our_offer(), describe("m=audio 4000 RTP/AVP 8 0"))
        assert got.codec == PCMA
        assert got.accepted == (PCMA, PCMU)
        assert got.telephone_event is None
        assert got.telephone_event_received is None

    @pytest.mark.parametrize(
        ("offered", "answered", "send", "receive"),
        [
            ("sendrecv", "sendrecv", True, True),
            ("sendrecv", "recvonly", True, False),
            ("sendrecv", "sendonly", False, True),
            ("sendrecv", "inactive", False, False),
            ("sendonly", "recvonly", True, False),
            ("inactive", "sendrecv", False, False),
        ],
    )
    def test_a_direction_needs_both_sides(
        self, offered: str, answered: str, *, send: bool, receive: bool
    ) -> None:
        offer = make_offer(Capabilities(), address=OURS, port=2, session_id=1, direction=offered)
        got = accept_answer(offer, describe("m=audio 4000 RTP/AVP 0", f"a={answered}"))
        assert (got.send, got.receive) == (send, receive)

    def test_the_unspecified_address_is_hold(self) -> None:
        got = accept_answer(our_offer(), describe("m=audio 4000 RTP/AVP 0", connection="0.0.0.0"))
        assert (got.send, got.receive, got.remote) == (False, True, None)

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            ["m=video 4000 RTP/AVP 0"],
            ["m=audio 0 RTP/AVP 0"],
            ["m=audio 4000 RTP/AVP 18"],
            ["m=audio 4000 RTP/SAVP 0"],
            ["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"],
            ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"],
        ],
    )
    def test_an_answer_that_takes_nothing_is_refused(self, lines: list[str]) -> None:
        with pytest.raises(NotAcceptable):
            accept_answer(our_offer(), describe(*lines))

    def test_an_answer_without_address_is_bad(self) -> None:
        with pytest.raises(ParseError):
            accept_answer(our_offer(), describe("m=audio 4000 RTP/AVP 0", connection=""))

    def test_an_offer_of_nothing_has_no_answer(self) -> None:
        with pytest.raises(LocalError):
            accept_answer(Session(our_offer().origin), describe())

    def test_both_our_halves_agree(self) -> None:
        offer = our_offer()
        theirs = answer(offer, Capabilities(), address="192.0.2.7", port=4000, session_id=5)
        ours = accept_answer(offer, sdp.parse(sdp.encode(theirs.answer)))
        assert ours.codec == theirs.codec
        assert ours.telephone_event == theirs.telephone_event == 101
        assert theirs.remote == (OURS, 20000)


FMTP = "useinbandfec=1;usedtx=1"
HD = Capabilities((replace(OPUS, fmtp=FMTP), G722, L16, PCMU, PCMA))
LINPHONE = (
    "m=audio 4000 RTP/AVP 0 8 96 9 98 101 97",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:96 useinbandfec=1; maxplaybackrate=16000",
    "a=rtpmap:98 L16/16000/1",
    "a=rtpmap:97 telephone-event/48000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
)
"""A telephone that would rather have G.711, as most come."""


def attributes(session: Session, *names: str) -> list[str]:
    return [value for name, value in session.media[0].attributes if name in names]


class TestHd:
    def test_the_answer_has_opus_by_our_order_with_two_channels_our_parameters_and_its_own_telephone_event(
        self,
    ) -> None:
        got = reply(*LINPHONE, capabilities=HD)
        assert got.codec == Codec("opus", 48000, 96, 2, FMTP)
        assert got.accepted == (got.codec,)
        assert got.fmtp == "useinbandfec=1; maxplaybackrate=16000"
        assert got.telephone_event == got.telephone_event_received == 97
        assert got.answer.media[0].formats == ("96", "97")
        assert attributes(got.answer, "rtpmap", "fmtp") == [
            "96 opus/48000/2", f"96 {FMTP}", "97 telephone-event/48000", "97 0-16",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("codecs", "number", "event"),
        [
            ((G722, OPUS), 9, 101),
            ((L16, G722), 98, 101),
            ((PCMA,), 8, 101),
            ((Codec("L16", 8000, 99), PCMU), 0, 101),
        ],
    )
    def test_whoever_configures_the_bridge_has_the_first_word(
        self, codecs: tuple[Codec, ...], number: int, event: int
    ) -> None:
        got = reply(*LINPHONE, capabilities=Capabilities(codecs))
        assert (got.codec.payload_type, got.telephone_event, got.fmtp) == (number, event, "")

    @pytest.mark.parametrize(
        "rtpmap", ["opus/48000", "opus/48000/1", "opus/16000/2", "opus/48000/3", "L16/16000/2"]
    )
    def test_what_only_looks_like_a_codec_of_ours_is_none(self, rtpmap: str) -> None:
        got = reply("m=audio 4000 RTP/AVP 96 8", f"a=rtpmap:96 {rtpmap}", capabilities=HD)
        assert got.codec == PCMA

    def test_g722_needs_no_rtpmap_and_counts_8000(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 9 0", capabilities=HD)
        assert got.codec == G722
        assert attributes(got.answer, "rtpmap") == ["9 G722/8000"]

    def test_what_we_do_not_speak_is_passed_over_and_alone_it_is_refused_by_name(self) -> None:
        assert reply("m=audio 4000 RTP/AVP 18 8").codec == PCMA
        with pytest.raises(NotAcceptable) as caught:
            reply("m=audio 4000 RTP/AVP 18", capabilities=HD)
        assert caught.value.warning == (
            f'305 {OURS} "No codec in common; opus, G722, L16, PCMU, PCMA are spoken here"'
        )

    def test_whose_only_telephone_event_has_another_clock_keeps_it(self) -> None:
        got = reply(*LINPHONE[:4], *LINPHONE[5:], capabilities=HD)
        assert (got.codec.name, got.telephone_event) == ("opus", 101)

    def test_all_in_the_answer_have_their_telephone_events(self) -> None:
        got = reply(*LINPHONE, capabilities=replace(HD, answer_all=True))
        assert got.answer.media[0].formats == ("96", "9", "98", "0", "8", "97", "101")

    def test_an_offer_has_each_codec_and_a_telephone_event_for_each_clock_under_numbers_of_their_own(
        self,
    ) -> None:
        offer = make_offer(HD, address=OURS, port=20000, session_id=77)
        assert offer.media[0].formats == ("111", "9", "98", "0", "8", "101", "96", "97")
        assert attributes(offer, "rtpmap", "fmtp") == [
            "111 opus/48000/2", f"111 {FMTP}", "9 G722/8000", "98 L16/16000", "0 PCMU/8000", "8 PCMA/8000",
            "101 telephone-event/8000", "101 0-16", "96 telephone-event/16000", "96 0-16",
            "97 telephone-event/48000", "97 0-16",
        ]  # fmt: skip

    def test_numbers_never_meet(self) -> None:
        """Whatever the dialog has had under our own numbers."""
        before = reply(
            "m=audio 5002 RTP/AVP 98 111",
            "a=rtpmap:98 opus/48000/2",
            "a=rtpmap:111 telephone-event/8000",
            capabilities=HD,
        ).answer
        offer = make_offer(HD, address=OURS, port=2, session_id=77, previous=before)
        formats = offer.media[0].payload_formats()
        assert (formats[0].payload_type, formats[0].name) == (98, "opus")
        assert next(each.payload_type for each in formats if each.name == TELEPHONE_EVENT) == 111
        numbers = [each.payload_type for each in formats]
        assert len(set(numbers)) == len(numbers) == 8

    def test_the_peer_picks_from_our_offer_and_its_parameters_are_of_its_own_number(self) -> None:
        offer = make_offer(HD, address=OURS, port=20000, session_id=77)
        got = accept_answer(
            offer,
            describe(
                "m=audio 4000 RTP/AVP 120 0 97",
                "a=rtpmap:120 OPUS/48000/2",
                "a=fmtp:120 cbr=1",
                "a=fmtp:111 cbr=0",
                "a=rtpmap:97 telephone-event/48000",
            ),
        )
        assert got.codec == Codec("opus", 48000, 120, 2, FMTP)
        assert got.accepted == (Codec("opus", 48000, 111, 2, FMTP), PCMU)
        assert (got.fmtp, got.telephone_event, got.telephone_event_received) == ("cbr=1", 97, 97)

    def test_keys_come_under_our_number_for_the_clock_that_the_peer_chose(self) -> None:
        offer = make_offer(HD, address=OURS, port=20000, session_id=77)
        got = accept_answer(
            offer,
            describe(
                "m=audio 4000 RTP/AVP 111 110",
                "a=rtpmap:111 opus/48000/2",
                "a=rtpmap:110 telephone-event/8000",
            ),
        )
        assert (got.telephone_event, got.telephone_event_received) == (110, 101)

    def test_both_our_halves_agree_on_each(self) -> None:
        for codec in HD.codecs:
            offer = make_offer(HD, address=OURS, port=20000, session_id=77)
            theirs = answer(offer, Capabilities((codec,)), address="192.0.2.7", port=4000, session_id=5)
            ours = accept_answer(offer, sdp.parse(sdp.encode(theirs.answer)))
            assert ours.codec == theirs.codec == codec
            assert ours.fmtp == codec.fmtp
            assert ours.telephone_event == theirs.telephone_event == ours.telephone_event_received


class TestLocalDescription:
    def test_the_version_counts_exactly_when_the_text_changes(self) -> None:
        first = LocalDescription(77).update(our_offer())
        assert b"o=- 77 1 IN" in first.body
        assert first.update(our_offer()) == first
        held = make_offer(Capabilities(), address=OURS, port=20000, session_id=77, direction="inactive")
        second = first.update(held)
        assert second.version == 2
        assert b"o=- 77 2 IN" in second.body
        assert second.update(held) == second
        assert second.update(our_offer()).version == 3

    def test_the_session_id_is_the_dialogs_whatever_the_description_says(self) -> None:
        assert b"o=- 9 4 IN" in LocalDescription(9, 4).update(our_offer()).body


class TestWhereAudioGoes:
    @pytest.mark.parametrize("host", ["224.0.0.5", "255.255.255.255", "127.0.0.1", "0.0.0.9"])
    def test_nothing_is_ever_sent_to_what_is_no_telephone(self, host: str) -> None:
        assert "399" in refusal("m=audio 4000 RTP/AVP 0", connection=host).warning
        with pytest.raises(NotAcceptable):
            accept_answer(our_offer(), describe("m=audio 4000 RTP/AVP 0", connection=host))

    def test_a_port_of_a_service_is_refused(self) -> None:
        assert "1024" in refusal("m=audio 53 RTP/AVP 0").warning

    def test_another_line_may_do(self) -> None:
        got = reply("m=audio 4000 RTP/AVP 0", "c=IN IP4 224.0.0.5", "m=audio 4002 RTP/AVP 0")
        assert [media.port for media in got.answer.media] == [0, 20000]
        assert got.remote == ("192.0.2.7", 4002)

    def test_loopback_is_for_who_is_there(self) -> None:
        offer = describe("m=audio 4000 RTP/AVP 0", connection="127.0.0.1")
        got = answer(offer, Capabilities(), address=OURS, port=20000, session_id=77, loopback=True)
        assert got.remote == ("127.0.0.1", 4000)


@pytest.mark.parametrize(
    ("said", "announced"),
    [
        (["ptime:20"], "20"),
        (["ptime:30"], "30"),
        (["ptime:60"], "60"),
        (["ptime:120"], "20"),
        (["ptime:25"], "20"),
        (["ptime:60", "maxptime:40"], "40"),
        (["maxptime:120"], "20"),
        (["maxptime:10"], "10"),
    ],
)
def test_we_announce_the_packets_that_the_peer_likes_and_takes(said: list[str], announced: str) -> None:
    got = reply("m=audio 4000 RTP/AVP 0", *(f"a={each}" for each in said))
    assert got.answer.media[0].attribute("ptime") == announced
    later = make_offer(Capabilities(), address=OURS, port=2, session_id=77, previous=got.answer)
    assert later.media[0].attribute("ptime") == announced
