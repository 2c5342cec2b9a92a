from pathlib import Path

import pytest

from bridge.store.errors import StoreError
from bridge.store.secret import KEY_BYTES, KEY_FILE, read_key


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    key = read_key(tmp_path / "var", may_create=True)
    assert len(key) == KEY_BYTES
    assert read_key(tmp_path / "var", may_create=True) == key
    assert read_key(tmp_path / "var", may_create=False) == key
    assert (tmp_path / "var" / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [each.name for each in (tmp_path / "var").iterdir()] == [KEY_FILE]


def test_two_places_have_different_keys(tmp_path: Path) -> None:
    assert read_key(tmp_path / "a", may_create=True) != read_key(tmp_path / "b", may_create=True)


def test_a_store_with_codes_never_gets_another_key(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="restore it from a backup"):
        read_key(tmp_path, may_create=False)


def test_a_damaged_key_is_said_so(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(StoreError, match="5 bytes instead of 32"):
        read_key(tmp_path, may_create=True)


def test_a_state_directory_that_is_none_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StoreError, match="var"):
        read_key(tmp_path / "var", may_create=True)
