from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip import sdp
from sip.errors import LocalError, ParseError
from sip.sdp import Format, Media, Origin, Session

OFFER = b"""v=0
o=alice 2890844526 2890844527 IN IP4 192.0.2.7
s=A call
i=(o=IN IP4
e=alice@example.com
c=IN IP4 192.0.2.7/127
b=AS:64
t=0 0
a=tool:phone
a=sendonly
m=audio 49170/2 RTP/AVP 0 18 96 101 111
i=the voice
c=IN IP6 2001:DB8::7
a=rtpmap:96 opus/48000/2
a=rtpmap:101 telephone-event/8000
a=fmtp:101  0-15
a=ptime:30
a=maxptime:60.0
a=recvonly
m=video 0 RTP/SAVPF 31
m=image 5000 udptl t38
""".replace(b"\n", b"\r\n")

HEAD = b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n"


def test_a_description_is_taken_apart() -> None:
    session = sdp.parse(OFFER)
    assert session.origin == Origin(2890844526, 2890844527, "192.0.2.7", "alice")
    assert session.name == "A call"
    assert session.connection == "192.0.2.7"
    assert session.attribute("tool") == "phone"
    assert session.attribute("ice-lite") is None
    assert [(media.kind, media.port, media.protocol) for media in session.media] == [
        ("audio", 49170, "RTP/AVP"),
        ("video", 0, "RTP/SAVPF"),
        ("image", 5000, "udptl"),
    ]
    audio, video, _ = session.media
    assert audio.formats == ("0", "18", "96", "101", "111")
    assert audio.attribute("fmtp") == "101  0-15"
    assert (audio.milliseconds("ptime"), audio.milliseconds("maxptime")) == (30, 60)
    assert session.connection_of(audio) == "2001:db8::7"
    assert session.connection_of(video) == "192.0.2.7"
    assert session.direction_of(audio) == "recvonly"
    assert session.direction_of(video) == "sendonly"


def test_payload_types_mean_what_rtpmap_or_rfc_3551_says() -> None:
    assert sdp.parse(OFFER).media[0].payload_formats() == [
        Format(0, "PCMU", 8000),
        Format(18, "G729", 8000),
        Format(96, "opus", 48000, 2),
        Format(101, "telephone-event", 8000),
    ]


def test_an_rtpmap_outdoes_the_static_meaning() -> None:
    media = Media("audio", 1, "RTP/AVP", ("0",), None, (("rtpmap", "0 L16/44100/2"),))
    assert media.payload_formats() == [Format(0, "L16", 44100, 2)]


def test_parameters_are_those_of_the_payload_type_and_the_first_line_counts() -> None:
    lines = (("fmtp", "1111 no"), ("fmtp", "111  a=1; b "), ("fmtp", "111 c=2"), ("fmtp", "0"))
    media = Media("audio", 1, "RTP/AVP", ("111",), None, lines)
    assert [media.parameters(number) for number in (111, 11, 0)] == ["a=1; b", "", ""]


def test_without_any_direction_it_is_sendrecv() -> None:
    session = sdp.parse(HEAD + b"m=audio 1 RTP/AVP 0")
    assert session.direction_of(session.media[0]) == "sendrecv"


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n", b"\r\n\r\n"])
def test_any_line_end_is_taken(ending: bytes) -> None:
    assert sdp.parse(OFFER.replace(b"\r\n", ending)) == sdp.parse(OFFER)


@pytest.mark.parametrize("value", ["", "x", "0", "-20", "99999", "\u0662"])
def test_a_senseless_packet_time_is_none(value: str) -> None:
    assert Media("audio", 1, "RTP/AVP", ("0",), None, (("ptime", value),)).milliseconds("ptime") is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"v=1\r\n",
        b"v=0\r\n",
        b"v=0\r\no=-\r\n",
        b"v=0\r\no=- -1 1 IN IP4 h\r\n",
        HEAD + b"nonsense\r\n",
        HEAD + b"c=IN IP9 x\r\n",
        HEAD + b"c=\r\n",
        HEAD + b"m=audio\r\n",
        HEAD + b"m=audio 17000 RTP/AVP\r\n",
        HEAD + b"m=audio 17000 RTP/AVP 4294967296\r\n",
        HEAD + b"m=audio 17000 RTP/AVP 128\r\n",
        HEAD + b"m=audio 17000 RTP/AVP -1\r\n",
        HEAD + "m=audio 17000 RTP/AVP \u0663\r\n".encode(),
        HEAD + b"m=audio 65536 RTP/AVP 0\r\n",
        HEAD + b"m=audio x RTP/AVP 0\r\n",
        HEAD + b"m=audio 1 RTP/AVP 0\r\na=fmtp\x00:101\r\n",
        HEAD + b"m=audio 1 RTP/AVP" + b" 0" * (sdp.MAX_FORMATS + 1),
        HEAD + b"m=audio 1 RTP/AVP 0\r\n" * (sdp.MAX_MEDIA + 1),
        HEAD + b"a=x\r\n" * (sdp.MAX_ATTRIBUTES + 1),
        HEAD + b"\r\n" * sdp.MAX_DESCRIPTION,
    ],
)
def test_a_bad_description_is_refused_with_400(text: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        sdp.parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "value", ["", "x", "0 PCMU", "128 X/8000", "96 X/0", "96 X/768001", "96 /8000", "999 X/8000"]
)
def test_a_bad_rtpmap_is_refused_where_it_is_read(value: str) -> None:
    media = Media("audio", 1, "RTP/AVP", ("96",), None, (("rtpmap", value),))
    with pytest.raises(ParseError):
        media.payload_formats()


def test_a_description_is_written_in_order() -> None:
    session = Session(
        Origin(7, 2, "2001:db8::1"),
        (Media("audio", 9, "RTP/AVP", ("0", "101"), "192.0.2.1", (("sendrecv", ""), ("ptime", "20"))),),
        "2001:db8::1",
        (("tool", "x"),),
    )
    assert sdp.encode(session).decode().split("\r\n") == [
        "v=0", "o=- 7 2 IN IP6 2001:db8::1", "s=-", "c=IN IP6 2001:db8::1", "t=0 0", "a=tool:x",
        "m=audio 9 RTP/AVP 0 101", "c=IN IP4 192.0.2.1", "a=sendrecv", "a=ptime:20", "",
    ]  # fmt: skip


def test_no_value_of_ours_can_smuggle_a_line() -> None:
    with pytest.raises(LocalError):
        sdp.encode(Session(Origin(1, 1, "h"), attributes=(("tool", "x\r\nm=audio"),)))


def test_what_was_read_and_written_reads_the_same() -> None:
    session = sdp.parse(OFFER)
    assert sdp.parse(sdp.encode(session)) == session


@given(st.data())
@settings(max_examples=200)
def test_a_mutated_description_raises_nothing_else(data: st.DataObject) -> None:
    text = bytearray(OFFER)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        end = place + data.draw(st.integers(0, 3))
        text[place:end] = data.draw(
            st.sampled_from([b"", b"\0", b" ", b"/", b":", b"\r\n", b"\xff", b"9" * 30, b"m=", b"a=rtpmap:"])
        )
    try:
        session = sdp.parse(bytes(text))
        for media in session.media:
            if media.kind == "audio" and media.protocol == "RTP/AVP":
                media.payload_formats()
    except ParseError:
        return
    assert sdp.parse(sdp.encode(session)).media == session.media


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    for prefix in (b"", HEAD, HEAD + b"m=audio 1 RTP/AVP 0\r\na="):
        try:
            sdp.parse(prefix + data)
        except ParseError:
            continue
