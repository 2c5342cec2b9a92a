"""From what came to what is heard: no click at any transition, no delay that is not needed, nothing changed without need."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import g711
from media import rtp
from media.jitter import FRAME, RATE_HZ, JitterBuffer, Pull
from media.repair import CodeSource, Repair, Source
from media.streams import Streams
from tests.dsp import speech
from tests.media.wire import packet, slots

ONE = np.array([0])
LINE = speech.voice(8.0, pause=0.15, seed=4)
VOICE = g711.decode(g711.encode(speech.whole(LINE), g711.Law.MU), g711.Law.MU)


class Samples:
    """A source whose samples are all known from the beginning, at a band of their own."""

    def __init__(self, samples: NDArray[np.int16], band: int) -> None:
        self.band = band
        self._samples = np.concatenate(
            [np.zeros(960 * band, np.int16), samples, np.zeros(9_600 * band, np.int16)]
        )

    def frames(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        return self.read(rows, pull.start[rows], FRAME)

    def read(self, rows: NDArray[np.intp], start: NDArray[np.int64], size: int) -> NDArray[np.int16]:
        at = (start[:, None] + 960) * self.band + np.arange(size * self.band)
        return self._samples[np.clip(at, 0, len(self._samples) - 1)]

    def write(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        samples: NDArray[np.int16],
        only: NDArray[np.bool_],
    ) -> None:
        at = (start[:, None] + 960) * self.band + np.arange(samples.shape[1])
        wanted = np.repeat(only, self.band, axis=1)
        self._samples[at[wanted]] = samples[wanted]


@dataclass
class Listener:
    """What one row's listener hears of a voice whose packets come as late as told (s; NaN: never)."""

    delays_s: list[float]
    voice: NDArray[np.int16] = field(default_factory=lambda: VOICE)
    band: int = 1
    wide: NDArray[np.int16] | None = None
    deaf: range = range(0)
    """Ticks in which nobody listens."""
    unsent: range = range(0)
    """Packets that the talker never sent, and did not number."""
    pauses: int = -1
    """In this tick the talker says that he falls silent (RFC 3389)."""

    def __post_init__(self) -> None:
        self.streams = Streams(1)
        self.jitter = JitterBuffer(1)
        self.jitter.silence[:] = g711.SILENCE[g711.Law.MU]
        source: Source = CodeSource(self.jitter, np.zeros(1, np.bool_))
        if self.wide is not None:
            source = Samples(self.wide, self.band)
        self.source = source
        self.repair = Repair(self.streams, self.jitter, source)
        self.frames: list[NDArray[np.int16]] = []
        self.ages_ms: list[float] = []
        codes = g711.encode(self.voice, g711.Law.MU)
        waiting = sorted(
            (100.003 + number * 0.02 + delay, number)
            for number, delay in enumerate(self.delays_s)
            if not np.isnan(delay)
        )
        for tick in range(len(self.delays_s) + 3):
            now = 100.0 + tick * 0.02
            while waiting and waiting[0][0] <= now:
                self._arrive(*waiting.pop(0), codes)
            if tick == self.pauses:
                self.jitter.pause(ONE, np.array([FRAME * tick], np.uint32))
            self._tick(tick, now)
        self.heard = np.concatenate(self.frames)

    def _arrive(self, arrival: float, number: int, codes: NDArray[np.uint8]) -> None:
        payload = codes[number * FRAME : (number + 1) * FRAME].tobytes()
        block, lengths = slots([packet(payload, sequence=0, timestamp=number * FRAME)])
        headers = rtp.parse(block, lengths)
        clock = np.array([arrival]) * RATE_HZ
        self.jitter.put(
            ONE,
            headers.timestamp,
            clock,
            block["bytes"],
            ONE,
            headers.start,
            headers.length,
            follows=np.array([number == self.unsent.stop]),
        )

    def _tick(self, tick: int, now: float) -> None:
        pull = self.jitter.pull(1, now * RATE_HZ)
        if tick in self.deaf:
            self.frames.append(np.zeros(FRAME * self.band, np.int16))
            self.repair.settle(ONE[:0], pull)
        else:
            heard = self.repair.samples(ONE, pull)
            level = 10 * np.log10(np.maximum((heard.astype(np.float64) ** 2).mean(), 1e-3) / 32_768**2)
            self.repair.note(ONE, np.array([level], np.float32))
            self.repair.settle(ONE, pull)
            self.frames.append(heard[0])
        self.ages_ms.append(float(self.jitter.delay(ONE, now * RATE_HZ)[0]) / 8)


