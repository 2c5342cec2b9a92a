"""`roda profile` (C7)."""

from __future__ import annotations

import pytest

from tests.bridge.cli.conftest import Roda


@pytest.fixture
def pair(roda: Roda) -> None:
    roda("customer", "add", "Acme")
    roda("passcode", "new", "Acme", "--muted", "--stranded", "0")


def test_two_profiles_are_there_from_the_beginning(roda: Roda) -> None:
    out = roda("profile", "list")[1]
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["automatic", "assisted"]
    assert "assisted=yes" in out


@pytest.mark.usefixtures("pair")
def test_a_pairs_settings_become_a_profile_and_another_pairs_settings(roda: Roda) -> None:
    roda("profile", "save", "lecture", "grace=5", "--pair", "1", "--customer", "Acme")
    roda("passcode", "new", "Acme", "--profile", "lecture", "--level", "3")
    shown = roda("passcode", "show", "2")[1]
    for key, value in (("muted", "yes"), ("stranded", "never"), ("grace", "5"), ("level", "3")):
        assert any(line.split()[:2] == [key, value] for line in shown.splitlines())
    out = roda("profile", "list", "--customer", "Acme")[1]
    assert "muted=yes" in out.partition("lecture")[2]
    assert roda("profile", "delete", "lecture", "--customer", "Acme")[0] == 0
    assert "lecture" not in roda("profile", "list")[1]


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("save", "x"), "roda: a profile needs settings"),
        (("save", "x", "level=3"), "roda: a profile says nothing of the level"),
        (("save", "x", "--pair", "9"), "roda: there is no pair 9"),
        (("save", "x", "muted=yes", "--customer", "Beta"), 'roda: there is no customer "Beta"'),
        (("delete", "automatic"), 'roda: nobody saved a profile "automatic"'),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(roda: Roda, words: tuple[str, ...], error: str) -> None:
    status, out, err = roda("profile", *words)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert err.count("\n") == 1
