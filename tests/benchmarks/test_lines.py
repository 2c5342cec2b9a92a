import json

import pytest
from rich.console import Console

from benchmarks.lines import Line, finish, markdown, plain, show


def line(*, holds=True, peers=""):
    return Line("what", "<= 1 ms", peers, "0.5 ms", holds, {"much": "more"})


@pytest.mark.parametrize(("peers", "is_shown"), [("", False), ("Asterisk 3", True)])
def test_a_column_for_peers_is_there_where_there_are_any(peers, is_shown):
    console = Console(width=150)
    with console.capture() as said:
        show("Title", [line(peers=peers)], console)
    assert ("peers" in said.get()) is is_shown


def test_rows_are_kept_without_the_record_which_stands_beside_them():
    assert plain([line()]) == [
        {"name": "what", "target": "<= 1 ms", "peers": "", "measured": "0.5 ms", "holds": True}
    ]


def test_one_row_that_does_not_hold_is_the_programs_exit_status(tmp_path, capsys):
    file = tmp_path / "record.json"
    record = {"faults": ["INVALID: late"]}
    assert finish("Title", [line(), line(holds=False)], record, str(file)) == 1
    assert finish("Title", [line()], {"faults": []}, "") == 0
    assert "INVALID: late" in capsys.readouterr().out
    assert [row["holds"] for row in json.loads(file.read_text())["rows"]] == [True, False]


def test_rows_become_a_table_for_a_page_that_says_what_was_missed():
    page = markdown([line(peers="Asterisk 3"), line(holds=False)]).splitlines()
    assert page[2] == "| what | <= 1 ms | 0.5 ms | Asterisk 3 |"
    assert page[3] == "| what | <= 1 ms | 0.5 ms **missed** |  |"
    assert "Python" in page[-1]
