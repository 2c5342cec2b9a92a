import argparse

import pytest
from rich.console import Console

from benchmarks import hd, secured, speed
from benchmarks.speed import Speed, endurance_lines, hd_line, served_line, spread_line, srtp_line
from benchmarks.suite import Suite, choose

CONSOLE = Console(quiet=True)


def record(**changes) -> dict:
    made = {
        "plan": {"participants": 5},
        "participants_up": 5,
        "is_valid": True,
        "faults": [],
        "delivery": {
            "packets": 1_000,
            "duplicates": 1,
            "completeness": 1.0,
            "gap_ms": {"p99": 22.0, "p999": 31.0, "max": 39.0},
        },
        "hearing": {"windows": 10, "pairs": 30, "pairs_heard": 30, "own_heard": 0, "foreign_heard": 0},
        "payloads": {
            "bytes": {"least": 50.0, "median": 99.0, "most": 130.0},
            "listeners_decoded": 5,
            "packets_decoded": 900,
            "distinct_decoded": 700,
        },
        "server": {
            "cpu_us_per_participant_tick": 8.0,
            "pss_kb_at_start": 100_000.0,
            "pss_kb_at_end": 100_005.0,
        },
    }
    return made | changes


NOTHING = record(
    delivery=record()["delivery"] | {"packets": 0, "gap_ms": {"p99": None, "p999": None, "max": None}}
)
FAILED = {"failed": "Traceback\nboom"}


@pytest.mark.parametrize(
    ("found", "holds", "says"),
    [
        (record(), True, "8.00 us"),
        (record(participants_up=4), False, "8.00 us"),
        (record(is_valid=False), False, "INVALID"),
        (NOTHING, False, "nothing came back"),
        (FAILED, False, "boom"),
    ],
    ids=["well", "some missing", "invalid", "nothing", "failed"],
)
def test_a_load_is_served_well_if_all_is_there_and_the_tester_was_on_time(found, holds, says):
    line = served_line("load", found)
    assert line.holds is holds
    assert says in line.measured
    assert hd_line("load", found).holds is holds


@pytest.mark.parametrize(
    ("heard", "holds"),
    [
        ({}, True),
        ({"pairs_heard": 29}, False),
        ({"own_heard": 1}, False),
        ({"foreign_heard": 1}, False),
        ({"pairs": 0}, False),
    ],
)
def test_hd_is_right_only_if_listeners_hear_the_talkers_and_nobody_himself(heard, holds):
    found = record(hearing=record()["hearing"] | heard)
    line = hd_line("500 on Opus", found)
    assert line.holds is holds
    assert "999 distinct packets, payloads of 50 to 130 bytes" in line.measured
    assert ("times themselves" in line.measured) is bool(heard.get("own_heard"))


@pytest.mark.parametrize(
    ("changes", "holds", "says"),
    [
        ({"spread": 1}, True, "hear 100.0 %"),
        ({"spread": 0}, False, "the room was in one worker"),
        ({"spread": 1, "hearing": None}, False, "nobody was heard"),
        ({"spread": 1, "hearing": record()["hearing"] | {"pairs_heard": 15}}, False, "hear 50.0 %"),
        ({"spread": 1, "hearing": record()["hearing"] | {"own_heard": 1}}, False, "hear 100.0 %"),
        ({"spread": 1, "participants_up": 4}, False, "hear 100.0 %"),
    ],
)
def test_a_room_over_two_workers_is_one_only_if_both_hear_whoever_talks(changes, holds, says):
    line = spread_line("6,000", record(**changes))
    assert line.holds is holds
    assert says.replace(" %", "%") in line.measured


@pytest.mark.parametrize(("ratio", "holds"), [(1.77, True), (2.01, False)])
def test_keys_cost_at_most_as_much_again(ratio, holds):
    found = {"ratio_with_sockets": ratio, "with_sockets_us": 9.0, "engine_us": 3.0}
    assert srtp_line("500 on SRTP", found).holds is holds


