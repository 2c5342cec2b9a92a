from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from bridge.service.spending import LEAD_S
from bridge.switchboard.lines import SAMPLES_PER_S, SPEECH_GUARD_S
from dsp.g711 import Law, decode
from prompts.catalogue import PAUSE, catalogue
from prompts.errors import PromptError
from prompts.library import PAUSE_MS, Library
from prompts.mastering import active_level
from prompts.phrases import RECORDED, Utterance, clips, say
from prompts.recordings import AUDIO
from prompts.tones import TONES
from prompts.values import Clip

FRAME = 160


def beep(path: Path, rate_hz: int, duration_s: float, amplitude: float = 0.1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(duration_s * rate_hz)) / rate_hz
    soundfile.write(path, amplitude * np.sin(2 * np.pi * 440 * time), rate_hz)


def test_every_clip_of_every_language_has_a_place(library: Library):
    for language in catalogue().languages.values():
        for clip in language.clips:
            assert library.segment(clip, language.tag)[1] > 0
    assert library.tone("join")[1] > 0
    assert all(library.segment(f"tone.{name}", "es") == library.tone(name) for name in TONES)


def test_whoever_is_cut_off_has_heard_why_before_the_next_minute_begins_g3(library: Library):
    for language in catalogue().languages:
        samples = sum(length for _, length in library.segments(Utterance("call_time_up"), language))
        assert samples / SAMPLES_PER_S + SPEECH_GUARD_S < LEAD_S


def test_places_begin_with_a_frame_and_do_not_overlap(library: Library):
    end = 0
    for offset, length in sorted(library.places.values()):
        assert offset % FRAME == 0
        assert offset >= end
        assert not library.audio[offset + length : offset + length + -length % FRAME].any()
        end = offset + length
    assert end <= library.samples
    assert library.audio.dtype == np.int16


def test_the_music_is_whole_frames(library: Library):
    assert library.music[1] == 120 * 8_000
    assert library.segments(Utterance("music.hold"), "en") == [library.music]


def test_an_utterance_is_its_clips_and_a_breath(library: Library):
    segments = library.segments(say("participants_count", count=21), "pt")
    *spoken, pause = segments
    names = clips(say("participants_count", count=21), "pt")
    assert "number.21" in names
    assert spoken == [library.segment(name, "pt-BR") for name in names]
    assert pause[1] == PAUSE_MS * 8
    assert library.segments(Utterance("tone.leave"), "pt") == [library.tone("leave")]


def test_what_a_caller_has_recorded_is_played_from_its_own_place_with_a_breath_after(library: Library):
    recorded = Clip(library.samples + 1_600, 4_000)
    segments = library.segments(say(RECORDED, name=recorded), "pt")
    assert segments == [(library.samples + 1_600, 4_000), library.segment(PAUSE, "pt")]
    assert all(type(segment) is tuple for segment in segments)


def test_derived_speech_keeps_the_level(library: Library):
    offset, length = library.segment("greeting", "es")
    assert active_level(library.audio[offset : offset + length] / 32_768, rate_hz=8_000) == pytest.approx(
        -20.3, abs=0.7
    )


def test_workers_get_samples_then_mu_law_then_a_law(library: Library):
    data = np.frombuffer(b"".join(library.shared()), np.uint8)
    samples = library.samples
    assert len(data) == 4 * samples
    assert np.array_equal(data[: 2 * samples].view(np.int16), library.audio)
    offset, length = library.tone("join")
    for position, law in ((2, Law.MU), (3, Law.A)):
        codes = data[position * samples : (position + 1) * samples]
        assert np.array_equal(codes, library.encoded(law))
        error = (
            decode(codes[offset : offset + length], law).astype(int) - library.audio[offset : offset + length]
        )
        assert np.abs(error).max() < 300


def test_workers_get_16_khz_behind_it_where_it_is_wanted(library: Library):
    data = np.frombuffer(b"".join(library.shared(wide=True)), np.uint8)
    assert len(data) == 8 * library.samples
    assert np.array_equal(data[4 * library.samples :].view(np.int16), library.wide)


