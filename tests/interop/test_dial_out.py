"""`*1`, number, `#`, 1, and `*2` or `*3`: the manual's steps for calling somebody from a conference, played to real trunks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.interop.baresip import Baresip, missing
from tests.interop.line import Line
from tests.interop.service import SAID_HZ, Service
from tests.interop.sipp import Sipp
from tests.interop.started import ACCESS_NUMBER, until

MODERATOR_HZ, PARTICIPANT_HZ, GUEST_HZ = 440.0, 660.0, 1000.0
NUMBER = "40020{code}"
"""Of area 11, so that it is keyed without; `trunk.xml` does with it what the code says."""
REFUSALS = {
    "404": ("unknown_number", "dial_unknown"),
    "408": ("no_answer", "dial_no_answer"),
    "486": ("busy", "dial_busy"),
    "503": ("congested", "dial_congested"),
    "603": ("declined", "dial_declined"),
}
"""What comes of a call by the answer of the network, and what is said of it."""


def dial(moderator: Line | Baresip, code: str) -> None:
    """`*1`, the number, `#`, and 1 once it is read back."""
    moderator.key("*1" + NUMBER.format(code=code))
    moderator.until_hears()
    moderator.key("#")
    moderator.until_told()
    moderator.key("1")


def calls_to(service: Service, code: str) -> list[dict[str, Any]]:
    """Calls to the number that ends so, not ended or cut off by a crash, as the store has them now."""
    return service.rows(
        "SELECT * FROM calls_out WHERE number LIKE ? AND (ended_at IS NULL OR outcome = 'server stopped')",
        f"%{code}",
    )


@pytest.mark.skipif(
    shutil.which("baresip") is None, reason="baresip is not installed (apt-get install baresip-core)"
)
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_star_1_and_back_with_the_guest_and_once_more_without(service: Service, tmp_path: Path):
    """The steps of the manual, keyed and answered by baresip: telephone-event, PCMA and PCMU."""
    with (
        Baresip(tmp_path, "+551140020200", GUEST_HZ, "PCMU", port=service.trunk) as guest,
        Baresip(tmp_path, "mod", MODERATOR_HZ, "PCMA") as moderator,
        service.participant(PARTICIPANT_HZ) as participant,
    ):
        moderator.dial(service.uri(ACCESS_NUMBER))
        moderator.key(service.quiet.moderators_keys)
        participant.until_hears(MODERATOR_HZ)
        moderator.until_hears(PARTICIPANT_HZ)

        mark = participant.mark()
        dial(moderator, "200")
        guest.until_hears(MODERATOR_HZ)
        moderator.until_hears(GUEST_HZ)
        assert participant.hears_for(0.5) == frozenset()
        assert participant.never_heard(mark, GUEST_HZ)

        moderator.key("*2")
        participant.until_hears(MODERATOR_HZ, GUEST_HZ)
        guest.until_hears(MODERATOR_HZ, PARTICIPANT_HZ)
        moderator.until_hears(PARTICIPANT_HZ, GUEST_HZ)
        assert [row["came_by"] for row in service.roster()] == ["dial-in", "dial-in", "dial-out"]
        guest.hang_up()
        moderator.until_hears(PARTICIPANT_HZ)
        assert len(service.roster()) == 2

        guest.forget()
        mark = participant.mark()
        dial(moderator, "200")
        guest.wait_for("CALL_ESTABLISHED")
        guest.until_hears(MODERATOR_HZ)
        moderator.key("*3")
        moderator.until_hears(PARTICIPANT_HZ)
        guest.wait_for("CALL_CLOSED")
        assert "BYE sip:" in guest.trace
        participant.until_hears(MODERATOR_HZ)
        assert participant.never_heard(mark, GUEST_HZ)
        service.until_calls(2)
        moderator.hang_up()


def test_what_comes_of_a_call_is_told_and_the_moderator_is_back(service: Service, sipp: Sipp):
    """Moderators dial at the same time, and each call comes to nothing in another way. None is left, here or there."""

    def leg_of(code: str) -> int:
        """Of the call to the number that ends so, once it is placed."""
        called = until(
            lambda: [row for row in service.calls() if row["caller"].endswith(code)], f"the call to {code}"
        )
        return int(called[0]["leg"])

    def refused(moderator: Line, code: str, outcome: str, words: str) -> None:
        mark = moderator.mark()
        dial(moderator, code)
        service.event("call not answered", status=int(code), outcome=outcome)
        moderator.until_heard(SAID_HZ[words], mark, alone=False)

    def not_answered(moderator: Line) -> None:
        mark = moderator.mark()
        dial(moderator, "180")
        service.event("call not answered", leg=leg_of("180"), outcome="no_answer")
        moderator.until_heard(SAID_HZ["dial_no_answer"], mark, alone=False)

    def taken_back(moderator: Line, code: str) -> None:
        """181 goes on ringing; 487 answers, and the answer crosses the CANCEL on its way."""
        dial(moderator, code)
        leg = leg_of(code)
        moderator.until_told()
        moderator.key("*3")
        service.event("call ended", leg=leg)

    def early(moderator: Line) -> None:
        """183 with a session: the moderator's own tone comes back from the trunk before there is an answer."""
        mark = moderator.mark()
        dial(moderator, "183")
        leg = leg_of("183")
        service.event("call answered", leg=leg)
        connected_s = moderator.until_heard(SAID_HZ["dial_connected"], mark, alone=False)
        assert moderator.until_heard(MODERATOR_HZ, mark) < connected_s
        moderator.until_hears(MODERATOR_HZ)
        assert participant.hears_for(0.3) == frozenset()
        moderator.key("*3")
        service.event("call ended", leg=leg)

    def left_by_the_guest(moderator: Line) -> None:
        mark = moderator.mark()
        dial(moderator, "211")
        moderator.until_heard(SAID_HZ["dial_hung_up"], mark, alone=False)

    stories = [
        partial(refused, code=code, outcome=outcome, words=words)
        for code, (outcome, words) in REFUSALS.items()
    ]
    stories += [not_answered, partial(taken_back, code="181"), partial(taken_back, code="487")]
    stories += [early, left_by_the_guest]
    with sipp.trunk(service.trunk, "-rtp_echo"), service.participant(PARTICIPANT_HZ) as participant:

        def play(story: Callable[[Line], None]) -> None:
            with service.moderator(MODERATOR_HZ if story is early else 0) as moderator:
                moderator.until_hears(PARTICIPANT_HZ)
                story(moderator)
                moderator.until_hears(PARTICIPANT_HZ)

        with ThreadPoolExecutor(len(stories)) as at_once:
            list(at_once.map(play, stories))
        assert len(service.calls()) == 1


def test_calls_out_that_a_crash_cuts_off_are_closed_on_record(service: Service, sipp: Sipp):
    """R3, for one that rings and for one that talks."""
    with (
        sipp.trunk(service.trunk, ends=False),
        service.moderator(0) as one,
        service.moderator(0) as other,
    ):
        for moderator, code in ((one, "200"), (other, "180")):
            dial(moderator, code)
            until(lambda code=code: calls_to(service, code), f"the call to {code} to be on record")
        until(lambda: calls_to(service, "200")[0]["answered_at"], "the answer to be on record")
        service.kill()
        one.be_cut_off()
        other.be_cut_off()
    assert [calls_to(service, code)[0]["ended_at"] for code in ("200", "180")] == [None, None]
    service.start()
    (talked,), (rang,) = calls_to(service, "200"), calls_to(service, "180")
    assert talked["outcome"] == rang["outcome"] == "server stopped"
    assert talked["placed_at"] <= talked["answered_at"] <= talked["ended_at"]
    assert rang["answered_at"] is None
    assert rang["placed_at"] <= rang["ended_at"]
    assert service.found("records closed after a crash", participants=2)
    assert not service.in_progress()
