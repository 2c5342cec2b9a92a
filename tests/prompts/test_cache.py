from __future__ import annotations

from pathlib import Path

import numpy as np

from prompts import cache

AUDIO = np.arange(320, dtype=np.int16)
WIDE = np.arange(640, dtype=np.int16)
PLACES = {"en/greeting": (0, 160), "en/goodbye": (160, 160)}


def test_what_is_stored_is_found_again_and_cannot_be_changed(tmp_path: Path):
    cache.store(tmp_path, "key", AUDIO, WIDE, PLACES)
    found = cache.load(tmp_path, "key")
    assert found is not None
    assert np.array_equal(found[0], AUDIO)
    assert np.array_equal(found[1], WIDE)
    assert found[2] == PLACES
    assert not found[0].flags.writeable
    assert not found[1].flags.writeable


def test_another_key_finds_nothing_and_replaces_the_old(tmp_path: Path):
    cache.store(tmp_path, "old", AUDIO, WIDE, PLACES)
    assert cache.load(tmp_path, "new") is None
    cache.store(tmp_path, "new", AUDIO, WIDE, PLACES)
    assert cache.load(tmp_path, "old") is None
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["prompts-new-wide.npy", "prompts-new.json", "prompts-new.npy"]


def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path):
    for name, damage in (
        ("prompts-key.npy", b"\x93NUMPY"),
        ("prompts-key.json", b"{"),
        ("prompts-key-wide.npy", b"\x93NUMPY"),
        ("prompts-key.npy", b""),
    ):
        cache.store(tmp_path, "key", AUDIO, WIDE, PLACES)
        (tmp_path / name).write_bytes(damage)
        assert cache.load(tmp_path, "key") is None


def test_places_outside_of_the_array_are_not_believed(tmp_path: Path):
    cache.store(tmp_path, "key", AUDIO, WIDE, {"en/greeting": (300, 160)})
    assert cache.load(tmp_path, "key") is None
    cache.store(tmp_path, "key", AUDIO.astype(np.float32), WIDE, PLACES)
    assert cache.load(tmp_path, "key") is None


def test_arrays_that_do_not_fit_together_are_not_believed(tmp_path: Path):
    cache.store(tmp_path, "key", AUDIO, WIDE[:-1], PLACES)
    assert cache.load(tmp_path, "key") is None
    cache.store(tmp_path, "key", AUDIO, WIDE.astype(np.int32), PLACES)
    assert cache.load(tmp_path, "key") is None


def test_a_place_that_cannot_be_written_does_no_harm(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    cache.store(tmp_path / "file", "key", AUDIO, WIDE, PLACES)
    assert cache.load(tmp_path / "file", "key") is None
