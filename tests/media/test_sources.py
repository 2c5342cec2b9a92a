"""The addresses of rows: what the sockets are told, and when."""

from __future__ import annotations

from media.latching import PROOF, WINDOW_S, Course
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
    assert sources.weigh(ROW, NAT, Course(1, PROOF), 1.0 + WINDOW_S) is None
    assert sources.weigh(ROW, SDP, Course(1, PROOF), 1.0 + WINDOW_S) is False
    assert sources.changes() == [Target(ROW, SDP), Target(ROW, NAT), Connect(ROW, NAT)]


def test_whoever_was_faster_makes_way_for_the_address_of_sdp() -> None:
    """RTP bleed and inject (interop.md 5, row 8): a sprayer of all our ports against a phone that takes a moment."""
    sources = Sources(Streams(8))
    sources.expect(ROW, SDP, 0.0)
    assert [sources.weigh(ROW, NAT, Course(1, number), 1.0) for number in range(PROOF)][-1] is True
    assert sources.weigh(ROW, SDP, Course(2, 9), 1.1) is True
    assert sources.weigh(ROW, NAT, Course(1, PROOF), 1.2) is False
    assert sources.changes() == [Target(ROW, SDP), Target(ROW, NAT), Connect(ROW, SDP)]


def test_the_host_that_signals_is_believed_before_others_and_for_good() -> None:
    """A phone behind NAT, whose SDP names an address of its own."""
    sources, sprayer = Sources(Streams(8)), ("203.0.113.66", 9)
    sources.expect(ROW, SDP, 0.0, signals=NAT[0])
    assert not any(sources.weigh(ROW, sprayer, Course(1, number), 0.1) for number in range(PROOF))
    assert [sources.weigh(ROW, NAT, Course(2, number), 1.0) for number in range(PROOF)][-1] is True
    assert not sources.is_learning(ROW)
    sources.expect(ROW, SDP, 60.0)  # by a re-INVITE
    assert [sources.weigh(ROW, sprayer, Course(1, number), 63.0) for number in range(PROOF)][-1] is True
    assert [sources.weigh(ROW, NAT, Course(2, number), 64.0) for number in range(PROOF)][-1] is True
    assert sources.changes()[-1] == Connect(ROW, NAT)


def test_who_is_believed_for_want_of_another_may_fall_silent_and_move() -> None:
    sources = Sources(Streams(8))
    sources.expect(ROW, None, 0.0, signals="192.0.2.77")
    for number in range(PROOF):
        sources.weigh(ROW, NAT, Course(7, number), 3.0)
    assert list(sources.nowhere()) == []
    sources.listen_again(ROW, Course(7, 100), 60.0)
    assert sources.weigh(ROW, NAT, Course(9, 4), 61.0) is True
    assert sources.changes()[-1] == Connect(ROW, NAT)


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