def steepest(samples: NDArray[np.int16]) -> int:
    return int(np.abs(np.diff(samples.astype(int))).max())


def test_a_line_without_trouble_is_heard_bit_by_bit() -> None:
    heard = Listener([0.0] * 300).heard
    begin = int(np.flatnonzero(heard)[0]) - int(np.flatnonzero(VOICE)[0])
    assert np.array_equal(heard[begin : begin + 280 * FRAME], VOICE[: 280 * FRAME])


LATE_OR_LOST = st.one_of(st.just(float("nan")), st.just(0.0), st.just(0.0), st.floats(0, 0.09))


@settings(max_examples=25, deadline=None)
@given(st.lists(LATE_OR_LOST, min_size=120, max_size=120), st.integers(0, 200))
def test_whatever_the_network_does_there_is_no_click(delays: list[float], begin: int) -> None:
    voice = VOICE[begin * FRAME : (begin + 123) * FRAME]
    # Where periods are joined, the steepest of two flanks may add up in part.
    assert steepest(Listener([0.0, 0.0, 0.0, *delays], voice).heard) <= 1.6 * steepest(voice) + 300


@pytest.mark.parametrize("band", [2, 6])
def test_wider_bands_are_repaired_likewise(band: int) -> None:
    random = np.random.default_rng(3)
    delays = [float("nan") if random.random() < 0.1 else random.uniform(0, 0.05) for _ in range(150)]
    time = np.arange(150 * FRAME * band) / (8_000 * band)
    wide = np.rint(6_000 * np.sin(2 * np.pi * 150 * time) + 2_000 * np.sin(2 * np.pi * 450 * time)).astype(
        np.int16
    )
    listener = Listener(delays, wide[::band], band=band, wide=wide)
    assert len(listener.heard) == len(listener.frames) * FRAME * band
    inside = listener.heard[20 * FRAME * band : 140 * FRAME * band]
    assert steepest(inside) <= 1.6 * steepest(wide) + 100
    assert listener.streams.concealed[0] >= 10


def test_what_follows_a_pause_is_not_heard_before_it_is_said() -> None:
    """Nothing was lost: what is made up at the end of a word sinks away, and does not lead up to the next."""
    tone = np.rint(8_000 * np.sin(np.arange(FRAME * 40) * 2 * np.pi * 210 / RATE_HZ)).astype(np.int16)
    delays = [0.055] * 20 + [np.nan] * 6 + [0.0] * 14
    paused = Listener(delays, voice=tone, unsent=range(20, 26)).heard
    lost = Listener(delays, voice=tone).heard
    never = Listener([0.055] * 20 + [np.nan] * 20, voice=tone).heard
    onset = int(np.flatnonzero(paused != never)[0])
    assert int(np.flatnonzero(lost != never)[0]) <= onset - FRAME, (
        "else the packet was not there early enough to tell"
    )
    assert np.array_equal(paused[onset + FRAME : onset + 5 * FRAME], lost[onset + FRAME : onset + 5 * FRAME])
    assert steepest(paused) <= 1.6 * steepest(tone)


