from itertools import pairwise

import numpy as np
import pytest

from benchmarks import digits, g711, hd
from benchmarks.streams import DTX_PACKETS, Streams
from benchmarks.voices import Mark

OPUS = pytest.mark.skipif(bool(hd.missing("opus")), reason=hd.missing("opus"))


def streams(**changes) -> Streams:
    options = {
        "participants": 40,
        "rooms": 4,
        "talkers": 2,
        "codec": "pcmu",
        "ptime_ms": 20,
        "phases": 4,
        "quiet": "silence",
        "cadence": "steady",
        "seed": 1,
    }
    made = Streams(**(options | changes))
    made.is_up[:] = True
    made.refresh()
    return made


def one_round(made: Streams, at_s: float = 0.0) -> dict[int, bytes]:
    sent = {}
    for phase in range(made.phases):
        rows, _ = made.next_phase(phase, at_s)
        sent |= {row: bytes(made.packets[row]) for row in rows.tolist()}
    return sent


def test_everybody_sends_once_per_packet_time_and_phases_are_even():
    made = streams(participants=1000)
    sizes = [len(made.next_phase(phase, 0.0)[0]) for phase in range(4)]
    assert sum(sizes) == 1000
    assert max(sizes) - min(sizes) <= 5


def test_numbers_and_timestamps_run_on_and_wrap():
    made = streams()
    made._sequence[:] = 65535
    made._timestamp[:] = (1 << 32) - 100
    first = one_round(made)[7]
    assert (first[2:4], first[4:8]) == (b"\0\0", (60).to_bytes(4, "big"))
    assert one_round(made)[7][2:4] == b"\0\1"


def test_talkers_talk_and_the_others_send_what_a_muted_handset_sends():
    made = streams(codec="pcma")
    sent = one_round(made, at_s=1.5)  # no room has its marks then
    talking = {row for row, packet in sent.items() if packet[12:] != b"\xd5" * 160}
    assert talking == set(np.flatnonzero(made.is_talker).tolist()) == set(range(8))
    assert all(packet[:2] == b"\x80\x08" for packet in sent.values())


@pytest.mark.parametrize(("quiet", "senders"), [("none", 8), ("silence", 40), ("noise", 40)])
def test_the_quiet_ones_send_nothing_silence_or_noise(quiet, senders):
    sent = one_round(streams(quiet=quiet))
    assert len(sent) == senders
    if quiet == "noise":
        noise = g711.decode(np.frombuffer(sent[39][12:], np.uint8), "pcmu").astype(float)
        assert 0 < np.abs(noise).max() < 400


def test_a_mark_begins_with_its_first_sample_and_leaves_silence_behind():
    made = streams()
    made.begin_mark(Mark(0.0, 3, 39))
    heard, began = b"", []
    for _ in range(6):
        for phase in range(made.phases):
            rows, marks = made.next_phase(phase, 0.0)
            began += marks
            if 39 in rows:
                heard += bytes(made.packets[39, 12:])
    assert [mark.row for mark in began] == [39]
    wave = np.abs(g711.decode(np.frombuffer(heard, np.uint8), "pcmu").astype(int))
    assert np.argmax(wave > 1000) <= 2
    assert wave[640:].max() == 0


def test_a_participant_who_is_not_up_or_is_keying_is_left_out():
    made = streams()
    made.is_up[3] = False
    made.is_keying[4] = True
    made.refresh()
    assert {3, 4}.isdisjoint(one_round(made))


def test_a_key_is_one_event_with_one_timestamp_growing_duration_and_three_ends():
    frames = digits.script("5", pause_s=0.04, ptime_ms=20)
    made = streams()
    packets = [made.key_packet(0, frame, 101) for frame in frames]
    events = [packet for packet in packets if len(packet) == 16]
    assert [packet[1] for packet in events] == [101 | 0x80] + [101] * 6
    assert len({packet[4:8] for packet in events}) == 1
    assert [int.from_bytes(packet[14:16], "big") for packet in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [packet[13] >> 7 for packet in events] == [0, 0, 0, 0, 1, 1, 1]
    assert {packet[12] for packet in events} == {5}
    numbers = [int.from_bytes(packet[2:4], "big") for packet in packets]
    assert np.diff(numbers).tolist() == [1] * (len(packets) - 1)


def test_a_comma_waits_and_an_unknown_key_is_refused():
    plain, waiting = (len(digits.script(keys, pause_s=0.0, ptime_ms=20)) for keys in ("12#", "1,2#"))
    assert waiting - plain == 50
    with pytest.raises(ValueError, match="no such key"):
        digits.script("1x", pause_s=0.0, ptime_ms=20)


@pytest.mark.parametrize(
    ("codec", "head", "ticks"),
    [("g722", b"\x80\x09", 160), pytest.param("opus", b"\x80\x6f", 960, marks=OPUS)],
)
def test_with_hd_everybody_says_something_else_in_each_packet_by_the_codecs_clock(codec, head, ticks):
    made = streams(codec=codec)
    rounds = [one_round(made, at_s=1.5) for _ in range(3)]
    assert all(packet[:2] == head for packet in rounds[0].values())
    for row in (0, 39):  # a talker, and one who is silent
        stamps = [int.from_bytes(each[row][4:8], "big") for each in rounds]
        assert [(b - a) % (1 << 32) for a, b in pairwise(stamps)] == [ticks] * 2
    assert rounds[0][0][12:] != rounds[1][0][12:]
    assert made.varies is (codec == "opus")
    assert len(set(made.sizes.tolist())) > 1 or codec == "g722"


@OPUS
def test_who_is_silent_with_dtx_sends_two_packets_of_many_and_its_clock_goes_on():
    made = streams(codec="opus", quiet="dtx")
    sent = [one_round(made, at_s=1.5) for _ in range(2 * DTX_PACKETS)]
    assert all(set(range(8)) <= set(each) for each in sent)
    mine = [(number, each[39]) for number, each in enumerate(sent) if 39 in each]
    assert len(mine) == 4
    steps = [int.from_bytes(b[1][2:4], "big") - int.from_bytes(a[1][2:4], "big") for a, b in pairwise(mine)]
    assert [step % (1 << 16) for step in steps] == [1, 1, 1]
    for (a, first), (b, second) in pairwise(mine):
        passed = int.from_bytes(second[4:8], "big") - int.from_bytes(first[4:8], "big")
        assert passed % (1 << 32) == (b - a) * 960


def test_only_a_codec_that_has_it_is_asked_for_dtx():
    with pytest.raises(ValueError, match="no DTX"):
        streams(quiet="dtx")
