"""What one subscriber is sent, and when."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.roster.stream import INTERVAL_S, LONG, LONG_INTERVAL_S, Stream
from tests.bridge.roster.people import MUTED, roster, user
from tests.support.roster_reader import Reader

ENTITY = "sip:conf-x@10.0.0.1"
ONE, TWO, MUTE = roster(user(1)), roster(user(1), user(2, "Bob")), roster(user(1, **MUTED), user(2, "Bob"))


@pytest.fixture
def told():
    return Reader()


def begun(told):
    stream = Stream(ENTITY)
    told.read(stream.tell(ONE, 100.0))
    stream.answered()
    return stream


def test_the_first_document_is_whole_and_the_next_are_changes(told):
    stream = begun(told)
    told.read(stream.tell(TWO, 101.0))
    stream.answered()
    told.read(stream.tell(MUTE, 102.0))
    assert told.states == ["full", "partial", "partial"]
    assert told.version == 3
    assert told.seen("audio") == {"Ana": "recvonly", "Bob": "sendrecv"}


def test_nothing_new_is_nothing_to_say(told):
    stream = begun(told)
    assert not stream.behind(ONE)
    assert stream.tell(ONE, 200.0) is None
    assert stream.behind(TWO)


def test_changes_come_no_faster_than_one_a_second_and_are_folded(told):
    stream = begun(told)
    assert stream.tell(TWO, 100.0 + INTERVAL_S - 0.01) is None
    told.read(stream.tell(MUTE, 100.0 + INTERVAL_S))
    assert (told.version, told.seen("audio")) == (2, {"Ana": "recvonly", "Bob": "sendrecv"})


def test_long_rosters_come_as_slowly_as_the_rfc_says(told):
    stream = Stream(ENTITY)
    many = roster(*[user(number) for number in range(LONG + 1)])
    told.read(stream.tell(many, 0.0))
    stream.answered()
    assert stream.next_at == LONG_INTERVAL_S == 5.0
    assert stream.tell(TWO, 4.9) is None
    told.read(stream.tell(TWO, 5.0))
    assert len(told.users) == 2


def test_while_one_is_unanswered_changes_wait(told):
    stream = begun(told)
    told.read(stream.tell(TWO, 101.0))
    assert stream.tell(ONE, 110.0) is None
    assert stream.tell(MUTE, 111.0) is None
    stream.answered()
    told.read(stream.tell(MUTE, 112.0))
    assert told.version == 3


def test_a_refresh_is_answered_whole_at_once(told):
    stream = begun(told)
    told.read(stream.tell(TWO, 101.0))
    stream.refresh()
    assert stream.behind(TWO)
    told.read(stream.tell(TWO, 101.1))
    assert told.states == ["full", "partial", "full"]


people = st.lists(
    st.builds(user, st.integers(1, 5), st.sampled_from(["Ana", "Bob"])),
    unique_by=lambda each: each.entity,
    max_size=5,
)
moments = st.tuples(people, st.booleans(), st.sampled_from(["change", "change", "answer", "refresh"]))


@settings(max_examples=50)
@given(st.lists(moments, max_size=15))
def test_whatever_happens_the_subscriber_ends_up_knowing_the_truth(story):
    stream, told, now = Stream(ENTITY), Reader(), 0.0
    waiting = None
    for who, locked, what in story:
        now += 0.7
        if what == "answer" and waiting is not None:
            told.read(waiting)
            waiting = None
            stream.answered()
        elif what == "refresh" and waiting is None:
            stream.refresh()
        sent = stream.tell(latest := roster(*who, locked=locked), now)
        if sent is not None:
            assert waiting is None
            waiting = sent
    if story:
        if waiting is not None:
            told.read(waiting)
            stream.answered()
        last = stream.tell(latest, now + 10)
        if last is not None:
            told.read(last)
        assert set(told.users) == {each.entity for each in latest.users}
        assert told.state["locked"] == str(latest.locked).lower()
        assert not stream.behind(latest)
