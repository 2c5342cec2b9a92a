from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.cli.words import WORDS
from bridge.service.digests import Digests
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.database import open_database
from bridge.store.passcodes import FoundPasscode, Passcodes
from bridge.store.secret import read_key
from bridge.store.tables import audit
from tests.bridge.cli.conftest import Roda


def told(out: str, role: str) -> str:
    found = re.search(rf"{role} +(\d+)", out)
    assert found is not None
    return found[1]


def find(folder: Path, code: str) -> FoundPasscode | None:
    database = open_database(f"sqlite:///{folder}/var/roda.db")
    try:
        with database.transaction() as connection:
            key = read_key(folder / "var", may_create=False)
            return Passcodes(connection).find(Digests(key).passcode(code))
    finally:
        database.close()


@pytest.fixture
def pair(roda: Roda) -> str:
    """The output that told the codes of pair 1."""
    roda("customer", "add", "Acme")
    status, out, _ = roda(
        "passcode", "new", "Acme", "--name", "Board", "--level", "3", "--no-tones", "--language", "es"
    )
    assert status == 0
    return out


def test_new_codes_are_said_once_and_work(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A4, A5."""
    moderator = find(tmp_path, told(pair, "moderator"))
    participant = find(tmp_path, told(pair, "participant"))
    assert moderator is not None
    assert participant is not None
    assert (moderator.role, participant.role) == (Role.MODERATOR, Role.PARTICIPANT)
    assert len(moderator.counter_passwords) == 1
    assert participant.counter_passwords == ()
    settings = moderator.pair.settings
    assert (settings.level, settings.language, settings.entry_exit_tones) == (3, "es", False)
    for words in (("passcode", "list"), ("passcode", "show", "1")):
        assert told(pair, "moderator") not in roda(*words)[1]


def test_a_code_in_clear_is_nowhere_on_disk(pair: str, tmp_path: Path) -> None:
    for path in (tmp_path / "var").iterdir():
        assert told(pair, "moderator").encode() not in path.read_bytes()


def test_renewed_codes_stop_the_old_at_once(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A7."""
    out = roda("passcode", "renew", "1", "--only", "participant")[1]
    assert "moderator" not in out
    assert find(tmp_path, told(pair, "participant")) is None
    assert find(tmp_path, told(out, "participant")) is not None
    assert find(tmp_path, told(pair, "moderator")) is not None


def test_a_pair_is_disabled_expired_and_enabled(roda: Roda, pair: str) -> None:
    """A6, O6."""
    assert roda("passcode", "disable", "1")[1] == "Pair 1 is disabled\n"
    assert "disabled" in roda("passcode", "list")[1]
    roda("passcode", "expire", "1", "2020-02-01")
    assert roda("passcode", "enable", "1")[1] == "Pair 1 is expired\n"
    assert "2020-02-01" in roda("passcode", "show", "1")[1]


def test_what_the_moderator_may_is_told_by_the_level_and_what_was_asked_for(roda: Roda, pair: str) -> None:
    roda("passcode", "new", "Acme", "--level", "2", "--lock")
    third, second = (roda("passcode", "show", number)[1] for number in ("1", "2"))
    assert re.findall(r"may .*?  (yes|no)", third) == ["yes", "yes", "yes"]
    assert re.findall(r"may .*?  (yes|no)", second) == ["yes", "no", "no"]


def test_an_end_that_has_come_is_told_as_such(roda: Roda, pair: str) -> None:
    assert roda("passcode", "expire", "1", "now")[1] == "Pair 1 has expired\n"
    assert roda("passcode", "expire", "1", "2100-02-01")[1] == "Pair 1 works until 2100-02-01\n"


def test_every_change_leaves_a_trace_without_codes(roda: Roda, pair: str, tmp_path: Path) -> None:
    """R4."""
    roda("passcode", "disable", "1")
    roda("passcode", "set", "1", "muted=yes")
    changed = roda("passcode", "change", "1", "--codes", "--counter-password-for", "Ana")[1]
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.id)).all()
    database.close()
    assert [row.action for row in rows] == ["add customer", "new pair", "disable", "set", "change"]
    assert rows[3].details == '{"muted":"yes"}'
    for code in (told(pair, "moderator"), told(changed, "moderator"), told(changed, "Ana: counter-password")):
        assert f'"{code}"' not in str(rows)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("new", "Nobody"), 'roda: there is no customer "Nobody"'),
        (("new", "Acme", "--language", "fr"), 'roda: language is "fr": it must be one of pt-BR, en, es'),
        (("new", "Acme", "--level", "1", "--lock"), "roda: level 1 never lets a moderator lock, *7"),
        (("show", "9"), "roda: there is no pair 9"),
        (("disable", "9"), "roda: there is no pair 9"),
        (("expire", "1", "soon"), 'roda: "soon" is no date'),
        (("new", "Acme", "--profile", "x"), 'roda: there is no profile "x"'),
        (("new", "Acme", "--responsible", "Eva"), 'roda: this customer has nobody called "Eva"'),
        (("new", "Acme", "--key-map", "a b"), "roda: key-map is 'a b'"),
        (("new", "Acme", "--key-map", "sales"), 'roda: there is no key map "sales": use one of'),
        (("set", "1", "key-map=sales"), 'roda: there is no key map "sales": use one of'),
        (("set", "9", "grace=3"), "roda: there is no pair 9"),
        (("set", "1", "grace"), 'roda: "grace" sets nothing: write KEY=VALUE; the keys are level,'),
        (("set", "1", "warp=9"), 'roda: "warp=9" sets nothing'),
        (("set", "1", "grace=soon"), 'roda: grace is "soon": it must be a number'),
        (("set", "1", "grace=nan"), 'roda: grace is "nan": it must be a number'),
        (("set", "1", "grace=-1"), "roda: grace is -1.0: it cannot be negative"),
        (("set", "1", "max-people=2.5"), 'roda: max-people is "2.5": it must be a whole number or "any"'),
        (("set", "1", "muted=perhaps"), 'roda: muted is "perhaps": it must be yes or no'),
        (("set", "1", "level=1", "lock=yes"), "roda: level 1 never lets a moderator lock, *7"),
        (("set", "1", "--profile", "x"), 'roda: there is no profile "x"'),
        (("change", "1"), "roda: say what is to change"),
        (("change", "9", "--codes"), "roda: there is no pair 9"),
        (("change", "1", "--no-counter-password-for", "Eva"), 'roda: this customer has nobody called "Eva"'),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    roda: Roda, pair: str, words: tuple[str, ...], error: str
) -> None:
    status, out, err = roda("passcode", *words)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert err.count("\n") == 1


