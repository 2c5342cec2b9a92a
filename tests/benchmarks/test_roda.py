import tomllib

import pytest

from benchmarks.roda import DIAL_OUT, PLAIN, Roda, count_events, draw_codes
from bridge.config import load
from bridge.service.digests import Digests
from bridge.service.role import Role
from bridge.store.blast_lists import BlastLists
from bridge.store.database import open_database
from bridge.store.passcodes import Passcodes
from bridge.store.secret import read_key


@pytest.fixture
def roda():
    made = Roda(dial_out=DIAL_OUT.format(trunk="127.0.0.1:7000", rate=20, parallel=250))
    yield made
    made.close()


def test_the_configuration_has_no_fault(roda):
    config = load(roda.file)
    assert config.limits.calls_per_second == 0
    assert config.blast.calls_per_second == 20
    assert [trunk.address for trunk in config.trunks] == ["127.0.0.1:7000"]
    assert tomllib.loads(roda.file.read_text())["access_numbers"][0]["number"] == "1000"


def test_pairs_are_defined_all_alike_and_each_code_is_found(roda):
    codes = roda.define(5, PLAIN, numbers=["+5511970000001", "+5511970000002"])
    config = load(roda.file)
    digests = Digests(read_key(config.state_directory, may_create=False))
    database = open_database(config.store_url)
    with database.transaction() as connection:
        store = Passcodes(connection)
        for each in codes:
            for role, code in ((Role.MODERATOR, each.moderator), (Role.PARTICIPANT, each.participant)):
                found = store.find(digests.passcode(code))
                assert (found.pair.id, found.role, found.pair.own) == (each.pair, role, PLAIN)
                assert found.pair.enabled
        entries = BlastLists(connection).find(codes[0].pair).entries
        assert BlastLists(connection).find(codes[1].pair) is None
    database.close()
    assert [entry.number for entry in entries] == ["+5511970000001", "+5511970000002"]
    assert roda.look_up_us(codes) > 0


def test_codes_are_all_different_and_of_one_length():
    codes = [code for pair in draw_codes(500, 8, seed=1) for code in pair]
    assert len(set(codes)) == 1000
    assert {len(code) for code in codes} == {8}


def test_what_a_log_must_not_hold_is_told(roda):
    roda.log.write_text('{"level":"info","event":"joined"}\n')
    assert roda.faults() == []
    roda.log.write_text('{"level":"warning","event":"late"}\nTraceback\n')
    assert roda.faults() == [
        "the server logged 1 of level (warning)",
        "the server logged 1 of level (error)",
    ]


def test_what_stood_in_the_log_before_is_not_this_runs(tmp_path):
    log = tmp_path / "log"
    log.write_text("Traceback\n")
    made = Roda(log=str(log))
    with log.open("a") as more:
        more.write('{"level":"info","event":"joined"}\n')
    assert made.counts() == {"joined": 1}
    made.close()


def test_events_are_counted():
    lines = ['{"level":"info","event":"joined"}', '{"level":"info","event":"joined"}', "[1]", ""]
    assert count_events(lines) == {"joined": 2, "(error)": 2}
