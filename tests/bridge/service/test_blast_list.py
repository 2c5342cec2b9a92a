"""O5: which of a conference's lists `*92` means, and how a list is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.service.blast_list import MOST_ENTRIES, BlastEntry, BlastListError, chosen, read_csv


@pytest.mark.parametrize(
    ("names", "asked", "meant"),
    [
        ((), "", None),
        (("sales",), "", "sales"),
        (("sales", "board"), "", None),
        (("sales", "default"), "", "default"),
        (("sales", "default"), "sales", "sales"),
        (("sales",), "board", None),
    ],
)
def test_a_list_is_asked_for_by_name_or_is_the_default_or_the_only_one(names, asked, meant):
    assert chosen(names, asked) == meant


ANA, RUI = BlastEntry("Ana", "+5511999990000"), BlastEntry("Rui", "rui@example.org")


@pytest.mark.parametrize(
    "text",
    [
        "Ana,+55 (11) 99999-0000\nRui,rui@example.org\n",
        "Nome;Telefone\r\nAna;+5511 99999.0000\r\n\r\nRui;rui@example.org",
        'name\tnumber\n"Ana"\t+5511999990000\n Rui \t rui@example.org \textra',
    ],
)
def test_a_list_is_read_as_spreadsheets_write_it(text):
    assert read_csv(text) == (ANA, RUI)


def test_numbers_alone_are_a_list_too():
    assert read_csv("11 3000-1000\n4711") == (BlastEntry("", "1130001000"), BlastEntry("", "4711"))
    assert read_csv("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ana,+55\nRui,soon", "line 2: 'soon' is no number"),
        ("Ana,911x", "line 1: '911x'"),
        ("Ana,+5511\nRui,+55 11", r"line 2: \+5511 is on line 1 already"),
        ("\n".join(str(number) for number in range(100, 101 + MOST_ENTRIES)), "at most"),
        ("x" * 200_000 + ",1", "no table"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_line(text, words):
    with pytest.raises(BlastListError, match=words):
        read_csv(text)


@given(st.text())
@settings(max_examples=50)
def test_no_text_is_worse_than_refused(text):
    try:
        entries = read_csv(text)
    except BlastListError:
        return
    assert len({entry.number for entry in entries}) == len(entries)
