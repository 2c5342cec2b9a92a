"""Keys that we press: events in place of audio, with numbers that go on where the audio stopped."""

from __future__ import annotations

import struct

import numpy as np

from media.clocks import Clocks
from media.intake import NO_EVENT
from media.keys_out import KeysOut
from media.streams import Streams


def keys(rows: int = 3) -> tuple[KeysOut, Streams]:
    streams = Streams(rows)
    streams.sequence_out[:] = 0xFFFF
    streams.timestamp_out[:] = 1_000
    streams.ssrc_out[:] = range(rows)
    event_type = np.full(rows, 101)
    event_type[2] = NO_EVENT
    return KeysOut(streams, event_type, Clocks(streams.capacity)), streams


def test_a_row_sends_events_until_its_keys_are_pressed_and_then_is_free() -> None:
    out, streams = keys()
    out.press(1, "5", 100, 60)
    assert out.rows.tolist() == [1]
    sent: list[bytes] = []
    for _ in range(30):
        packets, finished = out.tick(np.array([True, True]))
        assert all(row == 1 for row, _ in packets)
        sent += [data for _, data in packets]
        streams.timestamp_out += 160
        if finished:
            assert finished == [1]
            break
    assert out.idle
    first, _, _, ssrc, event = struct.unpack("!HHIIB", sent[0][:13])
    assert (first, ssrc, event) == (0x8000 | 0x80 | 101, 1, 5)
    numbers = [struct.unpack("!H", data[2:4])[0] for data in sent]
    assert numbers == [(0xFFFF + step) & 0xFFFF for step in range(len(sent))]
    assert len({data[4:8] for data in sent}) == 1  # one timestamp for the whole event (RFC 4733 section 2.1)
    assert streams.packets_out.tolist() == [0, len(sent), 0]


def test_without_telephone_events_and_while_nothing_may_be_sent_nothing_is() -> None:
    out, streams = keys()
    out.press(2, "5", 100, 60)
    assert out.idle
    out.press(1, "5", 100, 60)
    assert out.tick(np.array([True, False]))[0] == []
    assert streams.sequence_out[1] == 0xFFFF
    out.forget(1)
    out.forget(1)
    assert out.idle


def test_a_peer_that_wants_no_events_any_more_is_sent_no_more_of_them() -> None:
    out, _ = keys()
    out.press(1, "55", 100, 60)
    out.tick(np.array([True, True]))
    out._event_type[1] = NO_EVENT
    packets, finished = out.tick(np.array([True, True]))
    assert (packets, finished) == ([], [1])
    assert out.idle
