"""baresip in a conference: its recordings prove who heard what, and when."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tests.interop.baresip import RATE_HZ, Baresip, missing
from tests.interop.listening import is_pure, is_silent, levels, levels_at, rises
from tests.interop.phone import Phone
from tests.interop.started import ACCESS_NUMBER, Bridge, Demo, until

pytestmark = [
    pytest.mark.skipif(
        shutil.which("baresip") is None, reason="baresip is not installed (apt-get install baresip-core)"
    ),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

LOW_HZ, HIGH_HZ = 440.0, 660.0


@dataclass
class Story:
    """What two baresips heard, with the places in their recordings where something was done."""

    ana: np.ndarray = field(default_factory=lambda: np.zeros(0))
    bia: np.ndarray = field(default_factory=lambda: np.zeros(0))
    marks: dict[str, dict[str, float]] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)

    def heard(self, who: str, after: str, from_s: float, to_s: float) -> np.ndarray:
        """What one heard from so many seconds after a mark to so many."""
        start = self.marks[after][who]
        samples: np.ndarray = getattr(self, who)
        return samples[round((start + from_s) * RATE_HZ) : round((start + to_s) * RATE_HZ)]


@pytest.fixture(scope="module")
def story(started: tuple[Bridge, Demo], tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A participant in PCMU waits, a moderator in PCMA comes, they talk; `*6`; somebody comes and goes; all leave."""
    bridge, demo = started
    folder = tmp_path_factory.mktemp("baresip")
    told = Story()
    since = time.time()
    with (
        Baresip(folder, "ana", LOW_HZ, "PCMU") as ana,
        Baresip(folder, "bia", HIGH_HZ, "PCMA") as bia,
        Phone(bridge.address) as cleo,
    ):

        def mark(name: str) -> None:
            told.marks[name] = {"ana": ana.heard_s(), "bia": bia.heard_s()}

        def are_in(count: int) -> None:
            until(lambda: len(bridge.records(ACCESS_NUMBER, since)) == count, f"{count} to be in")

        ana.dial(bridge.uri(ACCESS_NUMBER))
        ana.key(f"{demo.participant}#")
        are_in(1)
        mark("waits")
        time.sleep(2.5)
        bia.dial(bridge.uri(ACCESS_NUMBER))
        bia.key(f"{demo.moderator}#{demo.counter_password}#")
        are_in(2)
        mark("talk")
        time.sleep(4)
        mark("*6")
        ana.key("*6")
        time.sleep(2.5)
        cleo.join(ACCESS_NUMBER)
        mark("enters")
        cleo.key_by_info(f"{demo.participant}#")
        are_in(3)
        time.sleep(1)
        mark("leaves")
        cleo.hang_up()
        time.sleep(1)
        ana.hang_up()
        bia.hang_up()
        told.ana, told.bia = ana.heard(), bia.heard()
    bridge.left(ACCESS_NUMBER, since=since, count=3)
    told.records = json.loads(bridge.roda("records", "list", "--format", "json", "--limit", "3"))
    return told


def test_music_plays_until_the_moderator_comes(story: Story):
    """C3, C4: something that is heard all the time, and is nobody's tone."""
    music = story.heard("ana", "waits", 0.5, 2.5)
    assert (levels(music) > -40).all()
    assert (levels_at(music, HIGH_HZ) < levels(music) - 6).all()
    assert (levels_at(music, LOW_HZ) < levels(music) - 6).all()


def test_each_hears_the_other_and_not_itself(story: Story):
    assert is_pure(story.heard("ana", "talk", 2.5, 4), HIGH_HZ)
    assert is_pure(story.heard("bia", "talk", 2.5, 4), LOW_HZ)


def test_star_6_silences_its_presser_and_tells_it_so(story: Story):
    assert is_silent(story.heard("bia", "*6", 1.5, 2.5))
    told = story.heard("ana", "*6", 0.3, 2.3)
    assert not is_pure(told, HIGH_HZ)


def test_keys_are_not_heard_by_the_others(story: Story):
    assert not any(
        (levels_at(story.heard("bia", "*6", 0, 1), key_hz) > -50).any() for key_hz in (770, 941, 1477)
    )


def test_a_chime_rises_for_who_enters_and_falls_for_who_leaves(story: Story):
    """C1."""
    assert rises(story.heard("bia", "enters", 0, story.marks["leaves"]["bia"] - story.marks["enters"]["bia"]))
    assert not rises(story.heard("bia", "leaves", 0, 1))


def test_the_records_say_who_was_in_and_why_they_left(story: Story):
    """R2, as `roda records list` tells it."""
    rows = sorted(story.records, key=lambda row: row["joined_at"])
    assert [row["role"] for row in rows] == ["participant", "moderator", "participant"]
    assert [row["caller"] for row in rows][:2] == ["ana", "bia"]
    assert {row["room"] for row in rows} == {"Demo conference"}
    assert {row["reason"] for row in rows} == {"hung_up"}
    assert all(row["joined_at"] <= row["left_at"] for row in rows)


def test_the_codecs_the_other_way_round_in_an_open_room(
    bridge: Bridge, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("open")
    with (
        Baresip(folder, "ana", LOW_HZ, "PCMA") as ana,
        Baresip(folder, "bia", HIGH_HZ, "PCMU") as bia,
    ):
        for each in (ana, bia):
            each.dial(bridge.uri("conf-baresip"))
        start = ana.heard_s(), bia.heard_s()
        time.sleep(2.5)
        for each in (ana, bia):
            each.hang_up()
        for each, from_s, frequency_hz in ((ana, start[0], HIGH_HZ), (bia, start[1], LOW_HZ)):
            assert is_pure(each.heard()[round((from_s + 0.5) * RATE_HZ) :][: 2 * RATE_HZ], frequency_hz)
