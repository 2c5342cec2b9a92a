"""G5: whose a wrong code is."""

import pytest

from bridge.service.guessing import LIMITS, Guesses, Scope
from bridge.service.origin import Origin, origin

PBX, LISTENER = "192.0.2.7", "198.51.100.1:5060"


def test_a_stranger_is_their_address_whatever_number_they_claim():
    claims = {origin(peer=PBX, listener=LISTENER, caller=number, trusted=False) for number in ("1", "2", "")}
    assert claims == {Origin(source=PBX, trunk=LISTENER)}


def test_behind_a_trusted_peer_every_number_is_a_source_and_the_peer_is_the_trunk():
    found = origin(peer=PBX, listener=LISTENER, caller="1140028922", trusted=True)
    assert found == Origin(source="1140028922@192.0.2.7", trunk=PBX)


@pytest.mark.parametrize("caller", ["", "anonymous", "Anonymous", "unknown"])
def test_those_who_withhold_their_number_are_one_source(caller):
    assert origin(peer=PBX, listener=LISTENER, caller=caller, trusted=True).source == "withheld@192.0.2.7"


def a_busy_hour(*, trusted: bool) -> int:
    """How many of a thousand colleagues, one in ten of whom slips once, are not listened to."""
    guesses, shut_out = Guesses(), 0
    for person in range(1000):
        now = person * 3.6
        whose = origin(peer=PBX, listener=LISTENER, caller=str(2000 + person), trusted=trusted)
        shut_out += guesses.blocked(whose.source, whose.trunk, now) is not None
        if person % 10 == 0:
            guesses.record_failure(whose.source, whose.trunk, now)
        guesses.record_success(whose.source, now)
    return shut_out


def test_a_pbx_is_not_shut_out_by_the_slips_of_its_people_once_it_is_trusted():
    assert a_busy_hour(trusted=True) == 0
    assert a_busy_hour(trusted=False) > 500


def test_a_trusted_peer_that_guesses_with_ever_new_numbers_is_stopped_as_a_trunk():
    guesses = Guesses()
    for number in range(round(LIMITS[Scope.TRUNK].blocked_from)):
        whose = origin(peer=PBX, listener=LISTENER, caller=str(number), trusted=True)
        guesses.record_failure(whose.source, whose.trunk, 0.0)
    assert guesses.blocked("a colleague@192.0.2.7", PBX, 1.0) is Scope.TRUNK
    assert guesses.blocked("198.51.100.9", LISTENER, 1.0) is None