def test_speech_at_16_khz_is_our_recording_and_has_what_a_telephone_leaves_out(library: Library):
    offset, length = library.segment("greeting", "en")
    recorded, _ = soundfile.read(AUDIO / "en" / "greeting.flac", dtype="int16")
    wide = library.wide[2 * offset : 2 * offset + len(recorded)]
    assert np.array_equal(wide, recorded)
    assert len(recorded) in {2 * length, 2 * length - 1}
    power = np.abs(np.fft.rfft(wide)) ** 2
    frequency_hz = np.fft.rfftfreq(len(wide), 1 / 16_000)
    above = power[(frequency_hz > 4_000) & (frequency_hz < 7_000)].sum() / power.sum()
    assert above > 0.01


def test_every_clip_at_16_khz_is_the_one_at_8_khz(library: Library):
    assert len(library.wide) == 2 * library.samples
    for key in ("tone/join", "tone/ringing", "music/hold", "pt-BR/greeting", "es/number.7"):
        offset, length = library.places[key]
        narrow = library.audio[offset : offset + length].astype(float)
        wide = library.wide[2 * offset : 2 * (offset + length)].astype(float)
        again = soxr.resample(wide, 16_000, 8_000, quality="VHQ")[:length]
        missing = again[800:-800] - narrow[800:-800]
        assert (missing**2).mean() < 1e-4 * (narrow**2).mean()


@pytest.mark.parametrize("band", [1, 2])
def test_around_the_music_it_goes_on_for_whoever_looks_beyond_the_seam(library: Library, band: int):
    array = library.audio if band == 1 else library.wide
    offset, length = (band * part for part in library.music)
    frame = band * FRAME
    assert np.array_equal(array[offset - frame : offset], array[offset + length - frame : offset + length])
    assert np.array_equal(array[offset + length : offset + length + frame], array[offset : offset + frame])


def test_better_recordings_replace_ours_at_any_rate(tmp_path: Path, library: Library):
    better = tmp_path / "better"
    beep(better / "en" / "greeting.wav", 48_000, 0.5)
    beep(better / "en" / "number.21.ogg", 44_100, 0.25)
    beep(better / "tone" / "join.flac", 16_000, 0.1, amplitude=0.5)
    beep(better / "music" / "hold.wav", 32_000, 2.0)
    replaced = Library.load(override=better, languages=["en"])
    assert replaced.segment("greeting", "en")[1] == 4_000
    assert replaced.segment("number.21", "en")[1] == pytest.approx(2_000, abs=1)
    assert replaced.tone("join")[1] == 800
    assert replaced.music[1] == 16_000
    offset, length = replaced.tone("join")
    assert np.abs(replaced.audio[offset : offset + length]).max() == pytest.approx(16_384, rel=0.02)
    assert replaced.segment("goodbye", "en")[1] == library.segment("goodbye", "en")[1]
    with pytest.raises(PromptError, match="no such clip: es/goodbye"):
        replaced.segment("goodbye", "es")


def test_a_replacement_that_cannot_be_read_stops_the_load(tmp_path: Path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "greeting.wav").write_text("not audio")
    with pytest.raises(PromptError, match=r"greeting\.wav: cannot be read"):
        Library.load(override=tmp_path, languages=["en"])


def test_a_cached_library_is_the_same(tmp_path: Path):
    first = Library.load(languages=["en"], cache=tmp_path)
    again = Library.load(languages=["en"], cache=tmp_path)
    for library in (first, again):
        assert isinstance(library.audio, np.memmap)
        assert isinstance(library.wide, np.memmap)
    fresh = Library.load(languages=["en"])
    assert np.array_equal(fresh.audio, again.audio)
    assert np.array_equal(fresh.wide, again.wide)
    assert first.places == again.places


def test_an_unknown_clip_is_an_error_that_names_it(library: Library):
    with pytest.raises(PromptError, match="no such clip: en/apology"):
        library.segment("apology", "fi")
    with pytest.raises(PromptError, match="no such clip: tone/trumpet"):
        library.tone("trumpet")
