"""What became of a call: every way SIP has to say no, in the words that people need (`*1`, `*92`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.service.outcome import (
    ABOUT_THE_CALLED,
    BY_CAUSE,
    BY_Q850,
    BY_STATUS,
    FAULTS_OF_THE_WAY,
    Outcome,
    is_the_ways_fault,
    outcome_of,
)
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


@pytest.mark.parametrize(
    ("causes", "outcome"),
    [
        ((17,), Outcome.BUSY),
        ((18, 19, 20), Outcome.NO_ANSWER),
        ((21, 55), Outcome.DECLINED),
        ((1, 22, 28), Outcome.UNKNOWN_NUMBER),
        ((2, 3, 27, 102), Outcome.UNREACHABLE),
        ((34, 38, 41, 42, 47), Outcome.CONGESTED),
        ((88, 111), Outcome.ERROR),
    ],
)
def test_the_cause_of_the_telephone_network_goes_before_its_translation(
    causes: tuple[int, ...], outcome: Outcome
) -> None:
    """RFC 3398 8.2.6.1 folds them into 480, 503 and 500."""
    for status in (404, 480, 500, 503, 603):
        assert {q850: outcome_of(status, REJECTED, q850) for q850 in causes} == dict.fromkeys(causes, outcome)


@pytest.mark.parametrize("q850", [0, 16, 31, 127, 999])
def test_a_cause_that_says_nothing_leaves_it_to_the_status(q850: int) -> None:
    assert outcome_of(486, REJECTED, q850) is Outcome.BUSY


def test_what_our_own_stack_found_out_goes_before_all() -> None:
    assert outcome_of(408, EndCause.TIMEOUT.value, 17) is Outcome.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "cause", "q850", "fault"),
    [
        (503, EndCause.REJECTED, 0, True),
        (503, EndCause.REJECTED, 34, True),
        (503, EndCause.REJECTED, 17, False),
        (500, EndCause.REJECTED, 1, False),
        (407, EndCause.REJECTED, 0, True),
        (408, EndCause.TIMEOUT, 0, True),
        (503, EndCause.TRANSPORT, 0, True),
        (0, EndCause.TIMEOUT, 0, False),
        (408, EndCause.REJECTED, 0, False),
        (486, EndCause.REJECTED, 0, False),
        (404, EndCause.REJECTED, 0, False),
        (603, EndCause.REJECTED, 0, False),
        (503, EndCause.LOCAL, 0, False),
        (0, EndCause.BYE, 0, False),
    ],
)
def test_another_trunk_is_tried_for_what_is_the_trunks_fault_alone(
    status: int, cause: EndCause, q850: int, fault: bool
) -> None:
    assert is_the_ways_fault(status, cause.value, q850) is fault


def test_what_is_about_the_called_is_an_outcome_that_another_trunk_would_not_change() -> None:
    told = {BY_Q850[q850] for q850 in ABOUT_THE_CALLED}
    assert told == {Outcome.UNKNOWN_NUMBER, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.DECLINED}
    assert not {BY_STATUS.get(status) for status in FAULTS_OF_THE_WAY} & told
