"""Twenty seconds of storm over a conference: floods, scanners, garbage, half-open connections, guessed passwords (issue 4).

The limits are generous, since the attackers share the machine with those whom they attack; `python -m benchmarks.storm`
does the same for ten minutes, with figures.
"""

from __future__ import annotations

import pytest

from benchmarks.storm import Storm, faults

SECONDS, PARTICIPANTS, MESSAGES_PER_S = 20.0, 10, 1000.0


def test_a_storm_harms_nobody_who_is_in_and_keeps_no_honest_caller_out() -> None:
    """No gap over 100 ms, less than 50 MB more memory, whoever is honest gets in within 2 s, and the bridge lives."""
    record = Storm(SECONDS, PARTICIPANTS, MESSAGES_PER_S).run()
    assert len(record["honest"]["waits_s"]) >= SECONDS / 4
    assert record["bans_logged"] > 0
    assert record["attack"]["sent"]["forged"] > 1000
    found = faults(record)
    if found and not record["load"].get("is_valid"):
        # Where the media is late because of others, honest callers are asked to come later, as they should be.
        assert [fault for fault in found if not fault.startswith(("a gap", "honest callers"))] == []
        pytest.skip("this machine is too busy to send audio in time: nothing can be said of what comes back")
    assert found == []
