import pytest

from benchmarks.acting import Listen, Press
from benchmarks.ears import SILENCE, SOUND
from benchmarks.roll_call import Call, RollCalls, asker, lines


def test_the_roll_call_is_asked_for_in_silence_and_stopped_at_the_first_name():
    kept = RollCalls()
    script = asker(kept, 440, times=2)
    answers = [1.0, 2.0, 2.1, 4.5, 4.6, 6.0, 8.0, 9.0, None, None, 40.0]
    steps = [next(script), *(script.send(answer) for answer in answers)]
    listened = [step.hz for step in steps if isinstance(step, Listen)]
    assert listened == [SILENCE, SOUND, 440] * 2
    assert [step.keys for step in steps if isinstance(step, Press)] == ["*8", "*9", "*8", "*9"]
    assert kept.calls == [Call(2.0, 2.1, 4.5), Call(9.0, None, None)]
    assert kept.milliseconds(name=False) == [pytest.approx(100.0)]
    assert kept.milliseconds(name=True) == [pytest.approx(2500.0)]


@pytest.mark.parametrize(
    ("slowest_ms", "sounded", "valid", "met"),
    [(290.0, 10, True, True), (301.0, 10, True, False), (90.0, 9, True, False), (90.0, 10, False, False)],
)
def test_it_always_begins_in_time(slowest_ms, sounded, valid, met):
    record = {
        "people": 200,
        "asked": 10,
        "start_ms": {"p50": 80.0, "max": slowest_ms, "count": sounded},
        "name_ms": {"p50": 2500.0, "max": 2600.0, "count": 10},
        "is_valid": valid,
    }
    assert lines(record)[0].holds is met
