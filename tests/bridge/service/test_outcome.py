"""What became of a call: every way SIP has to say no, in the words that people need (`*1`, `*92`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.service.outcome import BY_CAUSE, BY_STATUS, Outcome, outcome_of
from sip.events import EndCause

REJECTED = EndCause.REJECTED.value


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((486, 600), Outcome.BUSY),
        ((408, 480, 487), Outcome.NO_ANSWER),
        ((403, 433, 603, 607, 608), Outcome.DECLINED),
        ((404, 410, 484, 485, 604), Outcome.UNKNOWN_NUMBER),
        ((300, 301, 302, 305, 380, 430, 482, 483, 502, 504), Outcome.UNREACHABLE),
        ((500, 503, 580), Outcome.CONGESTED),
        (
            (400, 401, 402, 405, 406, 407, 413, 415, 420, 481, 488, 491, 493, 501, 505, 513, 606),
            Outcome.ERROR,
        ),
    ],
)
def test_what_the_peer_says_is_put_in_few_words(statuses: tuple[int, ...], outcome: Outcome) -> None:
    assert {status: outcome_of(status, REJECTED) for status in statuses} == dict.fromkeys(statuses, outcome)


@pytest.mark.parametrize(
    ("status", "as_if"), [(399, 300), (499, 400), (599, 500), (699, 600), (319, 300), (555, 500)]
)
def test_a_status_that_nobody_listed_means_what_its_class_does(status: int, as_if: int) -> None:
    """RFC 3261 8.1.3.2."""
    assert outcome_of(status, REJECTED) is BY_STATUS[as_if]


def test_a_trunk_that_says_nothing_at_all_is_not_somebody_who_does_not_answer() -> None:
    assert outcome_of(408, EndCause.TIMEOUT.value) is Outcome.UNREACHABLE
    assert outcome_of(408, REJECTED) is Outcome.NO_ANSWER


def test_a_broken_way_is_not_congestion_although_our_stack_says_503() -> None:
    assert outcome_of(503, EndCause.TRANSPORT.value) is Outcome.UNREACHABLE
    assert outcome_of(503, REJECTED) is Outcome.CONGESTED


def test_who_was_rung_until_we_gave_up_did_not_answer() -> None:
    assert outcome_of(0, EndCause.TIMEOUT.value) is Outcome.NO_ANSWER
    assert outcome_of(0, EndCause.LOCAL.value) is Outcome.NO_ANSWER
    assert outcome_of(487, EndCause.LOCAL.value) is Outcome.NO_ANSWER


def test_every_way_to_end_but_the_peers_own_word_is_in_the_table() -> None:
    assert {cause for cause, _ in BY_CAUSE} == {cause.value for cause in EndCause} - {REJECTED}


@given(st.integers(), st.one_of(st.text(max_size=9), st.sampled_from([cause.value for cause in EndCause])))
def test_whatever_ends_a_call_has_an_outcome_and_it_is_never_that_we_refused(status: int, cause: str) -> None:
    assert outcome_of(status, cause) is not Outcome.REFUSED
