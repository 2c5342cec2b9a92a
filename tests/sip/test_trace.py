"""What is kept for somebody who looks for a fault, how long, and how much."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.agent import Agent, AgentSettings
from sip.flow import Flow
from sip.trace import (
    CALL_BYTES_MAX,
    KEPT_BYTES_MAX,
    LINGERS_S,
    OVERHEAD_BYTES,
    WATCH_S_MAX,
    WATCHES_MAX,
    Trace,
    Traced,
    Wanted,
)
from tests.support.sip_playbook import counting_entropy

HERE = ("192.0.2.1", 5060)
FLOW = Flow("udp", HERE, ("198.51.100.7", 5070))
OTHER = Flow("udp", HERE, ("198.51.100.8", 5070))


def text(
    call: str = "c1",
    caller: str = "sip:+5511912345678@carrier.example",
    method: str = "INVITE",
    body: str = "",
) -> bytes:
    return (
        f"{method} sip:1000@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK{call}\r\n"
        f"From: <{caller}>;tag=1\r\nTo: <sip:1000@192.0.2.1>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def calls(trace: Trace, watch: int) -> list[str]:
    found = trace.read(watch)
    assert found is not None
    return [each.call_id for each in found]


def test_nothing_is_kept_until_somebody_asks() -> None:
    trace = Trace()
    assert not trace.on
    trace.arrived(FLOW, text(), 0.0)
    assert trace.size == 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["c1", "c2", "c3"]),
        (Wanted(call_id="c2"), ["c2"]),
        (Wanted(address="198.51.100.8"), ["c3"]),
        (Wanted(number="+55 11 91234-5678"), ["c1"]),
        (Wanted(number="11912345678"), ["c1"]),
        (Wanted(number="5678"), []),
        (Wanted(number="bob"), ["c2", "c3"]),
        (Wanted(number="1000"), ["c1", "c2", "c3"]),
        (Wanted(number="bob", address="198.51.100.7"), ["c2"]),
        (Wanted(number="nobody"), []),
    ],
)
def test_a_watch_finds_what_is_wanted(wanted: Wanted, found: list[str]) -> None:
    trace = Trace()
    watch = trace.watch(wanted, 60, 0.0)
    trace.arrived(FLOW, text("c1"), 1.0)
    trace.arrived(FLOW, text("c2", "sip:bob@192.0.2.1"), 2.0)
    trace.arrived(OTHER, text("c3", "tel:bob"), 3.0)
    assert calls(trace, watch) == found


def test_all_of_a_call_that_once_fitted_is_kept_whoever_sends_it() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(number="bob"), 60, 0.0)
    trace.arrived(FLOW, text("c1", "sip:bob@192.0.2.1"), 1.0)
    trace.left(OTHER, b"SIP/2.0 100 Trying\r\ni: c1\r\n\r\n", 1.5)
    trace.left(OTHER, b"SIP/2.0 100 Trying\r\ni: c2\r\n\r\n", 1.6)
    found = trace.read(watch)
    assert found is not None
    assert [(each.outward, each.at, each.flow) for each in found] == [(False, 1.0, FLOW), (True, 1.5, OTHER)]
    assert trace.read(watch, after=found[0].number) == found[1:]


def test_secrets_are_blanked_before_anything_is_kept_or_handed_on() -> None:
    trace, handed = Trace(), []
    trace.send_all_to(handed.append)
    watch = trace.watch(Wanted(), 60, 0.0)
    trace.arrived(FLOW, text(body="a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ec4e7"), 1.0)
    found = trace.read(watch)
    assert found == handed
    assert b"inline:xxxxxx" in handed[0].data


def test_a_watch_ends_and_what_it_found_may_be_read_a_while() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(), 10, 0.0)
    trace.arrived(FLOW, text("c1"), 9.0)
    trace.arrived(FLOW, text("c2"), 10.0)
    assert not trace.on
    assert calls(trace, watch) == ["c1"]
    trace.watch(Wanted(call_id="x"), 10, 10.0 + LINGERS_S)
    assert trace.read(watch) is None
    assert trace.size == 0


def test_no_watch_is_longer_than_an_hour() -> None:
    trace = Trace()
    trace.watch(Wanted(), 1e9, 0.0)
    trace.arrived(FLOW, text(), WATCH_S_MAX)
    assert trace.size == 0


def test_who_stops_watching_leaves_what_others_found() -> None:
    trace = Trace()
    first, second = (trace.watch(Wanted(call_id=call), 60, 0.0) for call in ("c1", "c2"))
    both = trace.watch(Wanted(), 60, 0.0)
    for call in ("c1", "c2"):
        trace.arrived(FLOW, text(call), 1.0)
    trace.stop(both, 2.0)
    trace.stop(first, 2.0)
    assert trace.read(first) is None
    assert calls(trace, second) == ["c2"]
    assert trace.on
    trace.stop(second, 2.0)
    assert (trace.on, trace.size) == (False, 0)
    trace.stop(99, 2.0)


def test_so_many_may_watch_and_no_more() -> None:
    trace = Trace()
    assert all(trace.watch(Wanted(), 60, 0.0) for _ in range(WATCHES_MAX))
    assert trace.watch(Wanted(), 60, 0.0) == 0
    assert trace.watch(Wanted(), 60, 60 + LINGERS_S) != 0


def test_a_long_call_keeps_its_latest_messages() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(), 3600, 0.0)
    body = "x" * 10_000
    for number in range(100):
        trace.arrived(FLOW, text(body=body), float(number))
    found = trace.read(watch)
    assert found is not None
    assert found[-1].at == 99.0
    assert CALL_BYTES_MAX - 12_000 < trace.size <= CALL_BYTES_MAX


def test_of_many_calls_those_that_began_last_are_kept() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(), 3600, 0.0)
    body = "x" * 20_000
    for number in range(500):
        trace.arrived(FLOW, text(f"c{number}", body=body), 1.0)
    assert trace.size <= KEPT_BYTES_MAX
    kept = calls(trace, watch)
    assert kept[-1] == "c499"
    assert kept == [f"c{number}" for number in range(500 - len(kept), 500)]


def test_keep_alives_are_no_messages() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(), 60, 0.0)
    trace.arrived(FLOW, b"\r\n\r\n", 1.0)
    trace.left(FLOW, b"", 1.0)
    assert trace.read(watch) == []


def test_what_has_no_call_id_is_kept_together() -> None:
    trace = Trace()
    watch = trace.watch(Wanted(address="198.51.100.7"), 60, 0.0)
    trace.arrived(FLOW, b"\xff\xfe nothing that SIP knows", 1.0)
    assert calls(trace, watch) == [""]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from(["in", "watch", "stop"]), st.floats(0, 400), st.integers(0, 9)
        ),
        max_size=60,
    )
)
def test_sizes_add_up_whatever_is_watched_and_stopped(steps) -> None:
    trace, now = Trace(), 0.0
    for call, what, pause, watch in steps:
        now += pause
        if what == "in":
            trace.arrived(FLOW, text(f"c{call}"), now)
        elif what == "watch":
            trace.watch(Wanted(call_id=f"c{call}"), pause, now)
        else:
            trace.stop(watch, now)
        readable: dict[int, Traced] = {}
        for number in range(1, 70):
            readable.update({each.number: each for each in trace.read(number) or ()})
        assert trace.size == sum(len(each.data) + OVERHEAD_BYTES for each in readable.values())


def test_an_agent_tells_what_comes_in_over_either_kind_of_transport() -> None:
    agent = Agent(settings=AgentSettings(), entropy=counting_entropy())
    watch = agent.trace.watch(Wanted(), 60, 0.0)
    stream = Flow("tcp", HERE, ("198.51.100.7", 40_000), 3)
    agent.receive(FLOW, text("c1", method="OPTIONS"), 1.0)
    for piece in (text("c2", method="OPTIONS")[:50], text("c2", method="OPTIONS")[50:]):
        agent.receive(stream, piece, 2.0)
    assert calls(agent.trace, watch) == ["c1", "c2"]
