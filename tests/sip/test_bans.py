"""Bans: for how long, against what, and forgotten when."""

import pytest

from sip.bans import BANS_MAX, REMEMBERED_S, Bans

SOURCE = "198.51.100.7"


def test_each_ban_is_longer_than_the_last_up_to_the_longest():
    bans, now, lengths = Bans(60, 86_400), 0.0, []
    for _ in range(8):
        ban = bans.ban(SOURCE, "scanner", now, datagrams_only=True)
        lengths.append(ban.until - ban.since)
        now = ban.until + 1
    assert lengths == [60, 240, 960, 3840, 15_360, 61_440, 86_400, 86_400]


def test_after_a_day_in_peace_the_next_is_a_first_again():
    bans = Bans(60, 86_400)
    bans.ban(SOURCE, "scanner", 0, datagrams_only=True)
    assert bans.ban(SOURCE, "scanner", 61 + REMEMBERED_S, datagrams_only=True).times == 1


def test_a_ban_holds_until_its_end():
    bans = Bans(60, 86_400)
    bans.ban(SOURCE, "scanner", 10, datagrams_only=False)
    assert bans.holds(SOURCE, 69.9, datagram=True)
    assert not bans.holds(SOURCE, 70, datagram=True)
    assert not bans.holds("198.51.100.8", 20, datagram=True)


def test_what_came_by_datagrams_shuts_no_connection_out():
    """The address on a datagram may be another's: who is really there comes in by TCP."""
    bans = Bans(60, 86_400)
    bans.ban(SOURCE, "malformed", 0, datagrams_only=True)
    assert bans.holds(SOURCE, 1, datagram=True)
    assert not bans.holds(SOURCE, 1, datagram=False)


def test_what_came_over_a_connection_shuts_out_altogether_and_datagrams_do_not_soften_it():
    bans = Bans(60, 86_400)
    bans.ban(SOURCE, "malformed", 0, datagrams_only=False)
    bans.ban(SOURCE, "malformed", 1, datagrams_only=True)
    assert bans.holds(SOURCE, 2, datagram=False)
    assert bans.holds(SOURCE, 2, datagram=True)


def test_a_ban_is_lifted_once_and_forgotten():
    bans = Bans(60, 86_400)
    bans.ban(SOURCE, "scanner", 0, datagrams_only=False)
    assert bans.lift(SOURCE, 1)
    assert not bans.lift(SOURCE, 1)
    assert not bans.holds(SOURCE, 1, datagram=True)
    assert bans.ban(SOURCE, "scanner", 2, datagrams_only=False).times == 1


@pytest.mark.parametrize("datagrams_only", [True, False])
def test_a_proof_pardons_what_may_have_been_anothers(datagrams_only: bool):
    bans = Bans(60, 86_400)
    bans.pardon(SOURCE)
    bans.ban(SOURCE, "scanner", 0, datagrams_only=datagrams_only)
    bans.pardon(SOURCE)
    assert bans.holds(SOURCE, 1, datagram=True) is not datagrams_only


def test_the_list_has_those_that_hold_the_longest_first():
    bans = Bans(60, 86_400)
    for source in ("a", "b", "b", "c"):
        bans.ban(source, "scanner", 0, datagrams_only=True)
    assert [(ban.source, ban.times) for ban in bans.listed(1)] == [("b", 2), ("a", 1), ("c", 1)]
    assert [ban.source for ban in bans.listed(100)] == ["b"]


def test_no_number_of_sources_makes_the_table_larger():
    bans = Bans(60, 86_400)
    for number in range(2 * BANS_MAX):
        bans.ban(str(number), "scanner", 0, datagrams_only=True)
    assert len(bans.listed(1)) <= BANS_MAX
