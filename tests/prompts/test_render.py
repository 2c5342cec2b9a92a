from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prompts import render as renderer
from prompts.recordings import Recording
from prompts.render import out_of_date, render


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Two texts; what is "spoken" depends on the text alone."""
    wanted = {"greeting": "Hello.", "number.21": "twenty one,"}
    monkeypatch.setattr(renderer, "speak", lambda text, _voice: np.full(160, len(text), np.int16))
    monkeypatch.setattr(
        renderer, "recordings", lambda: [Recording("en", stem, text, text) for stem, text in wanted.items()]
    )
    return wanted


def test_a_second_run_renders_nothing(texts: dict[str, str], tmp_path: Path):
    assert render(tmp_path).made == ("en/greeting", "en/number.21")
    assert (tmp_path / "en" / "number.21.flac").is_file()
    assert out_of_date(tmp_path) == []
    assert render(tmp_path).kept == ("en/greeting", "en/number.21")
    assert render(tmp_path, force=True).made == ("en/greeting", "en/number.21")


def test_an_edited_text_is_noticed_and_rendered_alone(texts: dict[str, str], tmp_path: Path):
    render(tmp_path)
    texts["greeting"] = "Good morning."
    assert out_of_date(tmp_path) == ["en/greeting"]
    assert render(tmp_path).made == ("en/greeting",)


def test_a_touched_or_lost_file_is_made_again(texts: dict[str, str], tmp_path: Path):
    render(tmp_path)
    (tmp_path / "en" / "greeting.flac").write_bytes(b"noise")
    (tmp_path / "en" / "number.21.flac").unlink()
    assert out_of_date(tmp_path) == ["en/greeting", "en/number.21"]
    assert render(tmp_path).made == ("en/greeting", "en/number.21")


def test_a_recording_that_nobody_says_any_more_is_removed(texts: dict[str, str], tmp_path: Path):
    render(tmp_path)
    del texts["greeting"]
    assert out_of_date(tmp_path) == ["en/greeting"]
    assert render(tmp_path).removed == ("en/greeting",)
    assert out_of_date(tmp_path) == []
    assert not (tmp_path / "en" / "greeting.flac").exists()


def test_the_same_text_gives_the_same_file(texts: dict[str, str], tmp_path: Path):
    render(tmp_path / "one")
    render(tmp_path / "two")
    first, second = ((tmp_path / name / "en" / "greeting.flac").read_bytes() for name in ("one", "two"))
    assert first == second