@pytest.mark.parametrize(
    ("p999_ms", "end_kb", "smooth", "flat"),
    [(31.0, 100_009.0, True, True), (41.0, 90_000.0, False, True), (31.0, 100_011.0, True, False)],
)
def test_a_long_run_is_smooth_and_its_memory_flat(p999_ms, end_kb, smooth, flat):
    made = record()
    made["delivery"]["gap_ms"]["p999"] = p999_ms
    made["server"]["pss_kb_at_end"] = end_kb
    gaps, memory = endurance_lines("30 minutes", made)
    assert (gaps.holds, memory.holds) == (smooth, flat)
    assert "97.7 MB at the beginning" in memory.measured


def test_a_long_run_that_says_nothing_says_so():
    (line,) = endurance_lines("30 minutes", FAILED)
    assert (line.holds, line.measured) == (False, "boom")
    assert not any(line.holds for line in endurance_lines("30 minutes", NOTHING))
    assert not any(line.holds for line in endurance_lines("30 minutes", record(is_valid=False)))


class Loads:
    """In place of load tests: keeps what each was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, *arguments: str) -> dict:
        self.asked.append(" ".join(arguments))
        return record()


def test_each_row_is_the_load_that_its_name_says(monkeypatch):
    monkeypatch.setattr(hd, "missing", lambda _: "")
    found = [
        {"kind": kind, "ratio_with_sockets": 1.5, "with_sockets_us": 1.0, "engine_us": 1.0} for kind in "abc"
    ]
    monkeypatch.setattr(
        secured, "measure", lambda kinds, rows, _: found if rows == 500 and len(kinds) == 4 else []
    )
    monkeypatch.setattr(speed.ports, "allow_files", lambda _: None)
    spread = []
    monkeypatch.setattr(
        speed.spread, "measure", lambda people, **_: spread.append(people) or record(spread=1)
    )
    loads = Loads()
    lines = [line for row in Speed(loads, CONSOLE, 1.0, 30.0).rows().values() for line in row()]
    assert loads.asked == [
        "--participants 1000 --talkers 20",
        "--participants 3000",
        "--participants 1000 --rooms 200 --network jitter 0-40, loss 3 %",
        "--participants 500 --talkers 3 --codec g722 --quiet silence",
        "--participants 500 --talkers 3 --codec opus --quiet silence",
        "--participants 500 --talkers 3 --codec opus --quiet dtx",
        "--participants 1000 --seconds 1800.0 --settle 60.0 --endurance",
    ]
    assert all(line.holds for line in lines)
    assert len(lines) == 11
    assert spread == [6_000]
    assert "3.0 voices heard at once" in lines[0].measured


def test_without_its_library_a_codec_is_skipped_in_words(monkeypatch):
    monkeypatch.setattr(hd, "missing", lambda codec: f"no {codec}")
    loads = Loads()
    (line,) = Speed(loads, CONSOLE, 1.0, 30.0).opus()
    assert (line.measured, line.holds, loads.asked) == ("skipped: no opus", False, [])


def test_a_share_of_the_people_tries_a_row_out():
    loads = Loads()
    small = Speed(loads, CONSOLE, 0.02, 0.5)
    small.crowd()
    small.bad_networks()
    small.endurance()
    assert [asked.split()[1] for asked in loads.asked] == ["60", "20", "20"]
    assert "--seconds 30.0 --settle 5.0" in loads.asked[2]


def test_a_group_is_chosen_by_its_name_and_never_unasked():
    suite = Suite(argparse.Namespace(share=1.0, minutes=30.0, seconds=20.0, ramp=100.0, log=""), CONSOLE)
    rows = suite.rows()
    group = list(suite.speed())
    assert choose("speed", rows, suite, is_ours=True) == choose("voice", rows, suite, is_ours=True) == group
    assert choose("cpu, jitter", rows, suite, is_ours=True) == ["cpu", "jitter"]
    usual = choose("", rows, suite, is_ours=True)
    assert usual == [*list(rows)[:6], "joining", "roll_call", "blast", "defined"]
    assert choose("", rows, suite, is_ours=False) == usual[:6]
