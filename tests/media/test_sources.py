"""The addresses of rows: what the sockets are told, and when."""

from __future__ import annotations

from media.latching import PROOF, Course
from media.sources import Carry, Connect, Sources, Target
from media.streams import Streams

SDP = ("192.0.2.1", 4_000)
NAT = ("198.51.100.7", 31_000)
ROW = 3


def test_what_sdp_says_is_sent_to_and_believed_when_it_speaks() -> None:
    streams = Streams(8)
    sources = Sources(streams)
    sources.expect(ROW, SDP, 0.0)
    assert sources.changed
    assert sources.changes() == [Target(ROW, SDP)]
    assert not sources.changed
    assert sources.is_learning(ROW)
    assert sources.weigh(ROW, NAT, Course(1, 1), 1.0) is False
    assert sources.weigh(ROW, SDP, Course(2, 9), 1.0) is True
    assert sources.changes() == [Connect(ROW, SDP)]
    assert streams.latched[ROW]
    assert not sources.is_learning(ROW)


def test_once_learned_only_the_source_itself_is_heard() -> None:
    sources = Sources(Streams(8))
    sources.expect(ROW, SDP, 0.0)
    for number in range(PROOF):
        last = sources.weigh(ROW, NAT, Course(1, number), 1.0)
    assert last is True
    assert sources.weigh(ROW, NAT, Course(1, PROOF), 1.0) is None
    assert sources.weigh(ROW, SDP, Course(1, PROOF), 1.0) is False


def test_where_nobody_knows_where_to_send_to_is_told() -> None:
    sources = Sources(Streams(8))
    sources.expect(1, None, 0.0)
    sources.expect(2, SDP, 0.0)
    assert list(sources.nowhere()) == [1]
    for number in range(PROOF):
        sources.weigh(1, NAT, Course(1, number), 1.0)
    assert list(sources.nowhere()) == []


def test_a_source_learned_elsewhere_is_trusted_and_listened_for_again_after_silence() -> None:
    streams = Streams(8)
    sources = Sources(streams)
    sources.trust(ROW, NAT)
    assert sources.changes() == [Connect(ROW, NAT)]
    sources.listen_again(ROW, Course(7, 100), 60.0)
    sources.listen_again(ROW, Course(7, 100), 61.0)
    assert sources.changes() == [Target(ROW, NAT)]
    assert streams.latched[ROW]  # it is still where we send to
    moved = ("203.0.113.4", 5)
    assert sources.weigh(ROW, moved, Course(7, 400), 62.0) is False
    assert sources.weigh(ROW, moved, Course(7, 401), 62.0) is True
    assert sources.changes() == [Connect(ROW, moved)]


def test_a_row_that_is_forgotten_believes_nobody() -> None:
    sources = Sources(Streams(8))
    sources.trust(ROW, NAT)
    sources.forget(ROW)
    assert sources.weigh(ROW, NAT, Course(1, 1), 1.0) is False
    sources.expect(ROW, None, 2.0)
    assert sources.weigh(ROW, NAT, Course(1, 1), 100.0) is False


def test_a_host_that_must_be_heard_first_is_sent_nothing_before() -> None:
    sources = Sources(Streams(8))
    sources.expect(ROW, SDP, 0.0, hear_first=True)
    assert sources.changes() == [Target(ROW, None)]
    assert list(sources.nowhere()) == [ROW]
    assert sources.weigh(ROW, SDP, Course(2, 9), 60.0) is True, "it is still the one that is expected"
    assert sources.changes() == [Connect(ROW, SDP)]
    assert list(sources.nowhere()) == []
    sources.listen_again(ROW, Course(2, 9), 90.0)
    assert list(sources.nowhere()) == [], "it was heard"


def test_what_a_row_is_sent_from_is_told_with_its_addresses() -> None:
    sources = Sources(Streams(8))
    sources.expect(ROW, SDP, 0.0, hear_first=True)
    sources.forget(ROW)
    sources.expect(ROW, SDP, 0.0)
    sources.carry(ROW, 182)
    assert sources.changes() == [Target(ROW, None), Target(ROW, SDP), Carry(ROW, 182)]
    assert list(sources.nowhere()) == []
