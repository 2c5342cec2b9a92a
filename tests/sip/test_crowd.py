"""Who stays connected when too many want to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sip.crowd import PLACES, PLACES_PER_HOST, PROVED_MAX, Crowd, Standing, host_of


def crowd_of(count, address="192.0.2.1"):
    crowd = Crowd()
    for number in range(count):
        assert crowd.enter(number, address) == []
    return crowd


def spread(number):
    """An address for each."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def test_one_host_drives_out_its_own_longest_silent_stranger():
    crowd = crowd_of(PLACES_PER_HOST)
    crowd.heard(0, Standing.SPOKE)
    assert crowd.enter(100, "192.0.2.1") == [1]
    assert crowd.enter(101, "192.0.2.1") == [2]
    assert crowd.enter(102, "192.0.2.2") == []
    assert len(crowd) == PLACES_PER_HOST + 1


def test_where_all_of_a_host_spoke_the_longest_silent_of_them_goes():
    crowd = crowd_of(PLACES_PER_HOST)
    for number in reversed(range(PLACES_PER_HOST)):
        crowd.heard(number, Standing.SPOKE)
    crowd.heard(PLACES_PER_HOST - 1, Standing.SPOKE)
    assert crowd.enter(100, "192.0.2.1") == [PLACES_PER_HOST - 2]


def test_places_in_all_are_shared_out_anew():
    crowd = Crowd()
    for number in range(PLACES):
        crowd.enter(number, spread(number))
    crowd.heard(0, Standing.SPOKE)
    assert crowd.enter(PLACES, spread(PLACES)) == [1]
    assert len(crowd) == PLACES


def test_the_proved_hold_no_place_and_keep_theirs():
    crowd = crowd_of(PLACES_PER_HOST)
    crowd.heard(0, Standing.PROVED)
    crowd.heard(0, Standing.SPOKE)
    assert crowd.standing(0) is Standing.PROVED
    assert crowd.enter(100, "192.0.2.1") == []
    assert crowd.enter(101, "192.0.2.1") == [1]
    assert crowd.enter(102, "192.0.2.1", proved=True) == []


def test_the_proved_are_bounded_too():
    crowd = Crowd()
    for number in range(PROVED_MAX):
        crowd.enter(number, "192.0.2.1", proved=True)
    crowd.enter(PROVED_MAX, "192.0.2.2")
    crowd.heard(PROVED_MAX, Standing.PROVED)
    assert crowd.standing(PROVED_MAX) is Standing.SPOKE


def test_this_machine_is_no_crowd():
    crowd = Crowd()
    for number in range(3 * PLACES_PER_HOST):
        assert crowd.enter(number, "127.0.0.1" if number % 2 else "::1") == []


def test_an_ipv6_host_is_its_network():
    """Whoever has one address has 2^64 of them."""
    assert host_of("2001:db8::1") == host_of("2001:db8::ffff:2") != host_of("2001:db8:0:1::1")
    assert host_of("::ffff:192.0.2.1") == host_of("192.0.2.1") == "192.0.2.1"
    assert host_of("fe80::1%eth0") == host_of("fe80::2")
    assert host_of("::ffff:127.0.0.1") == ""


def test_whoever_is_gone_is_no_matter():
    crowd = crowd_of(1)
    crowd.leave(0)
    crowd.leave(0)
    crowd.heard(0, Standing.PROVED)
    assert len(crowd) == 0
    assert crowd.standing(0) is None
    assert crowd._hosts == {}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["enter", "heard", "leave"]), st.integers(0, 300), st.sampled_from(Standing)
        ),
        max_size=400,
    )
)
@settings(max_examples=30, deadline=None)
def test_the_tables_agree_whatever_happens(steps):
    crowd, here = Crowd(), set()
    for step, number, standing in steps:
        if step == "enter" and number not in here:
            gone = crowd.enter(number, spread(number % 3))
            here = here - set(gone) | {number}
        elif step == "heard":
            crowd.heard(number, standing)
        elif step == "leave":
            crowd.leave(number)
            here.discard(number)
    assert {number for number in range(301) if crowd.standing(number) is not None} == here
    assert sum(map(len, crowd._waiting)) == len(crowd) == len(here)
    unproved = sum(map(len, crowd._waiting[:2]))
    assert sum(len(each) for host in crowd._hosts.values() for each in host) == unproved
    assert all(sum(map(len, host)) <= PLACES_PER_HOST for host in crowd._hosts.values())
