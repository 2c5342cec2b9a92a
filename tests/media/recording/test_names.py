"""Names of files: safe, sorted by time, recognised again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.recording.messages import FileFormat
from media.recording.names import base_name, file_name, format_of, is_ours, manifest_name

WALL_S = 1_772_373_902.7


def test_names_say_conference_moment_and_number() -> None:
    base = base_name("board", WALL_S, 17)
    assert base == "board-20260301T140502Z-17"
    assert file_name(base, FileFormat.FLAC) == base + ".flac"
    assert file_name(base, FileFormat.OPUS, participant=2) == base + "-p02.opus"
    assert file_name(base, FileFormat.WAV, part=2) == base + ".part2.wav"
    assert manifest_name(base, part=3) == base + ".part3.json"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", ".hidden", "", "--", "ação\n", "x" * 300, "a\0b"]
)
def test_no_name_of_a_conference_leads_out_of_the_folder(name: str) -> None:
    made = file_name(base_name(name, WALL_S, 1), FileFormat.WAV)
    assert "/" not in made
    assert not made.startswith((".", "-"))
    assert len(made) < 120
    assert is_ours(made)


@given(st.text(max_size=80), st.integers(1, 10**9), st.integers(0, 200), st.integers(1, 20))
def test_every_name_of_ours_is_recognised(
    conference: str, recording: int, participant: int, part: int
) -> None:
    base = base_name(conference, WALL_S, recording)
    for format_ in FileFormat:
        name = file_name(base, format_, participant=participant, part=part)
        assert is_ours(name)
        assert is_ours(name + ".part")
        assert format_of(name + ".part") is format_
    assert is_ours(manifest_name(base, part=part))
    assert format_of(manifest_name(base)) is None


@pytest.mark.parametrize(
    "name", ["notes.txt", "board.flac", "board-20260301T140502Z.flac", "roda.db", ".part"]
)
def test_files_of_others_are_not_ours(name: str) -> None:
    assert not is_ours(name)
