import numpy as np
import pytest

from benchmarks import g711
from benchmarks.mouths import NAMES_HZ, SILENCE, TALK, TALK_HZ, Mouths, name_clip
from benchmarks.packets import HEADER_BYTES
from dsp.frames import FULL_SCALE
from dsp.utterance import find_utterance


def packets(mouths, rounds, row=0):
    """What a row sends in so many packet times: its payloads, and whether it came to the end of a name."""
    sent = []
    for _ in range(rounds):
        for phase in range(mouths.phases):
            rows, said = mouths.next_phase(phase)
            if row in rows:
                sent.append((bytes(mouths.packets[row, HEADER_BYTES:]), row in said))
    return sent


@pytest.fixture
def mouths():
    made = Mouths(people=4, phases=2)
    made.is_up[:] = True
    return made


def test_who_says_nothing_sends_silence(mouths):
    silence = bytes([g711.SILENCE["pcmu"]]) * 160
    assert packets(mouths, 2) == [(silence, False), (silence, False)]


def test_a_name_is_said_once_and_told(mouths):
    mouths.say(0, 5)
    sent = packets(mouths, 60)
    ends = [place for place, (_, said) in enumerate(sent) if said]
    assert ends == [47]  # four syllables of 12 packets
    silence = bytes([g711.SILENCE["pcmu"]]) * 160
    assert all(payload == silence for payload, _ in sent[48:])
    heard = g711.decode(np.frombuffer(b"".join(payload for payload, _ in sent[:48]), np.uint8), "pcmu")
    strongest = np.argmax(np.abs(np.fft.rfft(heard))) * 8000 / len(heard)
    assert strongest == pytest.approx(NAMES_HZ[3], abs=5)


def test_talk_goes_on_without_a_seam(mouths):
    assert mouths.is_endless(TALK)
    assert not mouths.is_endless(SILENCE + 2)
    mouths.say(0, TALK)
    sent = packets(mouths, 15)
    assert not any(said for _, said in sent)
    heard = g711.decode(np.frombuffer(b"".join(payload for payload, _ in sent), np.uint8), "pcmu")
    spectrum = np.abs(np.fft.rfft(heard.astype(float))) ** 2
    place = TALK_HZ * len(heard) // 8000
    assert spectrum[place] > 0.999 * spectrum.sum()


def test_keys_follow_one_another_and_each_press_tells_when_its_last_goes_down(mouths):
    mouths.press(0, "12", 101)
    mouths.press(0, "#", 101)
    phase = int(mouths.phase[0])
    pressed = []
    while keys := mouths.next_keys(phase):
        [(row, packet, is_down)] = keys
        assert row == 0
        if packet[1] & 0x80:
            pressed.append((packet[HEADER_BYTES], is_down))
        is_keying = 0 not in mouths.next_phase(phase)[0]
        assert is_keying or len(pressed) == 3
    assert pressed == [(1, False), (2, True), (11, True)]
    assert not is_keying


def test_who_has_hung_up_sends_nothing(mouths):
    mouths.press(0, "1", 101)
    mouths.hush(0)
    assert mouths.next_keys(int(mouths.phase[0])) == []
    assert packets(mouths, 1) == []


@pytest.mark.parametrize("hz", [int(NAMES_HZ[0]), int(NAMES_HZ[-1])])
def test_a_bridge_takes_a_name_for_speech(hz):
    pause = np.zeros(160 * 20)
    wave = np.concatenate([pause, name_clip(hz, 160), pause]).reshape(-1, 160)
    power = np.maximum((wave**2).mean(axis=1), (FULL_SCALE * 10 ** (-90 / 20)) ** 2)
    levels = (10 * np.log10(power / FULL_SCALE**2)).astype(np.float32)
    found = find_utterance(levels)
    assert found is not None
    assert 18 <= found.first <= 22
    assert 64 <= found.end <= 70
