"""O5: which of a conference's lists `*92` means."""

from __future__ import annotations

import pytest

from bridge.service.blast_list import chosen


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
