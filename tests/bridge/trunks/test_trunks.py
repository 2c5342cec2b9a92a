"""Which trunk takes a call, whose call comes in, and how many there are."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.trunks import Trunk as Settings
from bridge.trunks.trunks import ADDRESSES_MAX, Choice, Trunks


def trunk(name: str, address: str = "192.0.2.1", **more: Any) -> Settings:
    return Settings(name=name, address=address, **more)


BRAZIL, PORTO = "+551140028922", "+351220000000"


def names(trunks: Trunks, e164: str = BRAZIL, now: float = 0.0) -> list[str]:
    return list(trunks.choose(e164, now).names)


# --- out ---


def test_the_longest_beginning_is_first_then_the_order_of_the_configuration() -> None:
    trunks = Trunks(
        [
            trunk("all"),
            trunk("brazil", prefixes=("+55",)),
            trunk("sao-paulo", prefixes=("+1", "+5511")),
            trunk("porto", prefixes=("+351",)),
            trunk("all-too"),
        ]
    )
    assert names(trunks) == ["sao-paulo", "brazil", "all", "all-too"]
    assert names(trunks, PORTO) == ["porto", "all", "all-too"]


def test_a_number_that_no_trunk_takes_has_none_and_none_is_full() -> None:
    trunks = Trunks([trunk("brazil", prefixes=("+55",))])
    assert trunks.takes(BRAZIL)
    assert not trunks.takes(PORTO)
    assert trunks.choose(PORTO, 0.0) == Choice((), full=False)
    assert not Trunks().takes(BRAZIL)


def test_a_trunk_that_is_down_is_tried_last_and_not_left_out() -> None:
    trunks = Trunks([trunk("first", prefixes=("+5511",)), trunk("second"), trunk("third", register=True)])
    assert names(trunks) == ["first", "second", "third"]
    trunks.answers("first", up=False, why="no answer", now=5.0)
    assert names(trunks) == ["second", "first", "third"]
    trunks.registered("third", holds=True, why="", now=6.0)
    assert names(trunks) == ["second", "third", "first"]
    trunks.answers("first", up=True, why="", now=7.0)
    assert names(trunks)[0] == "first"
    first = trunks.get("first")
    assert first is not None
    assert (first.last_error, first.since) == ("no answer", 7.0)


def test_a_trunk_at_its_limit_is_left_out_until_a_call_ends() -> None:
    trunks = Trunks([trunk("small", calls_out=2), trunk("big", prefixes=("+55",))])
    trunks.place(1, "small", 0.0)
    trunks.place(2, "small", 0.0)
    assert names(trunks, PORTO) == []
    assert trunks.choose(PORTO, 0.0).full
    trunks.ended(1)
    trunks.ended(1)
    assert names(trunks, PORTO) == ["small"]


def test_a_call_that_goes_on_by_another_trunk_counts_there() -> None:
    trunks = Trunks([trunk("one", calls_out=1), trunk("two")])
    trunks.place(1, "one", 0.0)
    assert names(trunks) == ["two"]
    trunks.place(1, "two", 0.0)
    assert names(trunks) == ["one", "two"]
    assert [each.calls_out for each in trunks] == [0, 1]


def test_so_many_a_second_and_no_more() -> None:
    trunks = Trunks([trunk("slow", calls_per_second=2)])
    placed = 0
    for tenth in range(100):
        now = 50.0 + tenth / 10
        while names(trunks, now=now):
            placed += 1
            trunks.place(placed, "slow", now)
    assert 20 <= placed <= 22, "two a second for ten seconds, and two to begin with"


# --- in ---


def test_a_call_is_that_of_the_trunk_whose_address_it_comes_from() -> None:
    trunks = Trunks(
        [
            trunk("numeric", "192.0.2.9:5080"),
            trunk("net", "a.example", networks=(ip_network("198.51.100.0/24"), ip_network("203.0.113.7/32"))),
            trunk(
                "near", "b.example", networks=(ip_network("198.51.100.128/25"), ip_network("2001:db8::/32"))
            ),
            trunk("named", "c.example"),
        ]
    )

    def whose(address: str) -> str | None:
        found = trunks.of_source(address)
        return None if found is None else found.name

    assert whose("192.0.2.9") == whose("::ffff:192.0.2.9") == "numeric"
    assert whose("198.51.100.1") == whose("::ffff:198.51.100.1") == whose("203.0.113.7") == "net"
    assert whose("198.51.100.200") == whose("2001:db8:1::1") == "near", "the narrower network"
    assert whose("192.0.2.10") is whose("nonsense") is whose("") is None
    trunks.learned("named", ["192.0.2.77"])
    trunks.learned("net", ["192.0.2.78"])
    assert whose("192.0.2.77") == "named"
    assert whose("192.0.2.78") is None, "its networks are configured"
    trunks.learned("named", [])
    assert whose("192.0.2.77") == "named", "a name server that says nothing closes no door"
    trunks.learned("named", [f"203.0.{n}.1" for n in range(200)])
    assert whose("192.0.2.77") is None
    assert whose(f"203.0.{ADDRESSES_MAX}.1") is None


def test_a_flood_from_forged_addresses_finds_a_bounded_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.trunks.trunks.SOURCES_REMEMBERED", 10)
    trunks = Trunks([trunk("net", "a.example", networks=(ip_network("198.51.100.0/24"),))])
    for number in range(100):
        assert trunks.of_source(f"203.0.113.{number}") is None
        assert trunks.of_source("198.51.100.7") is not None
    assert len(trunks._remembered) <= 10


def test_a_call_to_the_contact_of_a_registration_is_that_trunks() -> None:
    trunks = Trunks([trunk("one"), trunk("two")])
    trunks.bound("one", "abc")
    trunks.bound("two", "def")
    trunks.bound("one", "ghi")
    found = trunks.of_line("ghi")
    assert found is not None
    assert found.name == "one"
    assert trunks.of_line("abc") is None, "the old one is no secret any more"
    assert trunks.of_line("") is None


def test_calls_in_are_counted_for_themselves() -> None:
    trunks = Trunks([trunk("small", calls_in=1, calls_out=1)])
    assert trunks.arrive(1, "small")
    assert not trunks.arrive(2, "small")
    assert names(trunks) == ["small"]
    trunks.ended(2)
    trunks.ended(1)
    assert trunks.arrive(2, "small")


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(["out", "in", "ended"]), st.sampled_from("ab")),
        max_size=40,
    )
)
@settings(max_examples=80)
def test_whatever_comes_and_goes_the_counts_are_those_of_the_calls_there_are(
    happens: list[tuple[int, str, str]],
) -> None:
    trunks = Trunks([trunk("a"), trunk("b")])
    there: dict[int, tuple[str, str]] = {}
    for call, what, name in happens:
        if what == "ended":
            trunks.ended(call)
            there.pop(call, None)
        elif what == "out":
            trunks.place(call, name, 0.0)
            there[call] = what, name
        elif call not in there:
            assert trunks.arrive(call, name)
            there[call] = what, name
    for each in trunks:
        assert each.calls_out == sum(where == ("out", each.name) for where in there.values())
        assert each.calls_in == sum(where == ("in", each.name) for where in there.values())
