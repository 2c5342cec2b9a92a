"""What a blast's people hear first (O5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.store.errors import StoreRefusedError
from bridge.store.messages import LONGEST_MESSAGE_S, Messages


def test_a_message_is_spoken_by_telephone_or_brought_as_a_file(tmp_path: Path) -> None:
    messages = Messages(tmp_path / "state")
    spoken = messages.keep(1, np.ones(800, np.int16))
    found = messages.load(spoken)
    assert found is not None
    assert found.size == 800
    soundfile.write(tmp_path / "ad.wav", np.zeros(16000, np.float32), 16000)
    brought = messages.take(1, tmp_path / "ad.wav")
    assert brought == spoken
    found = messages.load(brought)
    assert found is not None
    assert found.size == 8000
    messages.forget(brought)
    messages.forget("")
    assert messages.load(brought) is None
    assert messages.load("") is None


def test_a_message_that_nobody_would_hear_to_its_end_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "speech.wav"
    soundfile.write(path, np.zeros(round(8000 * LONGEST_MESSAGE_S) + 8000, np.float32), 8000)
    with pytest.raises(StoreRefusedError, match=r"speech\.wav.*at most 60 s"):
        Messages(tmp_path).take(1, path)
