"""A conference recorded by key and by command line, and the files listened to (C6)."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from tests.interop.line import Line
from tests.interop.listening import levels_at
from tests.interop.phone import Phone
from tests.interop.service import Pair
from tests.interop.started import ACCESS_NUMBER, Bridge, until

RECORDING = """
[recording]
allowed = true
participants = true
format = "wav"
"""
MODERATOR_HZ, PARTICIPANT_HZ = 440.0, 660.0
LOUD = -30.0
"""dB, of a tone that is said all the time."""


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    made = Bridge(tmp_path_factory.mktemp("recording"), RECORDING)
    made.roda("customer", "add", "Acme")
    made.start()
    yield made
    made.stop()


def pair(bridge: Bridge, *more: str) -> Pair:
    options = ("--level", "3", "--language", "en", "--no-tones", "--no-names")
    return Pair(bridge.roda("passcode", "new", "Acme", *options, *more))


def comes(bridge: Bridge, keys: str, frequency_hz: float) -> Line:
    line = Line(Phone(bridge.address), frequency_hz)
    line.call(ACCESS_NUMBER)
    line.key(keys)
    call_id = line.phone.call_id
    until(lambda: any(row["call_id"] == call_id for row in bridge.events("joined")), "the caller to be in")
    return line


def files(bridge: Bridge, count: int) -> list[dict[str, object]]:
    until(lambda: len(bridge.events("recording ended")) >= count, "the recording to be over")
    found: list[dict[str, object]] = until(
        lambda: json.loads(bridge.roda("record", "list", "--format", "json")), "the recording to be on record"
    )
    return found


def sounds(samples: np.ndarray, frequency_hz: float) -> int:
    """In how many half seconds a tone is heard."""
    return int((levels_at(samples / 32_768, frequency_hz) > LOUD).sum())


def test_star_90_records_people_and_not_their_waiting(bridge: Bridge) -> None:
    codes = pair(bridge, "--recording", "--name", "Board")
    with comes(bridge, f"{codes.participant}#", PARTICIPANT_HZ) as waiting:
        until(lambda: waiting.mark() > 3 * 8_000, "some hold music")
        with comes(bridge, codes.moderators_keys, MODERATOR_HZ) as moderator:
            moderator.key("*90")
            until(lambda: bridge.events("recording"), "the recording to begin")
            mark = moderator.mark()
            until(lambda: moderator.mark() - mark > 9 * 8_000, "the two to talk")
            (row,) = bridge.ask(type="list_conferences")["rows"]
            said = bridge.roda("record", "stop", str(row["id"]))
            assert "ended" in said
    found = files(bridge, 1)
    folder = bridge.folder / "var" / "recordings"
    mix, *apart = sorted(found, key=lambda each: str(each["participant"]) != "")
    assert str(mix["file"]).startswith(str(row["id"]))
    assert (mix["room"], mix["reason"], mix["missing_s"]) == ("Board", "stopped", 0.0)
    assert len(apart) == 2
    path = folder / str(mix["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == 16_000, "an HD codec is configured, so people with HD telephones may come"
    assert 8.0 < len(samples) / rate_hz < 15.0
    for frequency_hz in (MODERATOR_HZ, PARTICIPANT_HZ):
        assert sounds(samples[:: rate_hz // 8_000], frequency_hz) >= 8, "both are heard, all the time"
    voices = np.zeros(len(samples), np.int32)
    for each in apart:
        own, _ = soundfile.read(folder / str(each["file"]), dtype="int16")
        begins = round(float(str(each["begins_s"])) * rate_hz)
        voices[begins : begins + len(own)] += own
    # What is left is what was announced: "This conference is now being recorded", in the first seconds; no music.
    announced = samples - voices
    assert np.abs(announced[: 4 * rate_hz]).max() > 2_000
    assert np.abs(announced[5 * rate_hz : -2 * rate_hz]).max() < 200


def test_what_the_pair_does_not_allow_nobody_records(bridge: Bridge) -> None:
    codes = pair(bridge, "--name", "Private")
    before = len(bridge.events("recording"))
    with comes(bridge, codes.moderators_keys, MODERATOR_HZ) as moderator:
        (row,) = bridge.ask(type="list_conferences")["rows"]
        moderator.key("*90")
        moderator.until_hears()
        given = bridge.ask(
            type="give",
            conference=row["id"],
            command={"command": "record_conference", "on": True},
            by="tests",
        )
        assert (given["done"], given["text"]) == (False, "recording_not_allowed")
    assert len(bridge.events("recording")) == before
