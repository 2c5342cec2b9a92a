"""What hypothesis builds out of honest parts with a few dishonest ones: near enough to the truth to get far."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.targets import BETWEEN
from tests.support.sip_playbook import TCP, UDP, Playbook

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Pieces of headers ------------------------------------------------------------------------------------------------

TOKENS = st.sampled_from(
    ["a", "alice", "z9hG4bK7", "1", "%41", "x" * 300, "", "é", "a b", "\t", "4294967296", "-1"]
)
HOSTS = st.sampled_from(
    [
        "h",
        "10.0.0.9",
        "[2001:db8::9]",
        "[::ffff:10.0.0.9]",
        "[::g]",
        "h_1.example",
        "",
        "256.1.1.1",
        "h..h",
        "[:::1]",
    ]
)
PORTS = st.sampled_from(["", ":5060", ":0", ":65535", ":65536", ":", ": 5060"])
PARAMETERS = st.lists(
    st.sampled_from(
        [
            ";tag=1", ";tag=", ";tag", ";lr", ";transport=tcp", ';x="a;b"', ';x="', ";=", ";;", ";rport", ";rport=1",
            ";received=[::1]", ";branch=z9hG4bK1", ";expires=60", ";q=0.5", ";q=9", "; a = b", ";a=b=c", ";%61=%62",
        ]
    ),
    max_size=3,
).map("".join)  # fmt: skip
URIS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["sip:", "sips:", "SIP:", "tel:", "isbn:", "", ":"]),
    st.sampled_from(["", "alice@", "a:b@", "+1-2@", "%00@", "a%4@", "a@b@", "@"]),
    HOSTS,
    PORTS,
    st.sampled_from(["", ";lr", ";transport=udp;lr", ";a=%3B", ";", ";=", ";user=phone"]),
    st.sampled_from(["", "?a=b", "?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2", "?", "?a=%", "?%0d%0aX=y"]),
)
ADDRESSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "A ", '"A \\" B" ', '"', "A, B ", "\\ ", "é "]),
    st.one_of(URIS.map("<{}>".format), URIS),
    PARAMETERS,
)
VIAS = st.builds(
    "{}{} {}{}{}".format,
    st.sampled_from(["SIP/2.0/", "sip / 2.0 / ", "SIP/3.0/", "SIP/2.0", "HTTP/1.1/"]),
    st.sampled_from(["UDP", "tcp", "TLS", "X", ""]),
    HOSTS,
    PORTS,
    PARAMETERS,
)
METHODS = st.sampled_from(
    ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "SUBSCRIBE", "REGISTER",
     "invite", "X-", "", "é"]
)  # fmt: skip
HEADERS = st.one_of(
    st.tuples(st.sampled_from(["From", "t", "m", "Contact", "Route", "Record-Route", "Refer-To", "Referred-By",
                               "P-Asserted-Identity", "Diversion", "History-Info"]), ADDRESSES),
    st.tuples(st.sampled_from(["Via", "v"]), VIAS),
    st.tuples(st.just("CSeq"), st.builds("{} {}".format, st.integers(-1, 2**33), METHODS)),
    st.tuples(
        st.sampled_from(["Max-Forwards", "Expires", "Session-Expires", "Min-SE", "RSeq", "l", "Retry-After"]),
        st.sampled_from(["0", "70", "-1", "90;refresher=uac", "4294967296", "", "1e3", "٣"]),
    ),
    st.tuples(
        st.sampled_from(["Require", "k", "Allow", "Event", "Reason", "Replaces", "Subscription-State", "RAck", "Privacy",
                         "Content-Type", "Accept", "Join", "X"]),
        st.sampled_from(["100rel", "timer, 100rel", "conference;id=1", "Q.850;cause=16", "x;to-tag=1;from-tag=2", ",,",
                         "1 1 INVITE", "application/sdp", "application/dtmf-relay;x", "id;header", "\x00", "terminated"]),
    ),
)  # fmt: skip
BODIES = st.sampled_from(
    [
        b"",
        b"v=0\r\n",
        b"Signal=5\r\nDuration=160\r\n",
        b"SIP/2.0 200 OK",
        b"\0\0",
        b"INVITE sip:h SIP/2.0\r\n",
    ]
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message with all it needs, some of it replaced, and some more."""
    method, body = draw(METHODS), draw(BODIES)
    fields = [
        ("Via", draw(st.one_of(st.just("SIP/2.0/UDP 10.0.0.9:5062;rport;branch=z9hG4bK1"), VIAS))),
        ("From", draw(st.one_of(st.just("<sip:alice@h>;tag=peer"), ADDRESSES))),
        ("To", draw(st.one_of(st.just("<sip:room@10.0.0.1>"), ADDRESSES))),
        ("Call-ID", draw(st.one_of(st.just("call-1"), TOKENS))),
        ("CSeq", f"{draw(st.integers(1, 9))} {method}"),
        *draw(st.lists(HEADERS, max_size=4)),
        ("Content-Length", str(len(body) + draw(st.sampled_from([0, 0, 0, 0, 1, -1])))),
    ]
    start = draw(
        st.one_of(
            URIS.map(lambda uri: f"{method} {uri} SIP/2.0"),
            st.just(f"{method} sip:room@10.0.0.1 SIP/2.0"),
            st.sampled_from(["SIP/2.0 200 OK", "SIP/2.0 180 ", "SIP/2.0 999 X", "SIP/2.0 487 \xff"]),
        )
    )
    end = draw(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r\n "]))
    head = f"{start}\r\n" + "".join(
        [f"{name}: {value}{end}" for name, value in draw(st.permutations(fields))]
    )
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + body


@QUICK
@given(messages())
def test_a_message(data: bytes) -> None:
    targets.parser(data)


@QUICK
@given(
    st.lists(st.one_of(messages(), st.sampled_from([b"\r\n\r\n", b"\r\n", b"\0"])), max_size=4),
    st.integers(0, 255),
)
def test_a_stream(pieces: list[bytes], step: int) -> None:
    targets.stream(bytes([step]) + b"".join(pieces))


VERBS = st.sampled_from(list(b"rpafjhoyniqdxNEtT")).map(lambda letter: bytes([letter]))
OFFER = b"v=0\r\n"


def our_tag() -> str:
    """The tag by which the agent of a conversation knows its first call: the same each time."""
    agent = targets.Conversation().agent
    agent.receive(UDP, Playbook().request("INVITE", {}), 1000.0)
    (tag,) = agent._core.dialogs
    return tag


TAG = our_tag()


IN_A_CALL = st.sampled_from(
    ["ACK", "ACK", "INVITE", "BYE", "CANCEL", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "SUBSCRIBE"]
)
ODD = st.lists(HEADERS, max_size=2) | st.just([]) | st.just([])


def request(
    method: str, tag: str, branch: int, number: int, odd: list[tuple[str, str]], body: bytes
) -> bytes:
    lines = [
        f"{method} sip:room@10.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 10.0.0.9:5062;rport;branch=z9hG4bK{branch}",
        "From: <sip:alice@peer.invalid>;tag=peer",
        f"To: <sip:room@10.0.0.1>{tag}",
        "Call-ID: call-1",
        f"CSeq: {number} {method}",
        "Contact: <sip:alice@10.0.0.9:5062>",
        *[f"{name}: {value}" for name, value in odd],
    ]
    kind = "Content-Type: application/sdp\r\n" if body else ""
    head = "\r\n".join(lines) + f"\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + body


NUMBERS = st.integers(1, 5)
WITHIN = st.builds(
    request, IN_A_CALL, st.just(f";tag={TAG}"), NUMBERS, NUMBERS, ODD, st.sampled_from([b"", OFFER])
)
"""Requests in the dialog, or of its beginning: the numbers decide whether they are repeated, late or new."""
BEGINNING = st.builds(
    request, st.just("INVITE"), st.just(""), st.just(1), st.just(1),
    st.sampled_from([[], [("Supported", "100rel, timer")], [("Require", "100rel")], [("Session-Expires", "90")]]),
    st.sampled_from([b"", OFFER]),
)  # fmt: skip


ACK = request("ACK", f";tag={TAG}", 9, 1, [], b"")
ANSWERS = st.sampled_from([[b"a", ACK], [b"f", ACK], [b"a"], [b"p"], [b"r"], [b"p", b"a"], []])
GOES_ON = st.lists(st.one_of(WITHIN, WITHIN, WITHIN, messages(), VERBS, VERBS), min_size=1, max_size=12)


@QUICK
@given(BEGINNING, ANSWERS, GOES_ON)
def test_a_conversation(beginning: bytes, answer: list[bytes], pieces: list[bytes]) -> None:
    targets.call(BETWEEN.join([beginning, *answer, *pieces]))


@pytest.mark.parametrize("transport", ["tcp", "wss"])
@QUICK
@given(BEGINNING, ANSWERS, GOES_ON)
def test_a_conversation_by_a_connection(
    transport: str, beginning: bytes, answer: list[bytes], pieces: list[bytes]
) -> None:
    targets.call(BETWEEN.join([beginning, *answer, *pieces]), replace(TCP, transport=transport))


LINES = st.lists(
    st.sampled_from([
        "v=0", "o=- 1 1 IN IP4 192.0.2.9", "o=- 1 1 IN IP6 ::1", "s=-", "c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0",
        "c=IN IP6 2001:db8::9", "c=IN IP4 224.2.1.1/127/3", "c=IN IP4 h", "t=0 0", "m=audio 4000 RTP/AVP 0 8 101",
        "m=audio 0 RTP/AVP 0", "m=audio 4000 RTP/SAVP 8", "m=audio 65536 RTP/AVP 0", "m=audio 4000/2 RTP/AVP 0 0",
        "m=video 9 RTP/AVP 31", "m=audio 4000 RTP/AVP", "a=sendonly", "a=inactive", "a=rtpmap:101 telephone-event/8000",
        "a=rtpmap:0 PCMA/8000", "a=rtpmap:999 X/0", "a=fmtp:101 0-15", "a=ptime:20", "a=ptime:x", "a=maxptime:0",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj",
        "a=crypto:1 AEAD_AES_256_GCM inline:AA==", "a=crypto:1", "a=rtcp:4001", "a=rtcp:0 IN IP4 h", "a=", "x", "", "b=AS:64",
    ]),
    max_size=14,
)  # fmt: skip


@QUICK
@given(st.booleans(), LINES, st.sampled_from(["\r\n", "\n", "\r\n\r\n"]))
def test_a_description(honest: bool, lines: list[str], end: str) -> None:
    head = ["v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 192.0.2.9", "t=0 0"] if honest else []
    targets.description(end.join([*head, *lines, ""]).encode())


PROOF_PARTS = st.lists(
    st.sampled_from([
        'username="alice"', 'username="bob"', 'realm="roda.example"', 'realm="x\\"y"', 'nonce="n"', 'nonce=""',
        'uri="sip:roda.example"', 'uri="x"', f'response="{"0" * 32}"', f'response="{"0" * 64}"', "algorithm=MD5",
        'algorithm="SHA-256"', "algorithm=MD5-sess", "qop=auth", 'qop="auth-int, auth"', "nc=00000001", "nc=x", 'cnonce="c"',
        "stale=true", 'opaque="\\\\"', "=", ",", 'a="', "username*=UTF-8''alice",
    ]),
    max_size=11,
)  # fmt: skip


@QUICK
@given(
    st.lists(
        st.builds(
            "{}: {} {}".format,
            st.sampled_from(
                [
                    "Authorization",
                    "Proxy-Authorization",
                    "WWW-Authenticate",
                    "Proxy-Authenticate",
                    "P-Preferred-Identity",
                ]
            ),
            st.sampled_from(["Digest", "digest", "Basic", "", "NTLM"]),
            PROOF_PARTS.map(", ".join),
        ),
        max_size=3,
    )
)
def test_proofs(lines: list[str]) -> None:
    targets.proofs("\r\n".join(lines).encode())


BINDINGS = st.builds(
    "{}\r\n{}".format,
    st.one_of(
        st.lists(ADDRESSES, max_size=4).map(lambda each: "Contact: " + ", ".join(each)), st.just("Contact: *")
    ),
    st.sampled_from(
        [
            "",
            "Expires: 0",
            "Expires: 60",
            "Supported: path, outbound\r\nPath: <sip:p;ob>",
            "Require: gruu",
            "Path: x",
            "User-Agent: \x07",
        ]
    ),
)


@QUICK
@given(st.lists(BINDINGS, max_size=5))
def test_a_registrar(requests: list[str]) -> None:
    targets.registrar(BETWEEN.join([lines.encode() for lines in requests]))


@st.composite
def packet(draw: st.DrawFn) -> bytes:
    """RTP whose numbers lie near each other, with whatever a header may claim; or RTCP."""
    how = draw(st.integers(0, 63))
    if how & 4:
        kind, words = draw(st.integers(192, 210)), draw(st.integers(0, 8))
        data = struct.pack("!BBHI", 0x80 | draw(st.integers(0, 31)), kind, words, draw(st.integers(0, 3)))
        data += draw(st.binary(max_size=32))
    else:
        sequence = draw(st.integers(65_530, 65_545)) & 0xFFFF
        first = draw(st.sampled_from([0x80, 0x80, 0x80, 0x90, 0xA0, 0x8F, 0xB1, 0x40, 0xFF]))
        kind = draw(st.sampled_from([0, 0, 128, 101, 13, 8, 72]))
        stamp = draw(st.sampled_from([sequence * 160, 0, 2**32 - 80]))
        data = struct.pack(
            "!BBHII", first, kind, sequence, stamp & 0xFFFFFFFF, draw(st.sampled_from([7, 7, 8]))
        )
        data += draw(
            st.one_of(
                st.just(b"\x55" * 160), st.binary(max_size=200), st.sampled_from([b"\5\x80\0\xa0", b"\5"])
            )
        )
    data = data[:255]
    return bytes([how, len(data)]) + data


@QUICK
@given(st.lists(packet(), max_size=12))
def test_packets(packets: list[bytes]) -> None:
    targets.packets(b"".join(packets))
