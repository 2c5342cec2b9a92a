"""Rows with keys: libsrtp is the judge where it is installed, and ourselves for what it cannot say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import rtcp
from media.control import Srtp, SrtpNumbers, Suite
from media.rtp import SLOT_BYTES, Drop
from media.srtcp import LAST_INDEX
from media.srtp import mark
from media.srtp_in import MAX_SOURCES, OLD_KEY_S
from tests.media.secured import OUR_SSRC, PEER_SSRC, Libsrtp, Side, keys, packet, theirs

CM_80 = Suite.AES_CM_128_HMAC_SHA1_80
REPORT = rtcp.build(OUR_SSRC, "roda", None, None)


def pair(suite: Suite = CM_80, **more: object) -> tuple[Side, Side]:
    """Us and somebody like us, in row 2 each."""
    ours = keys(suite, **more)
    here, there = Side(), Side()
    here.open(2, ours)
    there.open(2, theirs(ours), ssrc=PEER_SSRC)
    return here, there


@pytest.mark.parametrize("suite", Suite)
class TestWithLibsrtp:
    def test_it_opens_what_we_seal_over_the_rollover(self, suite: Suite) -> None:
        side, peer = Side(), Libsrtp(keys(suite))
        side.open(2, keys(suite), sequence=65_500)
        for number in range(65_500, 65_580):
            frame = np.full(160, number & 0xFF, np.uint8)
            (sealed,) = side.send([2], number, frame)
            assert peer.open(sealed) == packet(number, frame.tobytes(), ssrc=OUR_SSRC)

    def test_we_open_what_it_seals_over_the_rollover_whatever_the_length(self, suite: Suite) -> None:
        side, peer = Side(), Libsrtp(keys(suite))
        side.open(2, keys(suite))
        for number in range(65_500, 65_580):
            plain = packet(number, bytes([number & 0xFF]) * (0, 4, 80, 160, 240, 480)[number % 6])
            assert side.hear(2, peer.seal(plain)) == plain

    def test_many_at_once_are_opened_as_one_is(self, suite: Suite) -> None:
        side = Side(32)
        peers = {row: Libsrtp(keys(suite, row)) for row in range(0, 32, 2)}  # every other row is plain
        for row in peers:
            side.open(row, keys(suite, row), ssrc=row)
        for number in range(65_530, 65_560):
            plain = [packet(number, bytes([row]) * 160, ssrc=row + 1_000) for row in range(32)]
            sent = [(row, peers[row].seal(plain[row]) if row in peers else plain[row]) for row in range(32)]
            assert side.receive(*sent[::-1]) == plain[::-1]

    def test_many_at_once_are_sealed_as_one_is(self, suite: Suite) -> None:
        side = Side(32)
        peers = {row: Libsrtp(keys(suite, row)) for row in range(0, 32, 2)}
        for row in range(32):
            side.streams.ssrc_out[row] = side.block["ssrc"][row] = row
        for row in peers:
            side.open(row, keys(suite, row), ssrc=row, sequence=65_530)
        for number in range(65_530, 65_560):
            rows = [row for row in range(32) if number % 3 or row != 4]  # who misses a turn goes on after
            for row, sent in zip(rows, side.send(rows, number, number & 0xFF), strict=True):
                got = peers[row].open(sent) if row in peers else sent
                assert got == packet(number, bytes([number & 0xFF]) * 160, ssrc=row)

    def test_keys_that_are_pressed_are_sealed_in_between(self, suite: Suite) -> None:
        side, peer = Side(), Libsrtp(keys(suite))
        side.open(2, keys(suite), sequence=65_534)
        for number in (65_534, 65_535):
            peer.open(side.send([2], number)[0])
        for number in (65_536, 65_537):
            event = packet(number, b"\1\x8a\3\4", ssrc=OUR_SSRC, kind=101)
            assert peer.open(side.secured.seal(2, event)) == event
        assert peer.open(side.send([2], 65_538)[0])[2:4] == b"\0\2"

    def test_reports_go_both_ways(self, suite: Suite) -> None:
        side, peer = Side(), Libsrtp(keys(suite))
        side.open(2, keys(suite))
        for _ in range(3):
            sealed = side.secured.seal_report(2, REPORT)
            assert sealed is not None
            assert peer.open_report(sealed) == REPORT
            sealed = peer.seal_report(REPORT)
            assert side.secured.open_report(2, sealed) == REPORT
            assert side.secured.open_report(2, sealed) is None, "once"

    def test_it_takes_nothing_of_another_key(self, suite: Suite) -> None:
        side, peer = Side(), Libsrtp(keys(suite, 50))
        side.open(2, keys(suite))
        with pytest.raises(peer.error):
            peer.open(side.send([2], 0)[0])
        assert side.hear(2, peer.seal(packet(1))) is Drop.AUTH


class TestWhatIsNotThePeers:
    def test_a_packet_is_heard_once(self) -> None:
        here, there = pair()
        (sealed,) = there.send([2], 5)
        assert here.hear(2, sealed) == packet(5, bytes(160))
        assert here.hear(2, sealed) is Drop.REPLAY
        assert here.streams.refused[2] == 1

    def test_a_packet_that_comes_twice_in_one_batch_is_heard_once(self) -> None:
        here, there = pair()
        here.hear(2, there.send([2], 5)[0])
        (sealed,) = there.send([2], 6)
        got = here.receive(*[(2, sealed)] * 8)
        assert got.count(packet(6, bytes(160))) == 1
        assert got.count(Drop.REPLAY) == 7

    @pytest.mark.parametrize("count", [1, 8])
    def test_a_plain_packet_is_none_of_a_secured_row(self, count: int) -> None:
        here, there = pair()
        here.hear(2, there.send([2], 5)[0])
        plain = [(2, packet(6 + step)) for step in range(count)]
        assert here.receive(*plain) == [Drop.AUTH] * count
        assert here.hear(2, there.send([2], 6)[0]) == packet(6, bytes(160)), "and harms nothing"

    @pytest.mark.parametrize("suite", Suite)
    def test_garbage_among_good_packets_is_dropped_alone(self, suite: Suite) -> None:
        here, there = pair(suite)
        here.hear(2, there.send([2], 5)[0])
        batch = []
        for number in range(6, 26):
            (sealed,) = there.send([2], number, number)
            bad = bytearray(sealed)
            bad[-1 if number % 2 else 20] ^= 1
            batch += [(2, bytes(bad)), (2, sealed)]
        got = here.receive(*batch)
        assert got[::2] == [Drop.AUTH] * 20
        assert got[1::2] == [packet(number, bytes([number]) * 160) for number in range(6, 26)]

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", Drop.SHORT),
            (b"\x80" + bytes(20), Drop.SHORT),
            (b"\0" + bytes(199), Drop.VERSION),  # STUN, say
            (b"\x80" + bytes(SLOT_BYTES - 1), Drop.TOO_LONG),
            (b"\x8f" + bytes(50), Drop.AUTH),  # CSRCs beyond the end
            (b"\x90" + bytes(13) + b"\xff\xff" + bytes(50), Drop.AUTH),  # an extension beyond the end
            (b"\x90" + bytes(21), Drop.AUTH),
        ],
    )
    def test_what_has_not_the_form_is_dropped(self, data: bytes, reason: Drop) -> None:
        here, _ = pair()
        assert here.hear(2, data) is reason

    @settings(max_examples=60)
    @given(st.lists(st.binary(max_size=640), min_size=1, max_size=8), st.sampled_from(Suite))
    def test_no_garbage_is_ever_heard(self, garbage: list[bytes], suite: Suite) -> None:
        here, there = pair(suite)
        here.hear(2, there.send([2], 5)[0])
        garbage += [b"\x80\0\0\6" + bytes(4) + PEER_SSRC.to_bytes(4, "big") + each[:600] for each in garbage]
        assert all(isinstance(each, Drop) for each in here.receive(*[(2, each) for each in garbage]))
        assert here.hear(2, there.send([2], 6)[0]) == packet(6, bytes(160))

    def test_ten_thousand_pieces_of_garbage_are_counted_and_the_row_lives(self) -> None:
        """interop.md section 5, row 21; ES2021-09: nobody is put out by what others send."""
        here, there = pair()
        here.hear(2, there.send([2], 0)[0])
        noise = np.random.default_rng(1).integers(0, 256, (10_000, 182), np.uint8)
        noise[:, 0] = 0x80
        noise[5_000:, 8:12] = np.frombuffer(PEER_SSRC.to_bytes(4, "big"), np.uint8)
        got = here.receive(*[(2, each.tobytes()) for each in noise])
        assert all(isinstance(each, Drop) for each in got)
        assert here.streams.refused[2] == 10_000
        assert here.hear(2, there.send([2], 1)[0]) == packet(1, bytes(160))

    def test_a_header_that_was_changed_is_not_believed(self) -> None:
        here, there = pair()
        for number in range(3):
            sealed = bytearray(there.send([2], number)[0])
            sealed[1] ^= 0x80  # the marker
            assert here.hear(2, bytes(sealed)) is Drop.AUTH

    def test_unsecured_reports_are_dropped_quietly(self) -> None:
        here, _ = pair()
        assert here.secured.open_report(2, REPORT) is None
        assert here.secured.open_report(2, REPORT[:16]) is None
        assert here.streams.refused[2] == 2


class TestHeaders:
    @pytest.mark.parametrize("suite", Suite)
    @pytest.mark.parametrize(
        "extra",
        [
            (0x82, bytes(8)),  # two CSRCs
            (0x90, b"\xbe\xde\0\1" + bytes(4)),  # an extension of one word (RFC 8285)
            (0x91, bytes(4) + b"\xbe\xde\0\0"),
        ],
    )
    def test_csrcs_and_extensions_stay_in_the_clear(self, suite: Suite, extra: tuple[int, bytes]) -> None:
        side, peer = Side(), Libsrtp(keys(suite))
        side.open(2, keys(suite))
        for number in range(3):
            plain = packet(number, b"payload" * 9)
            plain = bytes([extra[0]]) + plain[1:12] + extra[1] + plain[12:]
            sealed = peer.seal(plain)
            assert b"payload" not in sealed
            assert side.hear(2, sealed) == plain

    @pytest.mark.parametrize("suite", Suite)
    @pytest.mark.parametrize("count", [1, 8])
    def test_an_mki_stands_in_both_ways(self, suite: Suite, count: int) -> None:
        here, there = pair(suite, mki_in_bytes=2, mki_out=b"\0\1")
        plain = there.send([2], 0)
        assert here.hear(2, plain[0]) == packet(0, bytes(160))
        sealed = [(2, there.send([2], 1 + step, step)[0]) for step in range(count)]
        assert len(sealed[0][1]) == 172 + here.secured._opening._overhead[2]
        assert here.receive(*sealed) == [packet(1 + step, bytes([step]) * 160) for step in range(count)]
        assert b"\0\1" in here.send([2], 0)[0][172:]
        report = there.secured.seal_report(2, REPORT)
        assert report is not None
        assert here.secured.open_report(2, report) == REPORT


class TestSources:
    def test_each_source_counts_for_itself(self) -> None:
        """Keys may come with an SSRC of their own, between the audio (sipp does so)."""
        side, peer = Side(), Libsrtp(keys(CM_80))
        side.open(2, keys(CM_80))
        seals = []
        for number in range(65_530, 65_550):
            for ssrc in (5, 6):
                plain = packet(number if ssrc == 5 else number - 65_530, ssrc=ssrc)
                sealed = peer.seal(plain)
                seals.append(sealed)
                assert side.hear(2, sealed) == plain
        for sealed in seals:
            assert side.hear(2, sealed) is Drop.REPLAY

    def test_a_source_that_is_forgotten_begins_anew(self) -> None:
        side, peer = Side(), Libsrtp(keys(CM_80))
        side.open(2, keys(CM_80))
        for ssrc in range(1, MAX_SOURCES + 3):
            assert side.hear(2, peer.seal(packet(1, ssrc=ssrc))) == packet(1, ssrc=ssrc)
        assert len(side.secured._opening._rows[2].inward.windows) == MAX_SOURCES

    def test_a_numbering_that_jumps_within_one_key_is_followed(self) -> None:
        side, peer = Side(), Libsrtp(keys(CM_80))
        side.open(2, keys(CM_80))
        for number in (100, 30_000, 60_000, 70_000, 69_990):
            assert side.hear(2, peer.seal(packet(number))) == packet(number)


class TestNewKeys:
    def test_a_peer_that_counts_anew_under_the_old_key_is_not_heard_until_it_has_another(self) -> None:
        """interop.md section 5, row 21: numbers that begin anew with the same SSRC. Its rollover counter is not ours any more."""
        side, peer = Side(), Libsrtp(keys(CM_80))
        side.open(2, keys(CM_80))
        for number in (65_000, 65_535, 65_536, 66_000):
            assert side.hear(2, peer.seal(packet(number))) == packet(number)
        anew = Libsrtp(keys(CM_80))
        assert [side.hear(2, anew.seal(packet(number))) for number in range(5)] == [Drop.REPLAY] * 5
        assert [side.hear(2, anew.seal(packet(number))) for number in range(900, 905)] == [Drop.AUTH] * 5
        side.secured.open(2, keys(CM_80, 40), None, 0.0)
        after = Libsrtp(keys(CM_80, 40))
        assert side.hear(2, after.seal(packet(905))) == packet(905)

    def test_new_keys_count_from_the_beginning(self) -> None:
        """interop.md section 5, row 21: re-key on re-INVITE."""
        here, _ = pair()
        new = keys(CM_80, 40)
        for number in range(65_530, 65_540):
            here.streams.sequence_out[2] = number + 1 & 0xFFFF
            here.send([2], number)
        here.secured.open(2, new, None, 10.0)
        peer = Libsrtp(new)
        for number in range(65_540, 65_550):  # a context that has never heard of a rollover
            assert peer.open(here.send([2], number)[0]) == packet(number, bytes(160), ssrc=OUR_SSRC)
            assert here.hear(2, peer.seal(packet(number))) == packet(number)

    def test_the_peers_old_key_is_good_for_a_while(self) -> None:
        here, there = pair()
        here.hear(2, there.send([2], 0)[0])
        here.secured.open(2, keys(CM_80, 40), None, 10.0)
        peer = Libsrtp(keys(CM_80, 40))
        (old,) = there.send([2], 1)
        assert here.hear(2, old) == packet(1, bytes(160))
        assert here.hear(2, peer.seal(packet(2))) == packet(2)
        assert here.hear(2, old) is Drop.REPLAY
        assert here.hear(2, there.send([2], 3)[0]) == packet(3, bytes(160)), "it was on its way"
        here.secured.forget_old_keys(10.0 + OLD_KEY_S - 0.1)
        assert here.hear(2, there.send([2], 4)[0]) == packet(4, bytes(160))
        here.secured.forget_old_keys(10.0 + OLD_KEY_S)
        assert here.hear(2, there.send([2], 5)[0]) is Drop.AUTH
        assert here.hear(2, peer.seal(packet(6))) == packet(6)

    def test_the_same_keys_go_on_counting(self) -> None:
        here, _ = pair()
        for number in range(65_530, 65_540):
            here.send([2], number)
        before = here.secured.numbers(2)
        here.secured.open(2, keys(CM_80), None, 10.0)
        assert here.secured.numbers(2) == before

    def test_a_key_that_stays_goes_on_counting_when_the_other_changes(self) -> None:
        here, _ = pair()
        for number in (65_535, 65_536):
            here.send([2], number)
        new = keys(CM_80)
        here.secured.open(2, Srtp(CM_80, keys(CM_80, 40).key_in, new.key_out), None, 10.0)
        after = here.secured.numbers(2)
        assert after is not None
        assert (after.next_out, after.next_in) == (65_537, 0)

    def test_another_suite_is_another_length(self) -> None:
        here, _ = pair()
        assert here.secured.packet_bytes(2) == 182
        here.secured.open(2, keys(Suite.AEAD_AES_128_GCM), None, 0.0)
        assert here.secured.packet_bytes(2) == 188
        assert len(here.send([2], 0)[0]) == 188

    def test_keys_may_end(self) -> None:
        here, there = pair()
        here.secured.open(2, None, None, 0.0)
        assert here.secured.idle
        assert here.secured.packet_bytes(2) == 0
        assert here.secured.numbers(2) is None
        assert here.hear(2, packet(3)) == packet(3), "it is plain audio now"
        here.secured.close(2)
        assert there.secured.has(2)


class TestTakeOver:
    @pytest.mark.parametrize("suite", Suite)
    def test_another_worker_goes_on_where_this_one_was(self, suite: Suite) -> None:
        """Nobody hears a rollover counter that began anew, and no index is used twice."""
        ours = keys(suite)
        peer = Libsrtp(ours)
        first = Side()
        first.open(2, ours, sequence=65_530)
        last = b""
        for number in range(65_530, 65_545):
            peer.open(first.send([2], number)[0])
            last = peer.seal(packet(number))
            first.hear(2, last)
            assert peer.open_report(first.secured.seal_report(2, REPORT) or b"") == REPORT
        report = peer.seal_report(REPORT)
        first.secured.open_report(2, report)

        heir = Side()
        heir.open(5, ours, sequence=65_545 & 0xFFFF, numbers=first.secured.numbers(2))
        assert peer.open(heir.send([5], 65_545)[0]) == packet(65_545, bytes(160), ssrc=OUR_SSRC)
        assert peer.open_report(heir.secured.seal_report(5, REPORT) or b"") == REPORT
        assert heir.hear(5, last) is Drop.REPLAY
        assert heir.secured.open_report(5, report) is None
        assert heir.hear(5, peer.seal(packet(65_545))) == packet(65_545)

    def test_a_table_that_is_a_packet_ahead_or_behind_is_understood(self) -> None:
        """The worker may have died between counting a packet here and there."""
        ours = keys(CM_80)
        for counted, sequence, index in ((65_536, 65_535, 65_535), (65_535, 0, 65_536), (3, 3, 3)):
            heir = Side()
            heir.open(5, ours, sequence=sequence, numbers=SrtpNumbers(next_out=counted))
            assert heir.streams.srtp_next_out[5] == index

    def test_the_table_says_which_keys_it_counts_for_and_none_of_them(self) -> None:
        here, _ = pair()
        assert here.streams.srtp_mark[2] == mark(keys(CM_80)) != mark(keys(CM_80, 2))
        assert mark(keys(CM_80)) < 2**32


def test_a_key_is_used_up_before_a_report_has_the_number_of_another() -> None:
    here, _ = pair()
    here.streams.srtcp_next_out[2] = LAST_INDEX
    assert here.secured.seal_report(2, REPORT) is not None
    assert here.secured.seal_report(2, REPORT) is None
    assert here.secured.seal_report(2, REPORT) is None


def test_no_index_secures_two_packets() -> None:
    """Two packets under one index would give both away."""
    here, _ = pair()
    used = set()
    for number in range(65_500, 65_600):
        here.send([2], number)
        used.add(int(here.streams.srtp_next_out[2]))
        here.secured.seal(2, packet(number + 1, ssrc=OUR_SSRC))
        used.add(int(here.streams.srtp_next_out[2]))
    assert len(used) >= 101


def test_rows_without_keys_are_not_looked_at() -> None:
    side = Side()
    side.open(2, keys(CM_80))
    plain = packet(5)
    assert side.receive((3, plain), (4, b"x"), (5, b"")) == [plain, b"x", b""]
    assert side.streams.refused.sum() == 0
