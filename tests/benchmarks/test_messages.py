import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.messages import (
    UnreadableMessageError,
    address_of,
    offer_sdp,
    parse_media,
    parse_message,
    routes_of,
    split_stream,
)

ANSWER = (
    b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKx\r\nRecord-Route: <sip:a;lr>, <sip:b;lr>\r\n"
    b't: <sip:conf-1@h>\r\n ;tag=7\r\nm: "Room" <sip:room@127.0.0.1:5060;transport=udp>;isfocus\r\n'
    b"Content-Length: 3\r\n\r\nabc"
)


def test_a_response_is_read_with_compact_names_and_folded_lines():
    message = parse_message(ANSWER)
    assert (message.status, message.method, message.body) == (200, "", "abc")
    assert message.first("to") == "<sip:conf-1@h> ;tag=7"
    assert address_of(message.first("contact")) == "sip:room@127.0.0.1:5060;transport=udp"
    assert routes_of(message) == ["<sip:b;lr>", "<sip:a;lr>"]


def test_a_request_is_read():
    message = parse_message(b"BYE sip:phone1@h SIP/2.0\r\nCSeq: 7 BYE\r\n\r\n")
    assert (message.status, message.method, message.first("cseq")) == (0, "BYE", "7 BYE")


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused_with_one_error(data):
    with contextlib.suppress(UnreadableMessageError):
        parse_message(data)


def test_a_stream_is_cut_at_content_length_wherever_it_was_torn():
    whole = b"\r\n\r\n" + ANSWER + ANSWER
    for cut in range(len(whole)):
        buffer = bytearray(whole[:cut])
        messages = split_stream(buffer)
        buffer += whole[cut:]
        messages += split_stream(buffer)
        assert messages == [ANSWER, ANSWER]
        assert not buffer


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            "c=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n",
            ("10.0.0.1", 4000, 0, 96),
        ),
        ("c=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 8\nc=IN IP4 10.0.0.2\n", ("10.0.0.2", 4000, 8, None)),
        (
            "m=video 5000 RTP/AVP 0\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP4 10.0.0.2\r\n",
            ("10.0.0.2", 4000, 8, None),
        ),
    ],
)
def test_the_audio_line_of_an_answer_says_where_and_what(body, found):
    media = parse_media(body)
    assert media is not None
    assert (media.host, media.port, media.payload_type, media.telephone_event) == found


@pytest.mark.parametrize(
    "body", ["", "m=audio 0 RTP/AVP 0", "c=IN IP4 h\nm=audio 9 RTP/AVP 112", "m=audio x RTP/AVP 0"]
)
def test_an_answer_without_usable_audio_is_none(body):
    assert parse_media(body) is None


def test_our_own_offer_is_readable():
    media = parse_media(offer_sdp(host="127.0.0.1", port=34000, codec="pcma", ptime_ms=20, session=1))
    assert media is not None
    assert (media.port, media.payload_type, media.telephone_event) == (34000, 8, 101)


@pytest.mark.parametrize(
    ("codec", "payload_type", "line"),
    [("g722", 9, "a=rtpmap:9 G722/8000\r\n"), ("opus", 111, "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 ")],
)
def test_hd_is_offered_as_telephones_do_and_read_in_an_answer(codec, payload_type, line):
    text = offer_sdp(host="10.0.0.2", port=4000, codec=codec, ptime_ms=20, session=1)
    assert line in text
    found = parse_media(text)
    assert found is not None
    assert found.payload_type == payload_type