def test_every_setting_has_an_option_a_word_and_a_line(roda: Roda, pair: str, tmp_path: Path) -> None:
    """C1 to C7, G3, O2, O4, O7: what `new` sets is what `set` writes and `show` shows."""
    out = roda(
        "passcode", "new", "Acme", "--level", "3", "--language", "en", "--assisted", "--no-tones", "--names",
        "--keep-names", "--no-music", "--no-wait", "--no-end-with-moderator", "--grace", "5", "--max-people", "9",
        "--max-minutes", "90", "--extension", "5", "--muted", "--mute-mode", "questions", "--strict-mute",
        "--noisy-lines", "mute", "--noisy-notices", "--suppress-noise", "--level-voices",
        "--recording", "--lock", "--dial-out", "--blast", "--block-dial-out", "--max-calls-out", "2",
        "--mask-numbers", "--no-monitor-announced", "--stranded", "0", "--key-map", "globalmeet",
    )[1]  # fmt: skip
    first = find(tmp_path, told(out, "moderator"))
    assert first is not None
    plain = Settings()
    assert [
        each.name
        for each in fields(Settings)
        if each.name != "open_room" and getattr(first.pair.own, each.name) == getattr(plain, each.name)
    ] == []
    shown = dict(line.split()[:2] for line in roda("passcode", "show", "2")[1].splitlines() if "  " in line)
    words = [f"{word.key}={shown[word.key]}" for word in WORDS]
    assert {word.field for word in WORDS} == {each.name for each in fields(Settings)} - {"open_room"}
    out = roda("passcode", "set", "1", *words)[1]
    assert "mute-mode=questions" in out
    second = find(tmp_path, told(pair, "moderator"))
    assert second is not None
    assert second.pair.own == first.pair.own
    assert roda("passcode", "set", "1", *words)[1] == "Pair 1: nothing changes\n"


