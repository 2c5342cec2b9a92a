"""Names that outlive a conference (C2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.store.errors import StoreRefusedError
from bridge.store.names import LONGEST_NAME_S, Names

SPOKEN = np.arange(8000, dtype=np.int16)


def test_a_name_is_kept_for_its_person_until_it_is_spoken_anew_or_forgotten(tmp_path: Path) -> None:
    names = Names(tmp_path)
    names.keep(1, SPOKEN)
    names.keep(1, SPOKEN[:4000])
    kept = names.load(1)
    assert kept is not None
    assert kept.size == 4000
    assert names.load(2) is None
    names.forget(1)
    assert names.load(1) is None


def test_no_name_is_that_long(tmp_path: Path) -> None:
    with pytest.raises(StoreRefusedError):
        Names(tmp_path).keep(1, np.zeros(round(LONGEST_NAME_S * 8000) + 1, np.int16))
