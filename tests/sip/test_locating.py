"""From a URI to servers (RFC 3263): what is asked, in which order servers come out, and that nothing grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.locating import (
    NAMES_MAX,
    RECORDS_MAX,
    TARGETS_MAX,
    HostAddress,
    Kind,
    Locating,
    Naptr,
    Question,
    Record,
    Srv,
    Target,
    in_order,
)
from sip.uri import Uri

ALL = ("udp", "tcp", "tls")
A1, A2 = HostAddress("192.0.2.1"), HostAddress("192.0.2.2")
SIX = HostAddress("2001:db8::1")

Zone = Mapping[tuple[str, Kind], Sequence[Record]]


def zeros(count: int) -> bytes:
    return bytes(count)


def find(
    uri: str,
    zone: Zone | None = None,
    *,
    transports: Sequence[str] = ALL,
    versions: Sequence[int] = (4, 6),
    entropy: Callable[[int], bytes] = zeros,
) -> tuple[list[Target], list[str], str]:
    """Targets, the questions in the order asked, and why there are none."""
    locating = Locating(Uri.parse(uri), transports=transports, versions=versions, entropy=entropy)
    asked: list[str] = []
    while not locating.done:
        questions = locating.questions()
        assert questions, "it waits for something that it never asked"
        for each in questions:
            asked.append(f"{each.kind.value} {each.name}")
            locating.answered(each, (zone or {}).get((each.name, each.kind), ()))
    assert locating.questions() == []
    return locating.targets(), asked, locating.why


def shown(targets: Sequence[Target]) -> list[str]:
    return [f"{each.transport} {each.host} {each.port}" for each in targets]


# --- without any question ---


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("sip:ana@192.0.2.7", "udp 192.0.2.7 5060"),
        ("sip:192.0.2.7:5080", "udp 192.0.2.7 5080"),
        ("sip:192.0.2.7;transport=TCP", "tcp 192.0.2.7 5060"),
        ("sip:192.0.2.7;transport=tls", "tls 192.0.2.7 5061"),
        ("sips:192.0.2.7", "tls 192.0.2.7 5061"),
        ("sips:192.0.2.7:5071;transport=tcp", "tls 192.0.2.7 5071"),
        ("sip:[2001:db8::7]:5062", "udp 2001:db8::7 5062"),
    ],
)
def test_a_numeric_host_is_asked_of_nobody(uri: str, target: str) -> None:
    targets, asked, why = find(uri)
    assert (shown(targets), asked, why) == ([target], [], "")


def test_where_we_do_not_speak_udp_a_numeric_host_is_tried_as_we_like_best() -> None:
    assert shown(find("sip:192.0.2.7", transports=("tcp", "tls"))[0]) == ["tcp 192.0.2.7 5060"]


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("tel:+5511", "tel says no host"),
        ("sip:a;transport=sctp", "sctp is no transport of ours"),
        ("sip:a;transport=ws", "ws is no transport of ours"),
        ("sips:a;transport=udp", "udp is no transport of ours for sips"),
    ],
)
def test_what_leads_nowhere_says_why(uri: str, why: str) -> None:
    assert find(uri) == ([], [], why)


def test_without_tls_no_sips_address_is_reached() -> None:
    for uri in ("sips:a.example", "sips:192.0.2.1", "sips:a.example:5061"):
        assert find(uri, transports=("udp", "tcp")) == ([], [], "no transport of ours leads there")


def test_an_address_of_a_version_that_we_have_not_is_none() -> None:
    assert find("sip:[2001:db8::7]", versions=(4,))[2] == "we have no address of IP version 6"


# --- what is asked ---


def test_with_a_port_the_addresses_alone_are_asked_for() -> None:
    targets, asked, _ = find("sip:a.example:5070", {("a.example", Kind.A): [A1, A2]})
    assert shown(targets) == ["udp 192.0.2.1 5070", "udp 192.0.2.2 5070"]
    assert asked == ["A a.example", "AAAA a.example"]
    assert targets[0].name == "a.example", "what a certificate must say"


def test_with_a_transport_its_srv_alone_is_asked_for() -> None:
    zone: Zone = {
        ("_sip._tcp.a.example", Kind.SRV): [Srv(10, 0, 5090, "b.example")],
        ("b.example", Kind.A): [A1],
        ("b.example", Kind.AAAA): [SIX],
    }
    targets, asked, _ = find("sip:a.example;transport=tcp", zone)
    assert shown(targets) == ["tcp 192.0.2.1 5090", "tcp 2001:db8::1 5090"]
    assert {each.name for each in targets} == {"a.example"}, "not what an unsigned record says"
    assert asked == ["SRV _sip._tcp.a.example", "A b.example", "AAAA b.example"]


def test_without_srv_the_domain_is_a_host() -> None:
    targets, asked, _ = find("sips:a.example", {("a.example", Kind.A): [A1]}, versions=(4,))
    assert shown(targets) == ["tls 192.0.2.1 5061"]
    assert asked == ["NAPTR a.example", "SRV _sips._tcp.a.example", "A a.example"]


def test_with_nothing_said_naptr_says_the_transport() -> None:
    """The example of RFC 3263 section 4.1, with a server each."""
    zone: Zone = {
        ("example.com", Kind.NAPTR): [
            Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
            Naptr(100, 50, "s", "SIP+D2U", "_sip._udp.example.com"),
            Naptr(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
            Naptr(10, 10, "u", "E2U+sip", ""),
            Naptr(10, 10, "s", "SIP+D2S", "_sip._sctp.example.com"),
        ],
        ("_sips._tcp.example.com", Kind.SRV): [Srv(0, 0, 5061, "s.example.com")],
        ("_sip._tcp.example.com", Kind.SRV): [Srv(0, 0, 5060, "t.example.com")],
        ("_sip._udp.example.com", Kind.SRV): [Srv(0, 0, 5060, "u.example.com")],
        ("s.example.com", Kind.A): [HostAddress("192.0.2.11")],
        ("t.example.com", Kind.A): [HostAddress("192.0.2.12")],
        ("u.example.com", Kind.A): [HostAddress("192.0.2.13")],
    }
    assert shown(find("sip:example.com", zone, versions=(4,))[0]) == [
        "tls 192.0.2.11 5061",
        "tcp 192.0.2.12 5060",
        "udp 192.0.2.13 5060",
    ]
    assert shown(find("sip:example.com", zone, transports=("udp",), versions=(4,))[0]) == [
        "udp 192.0.2.13 5060"
    ], "what we do not speak is left out"
    assert shown(find("sips:example.com", zone, versions=(4,))[0]) == ["tls 192.0.2.11 5061"]


def test_of_equal_order_the_lower_preference_is_first() -> None:
    zone: Zone = {
        ("a.example", Kind.NAPTR): [Naptr(1, 20, "A", "sip+d2t", "t.a.example"), Naptr(1, 10, "a", "SIP+D2U", "u.a.example")],
        ("t.a.example", Kind.A): [A1],
        ("u.a.example", Kind.A): [A2],
    }  # fmt: skip
    assert shown(find("sip:a.example", zone, versions=(4,))[0]) == [
        "udp 192.0.2.2 5060",
        "tcp 192.0.2.1 5060",
    ]


def test_without_naptr_each_transport_of_ours_is_looked_for_in_our_order() -> None:
    zone: Zone = {
        ("_sip._udp.a.example", Kind.SRV): [Srv(0, 0, 5060, "u.a.example")],
        ("_sips._tcp.a.example", Kind.SRV): [Srv(0, 0, 5061, "s.a.example")],
        ("u.a.example", Kind.A): [A1],
        ("s.a.example", Kind.A): [A2],
    }
    targets, asked, _ = find("sip:a.example", zone, transports=("tls", "udp", "tcp"), versions=(4,))
    assert shown(targets) == ["tls 192.0.2.2 5061", "udp 192.0.2.1 5060"]
    assert asked[1:4] == ["SRV _sips._tcp.a.example", "SRV _sip._udp.a.example", "SRV _sip._tcp.a.example"]


def test_a_domain_without_any_record_for_sip_is_a_host_by_udp() -> None:
    zone: Zone = {("a.example", Kind.A): [A1]}
    assert shown(find("sip:a.example", zone, transports=("tcp", "udp"))[0]) == ["udp 192.0.2.1 5060"]
    assert shown(find("sip:a.example", zone, transports=("tcp",))[0]) == ["tcp 192.0.2.1 5060"]


def test_a_domain_that_says_it_has_no_such_service_is_not_taken_for_a_host() -> None:
    """RFC 2782: a target of "." means that the service is decidedly not available."""
    zone: Zone = {("_sip._udp.a.example", Kind.SRV): [Srv(0, 0, 0, "")], ("a.example", Kind.A): [A1]}
    targets, _, why = find("sip:a.example;transport=udp", zone)
    assert (targets, why) == ([], "a.example offers no such service")


def test_a_name_without_address_says_so() -> None:
    assert find("sip:a.example:5060")[2] == "a.example has no address that we can use"
    assert find("sip:a.example")[2] == "a.example has no address that we can use"
    zone: Zone = {("_sip._udp.a.example", Kind.SRV): [Srv(0, 0, 5060, "gone.example")]}
    assert find("sip:a.example;transport=udp", zone)[2] == "a.example has no address that we can use"


def test_an_srv_target_that_is_an_address_already_is_taken() -> None:
    zone: Zone = {("_sip._udp.a.example", Kind.SRV): [Srv(0, 0, 5060, "192.0.2.9")]}
    assert shown(find("sip:a.example;transport=udp", zone)[0]) == ["udp 192.0.2.9 5060"]


def test_answers_to_what_was_not_asked_and_answers_twice_change_nothing() -> None:
    locating = Locating(Uri.parse("sip:a.example:5060"), transports=ALL, versions=(4,), entropy=zeros)
    (question,) = locating.questions()
    locating.answered(Question("b.example", Kind.A), [A2])
    assert not locating.done
    locating.answered(question, [A1])
    locating.answered(question, [A2])
    assert shown(locating.targets()) == ["udp 192.0.2.1 5060"]


# --- the order of servers (RFC 2782) ---


def test_a_lower_priority_is_first_whatever_the_weight() -> None:
    records = [Srv(20, 1000, 1, "c"), Srv(10, 0, 1, "a"), Srv(10, 5, 1, "b")]
    assert {each.target for each in in_order(records, zeros)[:2]} == {"a", "b"}
    assert in_order(records, zeros)[2].target == "c"


def test_equals_share_by_their_weight() -> None:
    records = [Srv(0, 60, 1, "big"), Srv(0, 20, 1, "small"), Srv(0, 20, 1, "other"), Srv(0, 0, 1, "none")]
    first = Counter(
        in_order(records, lambda _, dice=dice: dice.to_bytes(4, "big"))[0].target for dice in range(10_100)
    )
    assert first["big"] / 10_100 == pytest.approx(0.6, abs=0.01)
    assert first["small"] == first["other"]
    assert 0 < first["none"] <= 101, "once in a while, so that nobody is left out for ever"


@given(
    st.lists(
        st.builds(Srv, st.integers(0, 3), st.integers(0, 65535), st.just(1), st.sampled_from("abc")),
        max_size=8,
    ),
    st.binary(min_size=4, max_size=4),
)
@settings(max_examples=60)
def test_in_whatever_order_every_server_comes_once_and_priorities_rise(
    records: list[Srv], dice: bytes
) -> None:
    found = in_order(records, lambda _: dice)
    assert Counter(found) == Counter(records)
    assert [each.priority for each in found] == sorted(each.priority for each in records)


# --- bounds ---


def test_an_answer_of_any_length_asks_little_and_leads_to_few() -> None:
    servers = [Srv(index, 0, 5060, f"h{index}.example") for index in range(200)]
    zone = {("_sip._udp.a.example", Kind.SRV): servers} | {
        (f"h{index}.example", Kind.A): [HostAddress(f"192.0.2.{n}") for n in range(1, 200)]
        for index in range(200)
    }
    targets, asked, _ = find("sip:a.example;transport=udp", zone, versions=(4,))
    assert len(asked) == 1 + NAMES_MAX
    assert len(targets) == TARGETS_MAX < RECORDS_MAX


NAMES = st.sampled_from(["a.example", "b.example", "_sip._udp.a.example", "", "192.0.2.3", "::1", "x" * 300])
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Naptr,
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(["s", "a", "u", ""]),
        st.sampled_from(["SIP+D2U", "SIPS+D2T", "x", "\udcff"]),
        NAMES,
    ),
    st.builds(Srv, st.integers(0, 3), st.integers(0, 9), st.integers(0, 70_000), NAMES),
    st.builds(HostAddress, st.sampled_from(["192.0.2.1", "2001:db8::1", "not an address", ""])),
)


@given(
    st.sampled_from(["sip:a.example", "sips:a.example", "sip:a.example:1", "sip:a.example;transport=tcp"]),
    st.lists(st.lists(RECORDS, max_size=4), min_size=1, max_size=12),
)
@settings(max_examples=100)
def test_whatever_is_answered_it_ends_with_numeric_targets_or_a_reason(
    uri: str, answers: list[list[Record]]
) -> None:
    locating = Locating(Uri.parse(uri), transports=ALL, entropy=zeros)
    count = 0
    while not locating.done:
        for question in locating.questions():
            locating.answered(question, answers[count % len(answers)])
            count += 1
        assert count < 200
    targets = locating.targets()
    assert bool(targets) != bool(locating.why)
    assert all(0 < each.port < 65536 and each.transport in ALL for each in targets)
    assert {each.host for each in targets} <= {"192.0.2.1", "2001:db8::1", "192.0.2.3", "::1"}
