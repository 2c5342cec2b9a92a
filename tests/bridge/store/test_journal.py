from hypothesis import given
from hypothesis import strategies as st

from bridge.store.journal import BATCH_WAIT_S, RETRY_FIRST_S, RETRY_LONGEST_S, Journal
from bridge.store.records import Left


def left(number: int) -> Left:
    return Left(str(number), 0.0, "hung up")


def test_an_empty_journal_has_no_deadline() -> None:
    assert Journal().next_deadline() is None
    assert Journal().batch(1e9) == []


def test_a_record_waits_for_company_and_no_longer() -> None:
    journal = Journal()
    journal.receive(left(1), 10.0)
    journal.receive(left(2), 10.1)
    assert journal.next_deadline() == 10.0 + BATCH_WAIT_S
    assert journal.batch(10.1) == []
    assert journal.batch(10.2) == [left(1), left(2)]


def test_a_batch_stays_until_it_is_written() -> None:
    journal = Journal()
    journal.receive(left(1), 0.0)
    assert journal.batch(1.0) == [left(1)]
    journal.failed(1.0)
    assert journal.failing
    assert journal.batch(1.0) == []
    assert journal.batch(1.0 + RETRY_FIRST_S) == [left(1)]
    journal.wrote(1, 2.0)
    assert journal.next_deadline() is None


def test_a_written_batch_ends_the_failing() -> None:
    journal = Journal()
    journal.receive(left(1), 0.0)
    journal.failed(1.0)
    journal.wrote(1, 2.0)
    assert not journal.failing


def test_pauses_double_and_have_an_end() -> None:
    journal = Journal()
    journal.receive(left(1), 0.0)
    pauses = []
    for _ in range(8):
        journal.failed(0.0)
        pauses.append(journal.next_deadline())
    assert pauses[:3] == [RETRY_FIRST_S, 2 * RETRY_FIRST_S, 4 * RETRY_FIRST_S]
    assert pauses[-1] == RETRY_LONGEST_S


def test_what_is_left_after_a_batch_is_due_at_once() -> None:
    journal = Journal(batch_limit=2)
    for number in range(3):
        journal.receive(left(number), 0.0)
    assert len(journal.batch(1.0)) == 2
    journal.wrote(2, 1.0)
    assert journal.batch(1.0) == [left(2)]


def test_a_full_journal_refuses_the_newer_and_counts() -> None:
    journal = Journal(capacity=2)
    assert [journal.receive(left(number), 0.0) for number in range(4)] == [True, True, False, False]
    assert journal.refused == 2
    assert journal.remainder() == [left(0), left(1)]


@given(st.lists(st.sampled_from(["receive", "write", "fail"]), max_size=60))
def test_whatever_fails_records_come_out_in_order_and_once(steps: list[str]) -> None:
    journal, taken, given_, now = Journal(batch_limit=3), [], 0, 0.0
    for step in steps:
        now += 20.0
        if step == "receive":
            journal.receive(left(given_), now)
            given_ += 1
        elif batch := journal.batch(now):
            if step == "write":
                taken += batch
                journal.wrote(len(batch), now)
            else:
                journal.failed(now)
    assert taken + journal.remainder() == [left(number) for number in range(given_)]
    assert journal.written == len(taken)
