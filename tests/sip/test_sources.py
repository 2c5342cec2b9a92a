"""Who sends, and what is remembered of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.flow import Flow
from sip.sources import ASKED_S, REAL_MAX, REAL_S, SOURCES_MAX, VOUCHED_S, Limit, Sources, source_of

HERE = ("192.0.2.1", 5060)


def udp(host: str, port: int = 5060) -> Flow:
    return Flow("udp", HERE, (host, port))


def tcp(host: str) -> Flow:
    return Flow("tcp", HERE, (host, 40_000), 7)


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("no:address", "no:address"),
    ],
)
def test_a_source_is_an_ipv4_address_or_what_one_customer_has_of_ipv6(host: str, source: str):
    assert source_of(host) == source


@given(st.text(max_size=40))
def test_no_text_hurts(host: str):
    assert isinstance(source_of(host), str)


def test_of_many_new_sources_each_must_knock_twice():
    sources = Sources(lambda _: False)
    heard = [sources.knocking(udp(f"10.0.{n // 250}.{n % 250}"), 0.0) is not None for n in range(1000)]
    assert heard == [True] * 100 + [False] * 900
    assert sources.knocking(udp("10.0.3.249"), 0.5) is not None  # the repetition of an honest telephone


def test_later_new_sources_are_heard_at_once_again():
    sources = Sources(lambda _: False)
    for number in range(1000):
        sources.knocking(udp(f"10.0.{number // 250}.{number % 250}"), 0.0)
    assert sources.knocking(udp("198.51.100.7"), 0.5) is not None


def test_who_comes_over_a_connection_is_exempt_or_is_vouched_for_need_not_knock_twice():
    sources = Sources(lambda host: host == "203.0.113.1")
    sources.vouch(udp("203.0.113.2"), 0.0)
    for number in range(SOURCES_MAX + 10):
        sources.knocking(udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"), 0.0)
    assert sources.knocking(udp("203.0.113.1"), 0.0) is not None
    assert sources.knocking(udp("203.0.113.2"), 0.0) is not None
    assert sources.knocking(tcp("203.0.113.3"), 0.0) is not None
    assert sources.knocking(udp("203.0.113.4"), 0.0) is None


def flood(sources: Sources, count: int) -> None:
    for number in range(count):
        sources.of(udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"), 0.0)


def test_vouching_outlives_a_flood_of_strangers_and_ends_by_itself():
    sources = Sources(lambda _: False)
    sources.vouch(udp("203.0.113.2"), 0.0)
    flood(sources, SOURCES_MAX + 10)
    assert sources.of(udp("203.0.113.2"), VOUCHED_S - 1).is_known(VOUCHED_S - 1)
    assert not sources.of(udp("203.0.113.2"), VOUCHED_S).is_known(VOUCHED_S)
    flood(sources, SOURCES_MAX + 10)
    assert not sources.of(udp("203.0.113.2"), VOUCHED_S).is_known(VOUCHED_S)


def test_who_is_exempt_is_asked_again_now_and_then():
    """A trunk's name may lead elsewhere today."""
    trunks, asked = {"203.0.113.1"}, []

    def is_exempt(host: str) -> bool:
        asked.append(host)
        return host in trunks

    sources = Sources(is_exempt)
    for now in (0.0, 1.0, ASKED_S - 0.1):
        assert sources.of(udp("203.0.113.1"), now).exempt
        assert not sources.knocking(udp("203.0.113.2"), now).exempt
    assert sorted(asked) == ["203.0.113.1", "203.0.113.2"]
    trunks.clear()
    trunks.add("203.0.113.2")
    assert not sources.of(udp("203.0.113.1"), ASKED_S).exempt
    assert sources.knocking(udp("203.0.113.2"), ASKED_S).exempt


def test_who_is_vouched_for_may_do_more():
    sources, limit = Sources(lambda _: False), Limit(1, 2)
    stranger, known = sources.of(udp("198.51.100.7"), 0.0), sources.vouch(udp("198.51.100.8"), 0.0)

    def at_once(source) -> int:
        used, count = 0.0, 0
        while (after := limit.take(source, used, 0.0)) is not None:
            used, count = after, count + 1
        return count

    assert (at_once(stranger), at_once(known)) == (2, 20)


def test_no_number_of_sources_makes_the_table_larger():
    sources = Sources(lambda _: False)
    for number in range(3 * SOURCES_MAX):
        sources.knocking(udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"), number / 1000)
    assert len(sources) <= SOURCES_MAX


def test_who_has_acknowledged_need_not_knock_twice_whatever_came_since():
    sources = Sources(lambda _: False)
    phone = udp("198.51.100.7")
    sources.acknowledged(phone, 0.0)
    for number in range(SOURCES_MAX + 10):
        sources.knocking(udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"), 1.0)
    assert sources.knocking(phone, 1.0) is not None
    assert sources.of(phone, 1.0).is_real(1.0)
    assert not sources.of(phone, 1.0).is_known(1.0)
    assert not sources.of(phone, REAL_S).is_real(REAL_S)


def test_of_real_strangers_there_are_no_more_than_so_many():
    sources = Sources(lambda _: False)
    for number in range(2 * REAL_MAX):
        sources.acknowledged(udp(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"), 0.0)
    assert len(sources._real) <= REAL_MAX
