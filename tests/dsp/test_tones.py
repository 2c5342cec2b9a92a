"""Tones have the level, length and frequencies that were asked for, and never click."""

import numpy as np
import pytest

from dsp import tones
from dsp.goertzel import tone_power
from dsp.level import rms_dbov

CHIMES = [tones.entry_tone, tones.exit_tone, tones.lecture_tone, tones.attention_tone]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("frequencies_hz", [(440,), (350, 440), (500, 900, 1_700)])
def test_a_tone_is_as_long_and_as_loud_as_asked(frequencies_hz, rate_hz):
    sound = tones.tone(frequencies_hz, 200, level_dbov=-20, rate_hz=rate_hz, fade_ms=0)
    assert len(sound) == rate_hz // 5
    assert rms_dbov(sound[None])[0] == pytest.approx(-20, abs=0.1)


def test_a_tone_begins_and_ends_softly_and_is_loud_between():
    sound = tones.tone([1_000], 100, level_dbov=-10, fade_ms=10).astype(int)
    assert np.abs(sound[[0, -1]]).max() < 100
    assert np.abs(sound[80:-80]).max() == pytest.approx(32_768 * 10**-0.5 * 2**0.5, rel=0.01)


def test_a_tone_that_is_too_loud_is_limited_and_does_not_wrap():
    sound = tones.tone([200], 100, level_dbov=6, fade_ms=0).astype(int)
    assert 30_000 < np.abs(sound).max() <= 32_767
    assert np.abs(np.diff(sound)).max() < 20_000


def test_a_cadence_is_its_parts_in_order():
    busy = tones.cadence([((425,), 500), ((), 250), ((425,), 500)], level_dbov=-20)
    assert len(busy) == 8 * 1_250
    assert not busy[4_000:6_000].any()
    assert np.array_equal(busy[:4_000], tones.tone([425], 500, level_dbov=-20))
    assert len(tones.cadence([])) == 0


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_a_key_is_its_two_tones_and_nothing_else(digit):
    sound = tones.dtmf(digit, duration_ms=100, level_dbov=-16)
    everything = sorted({frequency for pair in tones.DTMF_HZ.values() for frequency in pair})
    levels = tone_power(sound[None, :800], everything)[0]
    heard = [frequency for frequency, level in zip(everything, levels, strict=True) if level > -30]
    assert heard == sorted(tones.DTMF_HZ[digit])
    low, high = (levels[everything.index(frequency)] for frequency in tones.DTMF_HZ[digit])
    assert high - low == pytest.approx(2, abs=0.2)
    assert rms_dbov(sound[None, 80:-80])[0] == pytest.approx(-16, abs=0.3)


def test_keys_are_where_they_are_on_every_telephone():
    assert tones.DTMF_HZ["1"] == (697, 1_209)
    assert tones.DTMF_HZ["5"] == (770, 1_336)
    assert tones.DTMF_HZ["#"] == (941, 1_477)
    assert tones.DTMF_HZ["D"] == (941, 1_633)


@pytest.mark.parametrize("digit", ["E", "", "12", "\u0661"])
def test_what_is_no_key_is_refused(digit):
    with pytest.raises(tones.UnknownDigitError, match="no key"):
        tones.dtmf(digit)


@pytest.mark.parametrize("make", CHIMES)
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_a_chime_is_short_never_clicks_and_is_not_louder_than_a_voice(make, rate_hz):
    sound = make(rate_hz=rate_hz).astype(int)
    assert 0.3 < len(sound) / rate_hz < 0.8
    assert (
        np.abs(np.diff(sound, prepend=0, append=0)).max()
        < 2 * np.pi * 1_000 / rate_hz * np.abs(sound).max() * 1.5
    )
    assert -40 < rms_dbov(sound.astype(np.int16)[None])[0] < -24
    assert np.abs(sound).max() < 8_000


def note_at(sound, begin, candidates):
    levels = tone_power(sound[None, begin : begin + 960], candidates)[0]
    return candidates[int(levels.argmax())]


def test_who_enters_comes_up_and_who_leaves_goes_down():
    low, high = tones.RISING
    assert low < high
    entry, leaving = tones.entry_tone(), tones.exit_tone()
    second = tones.NOTE_MS * 8
    assert [note_at(entry, 0, [low, high]), note_at(entry, second, [low, high])] == [low, high]
    assert [note_at(leaving, 0, [low, high]), note_at(leaving, second, [low, high])] == [high, low]


def test_no_two_chimes_are_alike():
    sounds = [make() for make in CHIMES]
    for number, one in enumerate(sounds):
        for other in sounds[number + 1 :]:
            length = min(len(one), len(other))
            assert abs(np.corrcoef(one[:length], other[:length])[0, 1]) < 0.8


def test_no_chime_can_be_taken_for_a_key():
    columns = [1_209, 1_336, 1_477, 1_633]
    rows = [697, 770, 852, 941]
    for make in CHIMES:
        sound = make()
        for begin in range(0, len(sound) - 320, 160):
            window = sound[None, begin : begin + 320]
            low, high = tone_power(window, rows)[0].max(), tone_power(window, columns)[0].max()
            assert high < low - 8 or low < -35  # Q.24: more twist than any key has, or too soft for one
