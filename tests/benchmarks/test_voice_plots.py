import json

import pytest

from benchmarks import voice_plots
from benchmarks.traces import NETWORKS

pytest.importorskip("matplotlib")


def test_both_pictures_are_drawn_of_a_record(tmp_path, monkeypatch):
    delays = [{"at_s": [10.0, 20.0], "ms": [20.0, 25.0]}]
    row = {"mos": 3.9, "mos_error": 0.1, "delay_ms": None, "delays": delays}
    record = {"way": "offline", "is_valid": True, "rows": [row | {"network": each.name} for each in NETWORKS]}
    (tmp_path / "record.json").write_text(json.dumps(record))
    monkeypatch.setattr("sys.argv", ["voice_plots", str(tmp_path / "record.json"), "--into", str(tmp_path)])

    assert voice_plots.main() == 0

    for name in ("voice-quality.png", "voice-delay.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
