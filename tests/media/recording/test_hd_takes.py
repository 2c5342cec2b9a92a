"""Recordings of rooms where telephones of all codecs meet: each voice at its own rate, in files of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.codecs.coders import available
from media.control import Codec
from media.engine import Outgoing
from media.playback import SharedAudio
from media.recording import messages
from media.recording.messages import Begin, Ended, FileFormat
from media.recording.ring import Ring
from media.recording.studio import Studio
from tests.media.test_hd import ROOM, House, steepest, tone_part
from tests.media.wire import TICK_S

RATE_HZ = 16_000
HD = [codec for codec in (Codec.G722, Codec.OPUS, Codec.L16_16) if available(codec)]
PROMPT_HZ = 6_500.0


class Recorded(House):
    """A house with a room that is recorded at 16 kHz from the beginning, everybody apart besides."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        ring = Ring.private(4_096)
        self.engine.hand_over_through(ring)
        self.studio = Studio(least_free=0)
        self.studio.attach("media-1", ring)
        begin = Begin(17, str(folder), "board", FileFormat.WAV, self.now, 1.7e9, band=2, participants=True)
        self.studio.receive(begin, 1.7e9)
        self.apply(control.RecordRoom(ROOM, 17))

    def tick(self, *, lost: bool = False) -> Outgoing:
        outgoing = super().tick(lost=lost)
        self.studio.advance(self.now, 1.7e9)
        return outgoing

    def files(self) -> list[NDArray[np.int16]]:
        """Everybody together, then each as they were first heard, from the beginning of the recording."""
        self.studio.receive(messages.End(17, self.now), 1.7e9)
        for _ in range(60):
            self.now += TICK_S
            self.studio.advance(self.now, 1.7e9)
        [ended] = [event for event in self.studio.events() if isinstance(event, Ended)]
        read = []
        for file in ended.files:
            samples, rate_hz = soundfile.read(self.folder / file.name, dtype="int16")
            assert rate_hz == RATE_HZ
            read.append(np.concatenate((np.zeros(file.offset_samples, np.int16), samples)))
        return read


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_a_wide_voice_and_a_plain_one_are_in_the_files_as_they_were_said(
    tmp_path: Path, codec: Codec
) -> None:
    house = Recorded(tmp_path)
    house.call(codec, frequency=5_500.0)
    house.call(Codec.PCMU, frequency=1_100.0)
    house.run(100)
    both, plain, wide = (samples[RATE_HZ : 2 * RATE_HZ] for samples in house.files())
    assert tone_part(both, 5_500.0, RATE_HZ) == pytest.approx(6_000, rel=0.1)
    assert tone_part(both, 1_100.0, RATE_HZ) == pytest.approx(6_000, rel=0.05)
    assert tone_part(wide, 5_500.0, RATE_HZ) == pytest.approx(6_000, rel=0.1)
    assert tone_part(wide, 1_100.0, RATE_HZ) < 30
    assert tone_part(plain, 1_100.0, RATE_HZ) == pytest.approx(6_000, rel=0.05)
    assert tone_part(plain, 6_900.0, RATE_HZ) < 30, "no image"
    assert np.array_equal(both, wide + plain), "together they are everybody"


def test_who_comes_with_a_better_codec_changes_nothing_of_who_speaks(tmp_path: Path) -> None:
    house = Recorded(tmp_path)
    house.call(Codec.PCMU, frequency=600.0)
    house.run(50)
    guest = house.call(HD[0])
    house.run(50)
    house.apply(control.Route(guest.stream, control.NO_ROOM))
    house.run(50)
    [_, plain] = house.files()
    said = plain[RATE_HZ // 2 : -RATE_HZ // 10]
    assert steepest(said) <= 1.05 * 6_000 * 2 * np.sin(np.pi * 600 / RATE_HZ)
    assert tone_part(said, 600.0, RATE_HZ) == pytest.approx(6_000, rel=0.02)


@pytest.mark.parametrize("codec", [Codec.PCMU, *HD], ids=lambda codec: codec.name)
def test_who_leaves_in_the_middle_of_a_word_does_so_without_a_click(tmp_path: Path, codec: Codec) -> None:
    house = Recorded(tmp_path)
    listener = house.call(Codec.PCMU)
    talker = house.call(codec, frequency=700.0)
    house.run(50)
    house.apply(control.CloseStream(talker.stream))
    del house.phones[talker.stream]
    house.run(50)
    both, alone = house.files()
    slope = 6_000 * 2 * np.sin(np.pi * 700 / RATE_HZ)
    for samples in (both, alone):
        assert steepest(samples[RATE_HZ // 2 :]) < 1.15 * slope
        assert np.abs(samples[RATE_HZ : RATE_HZ + 160]).max() > 500, "it sinks away"
        assert not samples[RATE_HZ + 1_000 :].any()
    assert np.abs(listener.heard[50]).max() > 500, "for who listens, too"
    assert steepest(listener.recent(75)) < 1.15 * 6_000 * 2 * np.sin(np.pi * 700 / 8_000)


def test_announcements_are_recorded_with_all_that_hd_telephones_hear(tmp_path: Path) -> None:
    house = Recorded(tmp_path)
    time = np.arange(16_000) / RATE_HZ
    wide = np.rint(6_000 * np.sin(2 * np.pi * PROMPT_HZ * time)).astype(np.int16)
    narrow = np.zeros(8_000, np.int16)
    codes = (g711.encode(narrow, law) for law in (g711.Law.MU, g711.Law.A))
    house.engine.load(SharedAudio(narrow, *codes, wide))
    house.call(Codec.PCMU)
    house.apply(control.PlayRoom(ROOM, 2, [control.Segment(0, 8_000)]))
    house.run(60)
    [both] = house.files()
    assert tone_part(both[1_600 : RATE_HZ - 1_600], PROMPT_HZ, RATE_HZ) == pytest.approx(6_000, rel=0.02)
