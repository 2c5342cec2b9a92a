"""Minutes of conference, twice: the same seed is the same conference, to the last sample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from tests.simulation import long_conference

ROOT = Path(__file__).parents[2]
SEED = 11


def test_minutes_on_losing_lines_go_well_and_replay_exactly_from_their_seed() -> None:
    """5,000 ticks, 2 % loss, a worker lost. The second run is another process, with other hashes of strings."""
    command = [sys.executable, "-m", long_conference.__name__, str(SEED), str(long_conference.LENGTH_S)]
    environment = os.environ | {"PYTHONHASHSEED": "7632"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as other:
        outcome = long_conference.hold(SEED)
        told, _ = other.communicate()
    assert json.loads(told) == json.loads(json.dumps(asdict(outcome)))

    assert outcome.turns > 25
    assert outcome.misheard == []
    assert {reason for *_, reason in outcome.records} == {"hung_up"}
    assert len(outcome.records) >= 6
    for name, seconds in outcome.in_s.items():
        # 50 packets a second, less 2 %, and some more for the time in reception.
        assert 0.96 * 50 * seconds < outcome.packets[name] < 1.1 * 50 * seconds, name