def test_a_voice_that_announces_a_pause_in_the_middle_of_a_sound_sinks_to_nothing() -> None:
    """It is as good as silent at the end of the frame: what follows is digital silence, and must be no step."""
    tone = np.rint(8_000 * np.sin(np.arange(FRAME * 40) * 2 * np.pi * 210 / RATE_HZ)).astype(np.int16)
    listener = Listener([0.0] * 20 + [np.nan] * 5, voice=tone, pauses=20)
    end = int(np.flatnonzero(listener.heard)[-1]) + 1
    assert np.abs(listener.heard[end - FRAME : end]).max() > 3_000
    assert steepest(listener.heard[end - FRAME :]) <= steepest(tone)
    assert np.abs(listener.heard[end - 4 :]).max() < 200
    assert not listener.heard[end:].any()
    assert listener.jitter.pausing[0]


@pytest.mark.parametrize("band", [1, 2, 6])
def test_history_is_what_was_heard_at_any_band(band: int) -> None:
    time = np.arange(60 * FRAME * band) / (RATE_HZ * band)
    wide = np.rint(6_000 * np.sin(2 * np.pi * 173 * time) + 2_000 * np.sin(2 * np.pi * 447 * time))
    wide = wide.astype(np.int16)
    delays = [0.0] * 60
    delays[30] = float("nan")
    listener = Listener(delays, wide[::band], band=band, wide=wide)
    for number in (29, 30, 31):  # before the loss, instead of it, and with a seam to it
        kept = listener.source.read(ONE, np.array([number * FRAME]), FRAME)[0]
        assert sum(np.array_equal(kept, frame) for frame in listener.frames) == 1


def test_a_lost_packet_is_made_up_towards_what_comes() -> None:
    time = np.arange(200 * FRAME) / 8_000
    tone = np.rint(8_000 * np.sin(2 * np.pi * 173 * time)).astype(np.int16)
    delays = [0.03 if number < 3 else 0.0 for number in range(200)]
    delays[100] = float("nan")
    listener = Listener(delays, tone)
    heard = listener.heard[60 * FRAME :]
    assert 1 <= listener.streams.concealed[0] <= 2  # the first is the delay's growth
    power = (heard[: 100 * FRAME].reshape(-1, FRAME).astype(float) ** 2).mean(axis=1)
    assert power.min() > 0.25 * power.max()
    assert steepest(heard[: 100 * FRAME]) <= 1.3 * steepest(tone)


def test_delay_grows_for_a_slower_line_and_shrinks_again_in_the_voice_by_its_periods() -> None:
    delays = [0.06 if 100 <= number < 130 else 0.0 for number in range(1_100)]
    voice = np.resize(speech.whole(speech.voice(22.0, pause=0.0, seed=2)), 1_100 * FRAME)
    listener = Listener(delays, voice)
    assert max(listener.ages_ms[105:140]) >= 60
    assert listener.ages_ms[-10] <= 45
    assert listener.streams.accelerated[0] >= 160
    assert steepest(listener.heard) <= 1.6 * steepest(voice) + 300


def test_who_is_heard_by_nobody_changes_in_silence_for_nothing_but_passes_over_no_word() -> None:
    delays = [0.08 if 20 <= number < 50 else 0.0 for number in range(1_100)]
    silent = Listener(delays, np.zeros(1_100 * FRAME, np.int16), deaf=range(1_100))
    assert max(silent.ages_ms[55:70]) >= 80
    assert silent.ages_ms[-10] <= 40
    assert silent.streams.accelerated[0] == 0
    speaking = Listener(delays, np.resize(VOICE, 1_100 * FRAME), deaf=range(1_100))
    assert speaking.ages_ms[100] >= 60


def test_what_a_row_would_say_next_goes_on_with_what_it_said() -> None:
    listener = Listener([0.0] * 100, VOICE[: 100 * FRAME])
    going_on = listener.repair.going_on(0)
    assert going_on.shape == (1, FRAME)
    listener.repair.clear(0)
    assert abs(int(going_on[0, 0]) - int(listener.heard[-1])) <= 2 * steepest(VOICE)