def test_settings_are_changed_one_by_one_and_the_codes_stay(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A7."""
    assert roda("passcode", "set", "1", "grace=5", "max_minutes=90", "--name", "Sales")[1] == (
        "Pair 1: grace=5, max-minutes=90, name=Sales\n"
    )
    roda("passcode", "set", "1", "max-minutes=any", "stranded=never")
    found = find(tmp_path, told(pair, "moderator"))
    assert found is not None
    assert (found.pair.name, found.pair.own.grace_s) == ("Sales", 5.0)
    assert (found.pair.own.maximum_length_s, found.pair.own.stranded_after_s) == (None, None)


def test_a_profile_is_given_whole_and_single_settings_come_after_it(
    roda: Roda, pair: str, tmp_path: Path
) -> None:
    """C7."""
    out = roda("passcode", "new", "Acme", "--profile", "assisted", "--no-muted")[1]
    found = find(tmp_path, told(out, "moderator"))
    assert found is not None
    assert (found.pair.own.assisted, found.pair.own.entry_exit_tones, found.pair.own.mute_on_entry) == (
        *(True, False, False),
    )
    assert "assisted=yes" in roda("passcode", "set", "1", "--profile", "assisted", "tones=yes")[1]
    found = find(tmp_path, told(pair, "moderator"))
    assert found is not None
    assert (found.pair.own.assisted, found.pair.own.entry_exit_tones, found.pair.own.mute_on_entry) == (
        *(True, True, True),
    )
    assert (int(found.pair.own.level), found.pair.own.language) == (3, "es")


def test_people_have_counter_passwords_of_their_own(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A5, A7: each says who calls; one is changed without the others, and taken away."""
    roda("people", "add", "Acme", "Rui")
    out = roda("passcode", "new", "Acme", "--counter-password-for", "Ana", "--counter-password-for", "Rui")[1]
    code = told(out, "participant")
    found = find(tmp_path, code)
    assert found is not None
    assert {each.name for each in found.counter_passwords} == {"Ana", "Rui"}
    assert len(set(re.findall(r"(?:Ana|Rui): counter-password (\d+)", out))) == 2
    assert re.search(r"of their own +Ana, Rui", roda("passcode", "show", "2")[1])
    assert roda("people", "list")[1].count("Rui") == 1, "who is there is not made again"

    before = {each.name: each.digest for each in found.counter_passwords}
    again = roda("passcode", "change", "2", "--counter-password-for", "Ana")[1]
    assert re.search(r"Ana: counter-password \d{4}\n", again)
    found = find(tmp_path, code)
    assert found is not None
    after = {each.name: each.digest for each in found.counter_passwords}
    assert (before["Rui"] == after["Rui"], before["Ana"] == after["Ana"]) == (True, False)
    roda("passcode", "change", "2", "--no-counter-password-for", "Ana")
    found = find(tmp_path, code)
    assert found is not None
    assert [each.name for each in found.counter_passwords] == ["Rui"]


def test_codes_and_counter_passwords_change_apart(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A7: what is not named stays as it was."""
    code = told(pair, "moderator")
    before = find(tmp_path, code)
    assert before is not None
    out = roda("passcode", "change", "1", "--counter-password", "--of", "moderator")[1]
    assert re.search(r"moderator +counter-password \d{4}\n", out)
    kept = find(tmp_path, code)
    assert kept is not None
    assert kept.counter_passwords != before.counter_passwords
    out = roda("passcode", "change", "1", "--codes")[1]
    assert "counter-password" not in out
    assert find(tmp_path, code) is None
    new = find(tmp_path, told(out, "moderator"))
    assert new is not None
    assert new.counter_passwords == kept.counter_passwords
    assert "counter-password" not in roda("passcode", "change", "1", "--no-counter-password")[1]
    new = find(tmp_path, told(out, "moderator"))
    assert new is not None
    assert not new.asks_counter_password


def test_a_pair_stops_with_the_person_who_answers_for_it(roda: Roda, pair: str) -> None:
    """O6, A8."""
    roda("people", "add", "Acme", "Ana")
    roda("passcode", "set", "1", "--responsible", "Ana")
    assert re.search(r"responsible +Ana", roda("passcode", "show", "1")[1])
    roda("people", "disable", "1")
    assert re.search(r"state +disabled", roda("passcode", "show", "1")[1])
    roda("people", "enable", "1")
    assert re.search(r"state +enabled", roda("passcode", "show", "1")[1])


def test_calls_out_are_blocked_for_a_pair_or_for_all_of_a_customer(roda: Roda, pair: str) -> None:
    """O7."""
    roda("customer", "block-dial-out", "Acme")
    shown = roda("passcode", "show", "1")[1]
    assert re.findall(r"may .*?  (yes|no)", shown) == ["yes", "no", "no"]
    assert "blocked for all pairs of Acme" in shown
    assert "blocked" in roda("customer", "list")[1]
    roda("passcode", "set", "1", "grace=5")
    roda("customer", "block-dial-out", "Acme", "--lift")
    assert re.findall(r"may .*?  (yes|no)", roda("passcode", "show", "1")[1]) == ["yes"] * 3
    roda("passcode", "set", "1", "block-dial-out=yes")
    assert re.findall(r"may .*?  (yes|no)", roda("passcode", "show", "1")[1]) == ["yes", "no", "no"]


def test_a_lost_key_is_told_and_never_replaced(roda: Roda, pair: str, tmp_path: Path) -> None:
    (tmp_path / "var" / "passcodes.key").unlink()
    status, _, err = roda("passcode", "renew", "1")
    assert status == 1
    assert "restore it from a backup" in err
    assert not (tmp_path / "var" / "passcodes.key").exists()
