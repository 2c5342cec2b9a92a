"""A call drawn as text."""

from datetime import timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.tracing.ladder import PARTIES_MAX, ladder
from bridge.tracing.seen import Seen
from tests.bridge.tracing.messages import BRIDGE, CARRIER, PHONE, SIX, call, seen

DRAWN = """\
               198.51.100.7:5070          192.0.2.1:5060
                       |                         |
 12:00:00.000          | INVITE (SDP)            |
                       |------------------------>|
       +0.001          |              100 Trying |
                       |<------------------------|
       +0.020          |    200 OK (INVITE, SDP) |
                       |<------------------------|
       +0.010          | ACK                     |
                       |------------------------>|
      +59.969          | BYE                     |
                       |------------------------>|
       +0.002          |            200 OK (BYE) |
                       |<------------------------|
                       |                         |"""


def test_a_call_is_a_ladder() -> None:
    assert "\n".join(ladder(call())) == DRAWN


def test_times_are_those_of_the_place() -> None:
    assert ladder(call(), zone=timezone(-timedelta(hours=3)))[2].startswith(" 09:00:00.000 ")


def test_an_arrow_passes_the_posts_of_others() -> None:
    lines = ladder(
        [
            seen(PHONE, BRIDGE, "INVITE sip:1000@b SIP/2.0"),
            seen(BRIDGE, CARRIER, "INVITE sip:1@c SIP/2.0"),
            seen(CARRIER, PHONE, "BYE sip:1@c SIP/2.0"),
        ]
    )
    assert len({line.rindex("|") for line in lines[1:]}) == 1
    assert lines[-2].count("|") == 2
    assert "<---" in lines[-2]


def test_nothing_seen_is_nothing_drawn() -> None:
    assert ladder([]) == []


def test_what_has_no_column_is_listed_below() -> None:
    many = [
        seen((f"198.51.100.{n}", 5060), BRIDGE, "OPTIONS sip:b SIP/2.0", n) for n in range(PARTIES_MAX + 3)
    ]
    lines = ladder([*many, seen(PHONE, PHONE, "OPTIONS sip:b SIP/2.0", 60)])
    assert [line for line in lines if " -> " in line] == [
        *(f"12:00:{n:02}.000  198.51.100.{n}:5060 -> 192.0.2.1:5060  OPTIONS" for n in range(7, 11)),
        "12:01:00.000  198.51.100.7:5070 -> 198.51.100.7:5070  OPTIONS",
    ]


places = st.sampled_from([PHONE, BRIDGE, CARRIER, SIX])


@settings(max_examples=60)
@given(
    st.lists(
        st.builds(
            Seen, st.floats(0, 1e9), places, places, st.just("udp"), st.just("c"), st.binary(max_size=80)
        )
    )
)
def test_whatever_was_seen_can_be_drawn(messages: list[Seen]) -> None:
    lines = ladder(messages)
    arrows = [line for line in lines if "->|" in line or "|<-" in line]
    elsewhere = [each for each in messages if each.source == each.target]
    assert len(arrows) >= len(messages) - len(elsewhere)
    assert all(line.isprintable() for line in lines)


def test_a_clock_that_went_back_says_no_time_rather_than_a_negative_one() -> None:
    lines = ladder(
        [seen(PHONE, BRIDGE, "BYE sip:b SIP/2.0", 1.0), seen(PHONE, BRIDGE, "BYE sip:b SIP/2.0", 0.0)]
    )
    assert "+0.000" in lines[4]
