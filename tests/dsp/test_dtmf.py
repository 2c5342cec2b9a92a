"""Keys heard as tones: what ITU-T Q.24 says must be taken, what must not, and nothing that people say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp.dtmf import KEYS, ToneDetector
from dsp.g711 import Law
from prompts.library import Library
from tests.dsp import keypad, speech
from tests.dsp.keypad import FRAME, as_rows, coded, dialled, key, noisy, pause

FRAME_MS = 20


class Line:
    """A detector and all that it made of some rows."""

    def __init__(self, rows: NDArray[np.int16], lost: NDArray[np.bool_] | None = None) -> None:
        count, frames, _ = rows.shape
        self.lost = np.zeros((count, frames), np.bool_) if lost is None else lost
        self.keys = [""] * count
        self.told_at_ms: list[list[int]] = [[] for _ in range(count)]
        """The end of the frame with which each was told."""
        self.suspected = np.zeros((count, frames), np.bool_)
        self.detector = ToneDetector(count)
        index = np.arange(count)
        for frame in range(frames):
            heard = self.detector.listen(index, rows[:, frame], self.lost[:, frame])
            self.suspected[:, frame] = heard.suspected
            for place, digit in heard.told:
                self.keys[place] += digit
                self.told_at_ms[place].append((frame + 1) * FRAME_MS)


def presses(count: int, milliseconds: float, *, seed: int = 1, **limits: object) -> tuple[list, list, list]:
    """So many single keys, each beginning anywhere within a frame: the sounds, the keys, when each begins in ms."""
    random = np.random.default_rng(seed)
    off, snr_db, law = limits.get("off", 0.0), limits.get("snr_db"), limits.get("law")
    sounds, keys, begins = [], [], []
    for number in range(count):
        low, high = limits.get("dbm0", (-10.0, -8.0))
        wrong = (off * random.choice((-1, 1)), off * random.choice((-1, 1)))
        phases = tuple(random.uniform(0, 6.28, 2).tolist())
        tone = key(KEYS[number % 16], milliseconds, low_dbm0=low, high_dbm0=high, off=wrong, phases=phases)
        begin_ms = random.uniform(40, 60)
        sound = np.concatenate([pause(begin_ms), tone, pause(100)])
        if snr_db is not None:
            sound = noisy(sound, snr_db, tone, random)
        sounds.append(sound if law is None else coded(sound, law))
        keys.append(KEYS[number % 16])
        begins.append(begin_ms)
    return sounds, keys, begins


def found(count: int, milliseconds: float, **limits: object) -> tuple[int, int]:
    """How many of so many keys were told rightly, and how many wrongly or twice."""
    sounds, keys, _ = presses(count, milliseconds, **limits)
    line = Line(as_rows(sounds))
    right = sum(told == wanted for told, wanted in zip(line.keys, keys, strict=True))
    return right, sum(told not in ("", wanted) for told, wanted in zip(line.keys, keys, strict=True))


LEVELS = {
    "loudest": (0.0, 0.0),
    "softest": (-25.0, -25.0),
    "high louder": (-14.0, -10.0),
    "low louder": (-5.0, -13.0),
}


@pytest.mark.parametrize("dbm0", LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("off", [0.0, 0.015])
@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("milliseconds", [40, 100, 500])
def test_every_key_within_the_limits_is_told_once(dbm0, off, law, milliseconds):
    assert found(64, milliseconds, dbm0=dbm0, off=off, law=law) == (64, 0)


@pytest.mark.parametrize("dbm0", LEVELS.values(), ids=LEVELS)
def test_noise_15_db_below_hides_hardly_any_key_however_short(dbm0):
    right, wrong = found(320, 40, dbm0=dbm0, off=0.015, snr_db=15, law=Law.A)
    assert right >= 318
    assert wrong == 0


@pytest.mark.parametrize("milliseconds", [5, 10, 20, 23])
@pytest.mark.parametrize("snr_db", [None, 15])
def test_what_is_too_short_is_no_key(milliseconds, snr_db):
    assert found(160, milliseconds, snr_db=snr_db) == (0, 0)


@pytest.mark.parametrize("snr_db", [None, 15])
@pytest.mark.parametrize("off", [0.035, 0.05])
def test_what_is_off_the_frequencies_is_no_key(off, snr_db):
    assert found(96, 100, off=off, snr_db=snr_db) == (0, 0)


@pytest.mark.parametrize(
    "dbm0", [(-10.0, -24.0), (-20.0, -10.0), (-10.0, -90.0), (-90.0, -10.0), (-36.0, -36.0)]
)
def test_tones_too_different_or_too_soft_are_no_key(dbm0):
    assert found(32, 100, dbm0=dbm0) == (0, 0)


def test_a_key_is_told_within_60_ms_of_its_beginning():
    sounds, _, begins = presses(320, 200, off=0.01)
    line = Line(as_rows(sounds))
    waits = [told[0] - begin for told, begin in zip(line.told_at_ms, begins, strict=True)]
    assert max(waits) <= 60


def test_a_pause_of_40_ms_parts_two_keys_and_one_of_10_ms_is_an_interruption():
    random = np.random.default_rng(2)
    parted = [dialled(digit * 3, random, tone_ms=50, pause_ms=40) for digit in KEYS * 4]
    assert Line(as_rows(parted)).keys == [digit * 3 for digit in KEYS * 4]
    interrupted = []
    for digit in KEYS * 4:
        tone = key(digit, 110)
        begin = int(random.integers(300, 500))
        tone[begin : begin + 80] = 0
        interrupted.append(np.concatenate([pause(random.uniform(20, 40)), tone, pause(100)]))
    assert Line(as_rows(interrupted)).keys == list(KEYS * 4)


def test_whatever_is_dialled_fast_comes_in_order():
    random = np.random.default_rng(3)
    wanted = ["".join(random.choice(list(KEYS), 12)) for _ in range(40)]
    line = Line(as_rows([dialled(digits, random, tone_ms=45, pause_ms=45) for digits in wanted]))
    assert line.keys == wanted


@pytest.mark.parametrize(("tone_ms", "least"), [(100, 398), (70, 394), (50, 375)])
def test_lost_frames_cost_few_keys_and_double_none(tone_ms, least):
    """5 % are lost, and stand there as silence: nothing that was made up is looked at."""
    random = np.random.default_rng(4)
    wanted = ["".join(random.choice(list(KEYS), 10)) for _ in range(40)]
    rows = as_rows([dialled(digits, random, tone_ms=tone_ms, pause_ms=tone_ms) for digits in wanted])
    lost = random.random(rows.shape[:2]) < 0.05
    rows[lost] = 0
    line = Line(rows, lost)
    assert sum(map(len, line.keys)) >= least
    for told, digits in zip(line.keys, wanted, strict=True):
        rest = iter(digits)
        assert all(digit in rest for digit in told), "a key was told twice, or wrongly"


def test_a_key_that_lost_its_middle_is_one_key():
    sounds = [np.concatenate([pause(40), key(digit, 120), pause(80)]) for digit in KEYS]
    rows = as_rows(sounds)
    lost = np.zeros(rows.shape[:2], np.bool_)
    lost[:, 4:6] = True
    rows[lost] = 0
    assert Line(rows, lost).keys == list(KEYS)


def test_only_the_first_13_ms_of_a_key_are_not_suspected():
    sounds, _, begins = presses(160, 100, snr_db=30)
    line = Line(as_rows(sounds))
    for suspected, begin in zip(line.suspected, begins, strict=True):
        frames = suspected.nonzero()[0]
        assert frames[0] * FRAME_MS - begin <= 13.5
        assert (np.diff(frames) == 1).all()
        assert begin + 100 - (frames[-1] + 1) * FRAME_MS <= 1


def test_a_row_is_busy_as_long_as_the_next_frame_matters():
    line = Line(as_rows([np.concatenate([key("5", 60), pause(60)]), pause(60)]))
    assert not line.detector.busy.any()
    detector = ToneDetector(2)
    frames = np.stack((keypad.whole(key("5", 20)), np.zeros(FRAME, np.int16)))
    detector.listen(np.arange(2), frames, np.zeros(2, np.bool_))
    assert detector.busy.tolist() == [True, False]


def test_a_cleared_row_knows_nothing_of_the_key_before():
    detector = ToneDetector(2)
    tone = as_rows([key("7", 60)])[0]
    for frame in tone[:2]:
        detector.listen(np.array([1]), frame[None], np.zeros(1, np.bool_))
    detector.clear(1)
    assert detector.listen(np.array([1]), tone[2:3], np.zeros(1, np.bool_)).told == []


def test_rows_may_come_in_any_order_and_number():
    rows = as_rows([dialled(digits, np.random.default_rng(6)) for digits in ("123", "456", "*0#")])
    detector = ToneDetector(9)
    told = {3: "", 5: "", 8: ""}
    for frame in range(rows.shape[1]):
        order = np.roll([3, 5, 8], frame)
        frames = np.roll(rows[:, frame], frame, axis=0)
        for place, digit in detector.listen(order, frames, np.zeros(3, np.bool_)).told:
            told[int(order[place])] += digit
    assert told == {3: "123", 5: "456", 8: "*0#"}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["silence", "peak", "noise", "key", "square", "lost", "hum"]), min_size=1, max_size=12
    ),
    st.integers(0, 2**32 - 1),
)
def test_whatever_comes_a_key_is_told_as_it_sounds_or_not_at_all(pieces, seed):
    """No frame is too loud, too empty or too odd; and the only key that is there is the only one that is told."""
    random = np.random.default_rng(seed)
    time = np.arange(FRAME)
    tone = keypad.whole(key("6", 20 * len(pieces))).reshape(-1, FRAME)
    sounds = {
        "silence": np.zeros(FRAME, np.int16),
        "lost": np.zeros(FRAME, np.int16),
        "peak": np.full(FRAME, random.choice((-32_768, 32_767)), np.int16),
        "noise": random.integers(-32_768, 32_768, FRAME).astype(np.int16),
        "square": np.where(time // int(random.integers(1, 80)) % 2, 32_767, -32_768).astype(np.int16),
        "hum": (random.uniform(10, 30_000) * np.sin(time * random.uniform(0.01, 3.1))).astype(np.int16),
    }
    rows = np.stack([tone[place] if name == "key" else sounds[name] for place, name in enumerate(pieces)])
    lost = np.array([name == "lost" for name in pieces])
    assert set(Line(rows[None], lost[None]).keys[0]) <= {"6"}


# --- what people say, and what else is heard on a line ---

FALSE_KEYS = 0
"""Of all that our voices say in three languages, forty minutes: none."""
FALSE_FRAMES = 10
"""That much of it may be taken for the beginning of a key, 0.2 s of forty minutes, and is not heard by others."""


@pytest.fixture(scope="module")
def spoken() -> NDArray[np.int16]:
    """All clips of all languages, one after another, in 256 rows."""
    library = Library.load()
    places = [place for name, place in library.places.items() if not name.startswith(("tone", "music"))]
    return in_rows(np.concatenate([library.audio[offset : offset + length] for offset, length in places]))


def in_rows(sound: NDArray[np.int16], count: int = 256) -> NDArray[np.int16]:
    frames = len(sound) // FRAME // count
    return sound[: count * frames * FRAME].reshape(count, frames, FRAME)


def test_no_prompt_is_taken_for_a_key(spoken):
    line = Line(spoken)
    assert sum(map(len, line.keys)) <= FALSE_KEYS
    assert line.suspected.sum() <= FALSE_FRAMES


@pytest.mark.parametrize("pitch", [0.8, 1.25])
def test_no_other_voice_is_either(spoken, pitch):
    """As deep as a man's or as high as a child's."""
    flat = spoken.reshape(-1)
    moved = np.interp(np.arange(0, len(flat) - 1, pitch), np.arange(len(flat)), flat).astype(np.int16)
    line = Line(in_rows(moved))
    assert sum(map(len, line.keys)) <= FALSE_KEYS
    assert line.suspected.sum() <= 2 * FALSE_FRAMES


def test_nor_are_several_who_speak_at_once_or_too_loud(spoken):
    several = np.roll(spoken, 7, axis=0).astype(np.int32) + np.roll(spoken, 31, axis=1) + spoken
    loud = (several * 3).clip(-32_768, 32_767).astype(np.int16)
    assert sum(map(len, Line(loud).keys)) <= FALSE_KEYS


def test_nor_are_syllables_that_nobody_spoke():
    said = [speech.voice(30, seed=seed) for seed in range(20)]
    assert Line(as_rows(said)).keys == [""] * 20


def test_nor_is_any_tone_of_the_network_or_of_ours_or_the_music():
    time = np.arange(4_000) / 8_000
    pairs = [
        (350, 440),
        (440, 480),
        (480, 620),
        (425, 425),
        (941, 941),
        (1_100, 2_100),
        (950, 1_400),
        (697, 770),
    ]
    network = [
        6_000 * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)) for low, high in pairs
    ]
    assert Line(as_rows(network)).keys == [""] * len(pairs)
    library = Library.load(languages=["en"])
    ours = [
        library.audio[offset : offset + length].astype(np.float64)
        for name, (offset, length) in library.places.items()
        if name.startswith(("tone", "music"))
    ]
    assert set(Line(as_rows(ours)).keys) == {""}


def test_a_caller_is_heard_over_the_echo_of_what_we_say(spoken):
    """Whoever knows the way keys while we speak, and our voice comes back softer."""
    random = np.random.default_rng(8)
    wanted = ["".join(random.choice(list("0123456789*#"), 6)) for _ in range(64)]
    rows = as_rows([dialled(digits, random, tone_ms=100, pause_ms=100) for digits in wanted])
    echo = spoken[64:128, : rows.shape[1]] // 10
    assert Line(rows + echo).keys == wanted
