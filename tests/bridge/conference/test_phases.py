from bridge.conference.model import TALKING, Phase
from bridge.conference.phases import NEXT, Turn


def test_every_phase_has_its_row():
    assert set(NEXT) == set(Phase)


def test_every_phase_but_empty_empties():
    assert all(NEXT[phase][Turn.EMPTIED] is Phase.EMPTY for phase in Phase if phase is not Phase.EMPTY)


def test_every_phase_can_be_reached_from_empty():
    reached, fresh = {Phase.EMPTY}, [Phase.EMPTY]
    while fresh:
        fresh = [after for after in NEXT[fresh.pop()].values() if after not in reached] + fresh
        reached.update(fresh)
    assert reached == set(Phase)


def test_c4_from_waiting_people_come_to_talk_only_by_beginning():
    ways = {(phase, turn) for phase, row in NEXT.items() for turn, after in row.items() if after in TALKING}
    assert {turn for phase, turn in ways if phase not in TALKING} == {Turn.BEGAN}
