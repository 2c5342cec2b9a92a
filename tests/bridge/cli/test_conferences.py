"""Who is on the line now."""

from __future__ import annotations

import json

from bridge.control.protocol import CallRow, Calls, ListCalls, PersonRow, Problem, Roster, ShowConference
from bridge.service.role import Role
from tests.bridge.cli.bridge_in_a_thread import BOARD, SALES, FakeBridge
from tests.bridge.cli.conftest import Roda


def cells(line: str) -> list[str]:
    return [cell for cell in (part.strip() for part in line.split("  ")) if cell]


def person(leg: int, role: Role, name: str, **given: object) -> PersonRow:
    facts = {
        "caller": "+5511",
        "came_by": "dial-in",
        "muted": False,
        "silenced": False,
        "hand": 0,
        "asking": False,
        "place": 0,
        "gain_db": 0.0,
        "joined_s": 61.0,
    }
    return PersonRow(leg=leg, role=role, name=name, **(facts | given))  # type: ignore[arg-type] # checked by the words below


def test_conferences_are_listed_with_ids_that_can_be_said(roda: Roda, bridge: FakeBridge) -> None:
    status, out, _ = roda("conferences")
    assert status == 0
    assert [cells(line) for line in out.splitlines()] == [
        ["CONFERENCE", "NAME", "PAIR", "STATE", "FOR", "PEOPLE", "MODERATORS", "MODE"],
        ["0192f3a4-1111", "Board", "7", "running", "0:01:15", "3", "1", "questions", "locked"],
        ["0192f3a4-2222", "sales", "waiting", "1", "0", "conversation"],
    ]
    rows = json.loads(roda("conferences", "--json")[1])["rows"]
    assert [(row["id"], row["locked"], row["began_s"]) for row in rows] == [
        (BOARD.id, True, 75.4),
        (SALES.id, False, None),
    ]


def test_where_none_is_in_progress_that_is_said(roda: Roda, bridge: FakeBridge) -> None:
    bridge.rows = ()
    assert roda("conferences") == (0, "No conference is in progress.\n", "")


def test_a_roster_says_who_is_in_and_how_they_stand(roda: Roda, bridge: FakeBridge) -> None:
    """Service.md, People: an operator sees a locked conference's roster, too."""
    bridge.reply = Roster(
        BOARD,
        (
            person(7, Role.MODERATOR, "Ana", gain_db=-4.5),
            person(8, Role.PARTICIPANT, "", muted=True, hand=2, caller="+5521", came_by="blast"),
            person(9, Role.PARTICIPANT, "Eva", asking=True, place=2, keys={"tone": 8, "tone+INFO": 1}),
            person(10, Role.PARTICIPANT, "Leo", silenced=True, place=-1),
            person(11, Role.MODERATOR, "Ida", place=10, trouble="echo", lowered=True, suppressed=True),
        ),
    )
    status, out, _ = roda("conference", "Board")
    assert (status, bridge.asked) == (0, [ShowConference(BOARD.id)])
    heading, _, *rows = out.splitlines()
    assert cells(heading) == [BOARD.id, "Board", "running", "questions", "for 0:01:15", "locked"]
    assert [cells(row) for row in rows] == [
        ["7", "moderator", "Ana", "+5511", "dial-in", "0:01:01", "-4.5 dB"],
        ["8", "participant", "+5521", "blast", "0:01:01", "muted, hand 2"],
        [
            "9",
            "participant",
            "Eva",
            "+5511",
            "dial-in",
            "0:01:01",
            "tone 8, tone+INFO 1",
            "has the floor, group 2",
        ],
        ["10", "participant", "Leo", "+5511", "dial-in", "0:01:01", "silenced, aside"],
        ["11", "moderator", "Ida", "+5511", "dial-in", "0:01:01", "private, echo, lowered, denoised"],
    ]
    row = json.loads(roda("conference", "Board", "--json")[1])["rows"][1]
    assert (row["leg"], row["role"], row["hand"]) == (8, "participant", 2)


def test_a_conference_that_has_just_ended_is_said_so(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Problem("that conference has ended")
    assert roda("conference", "Board") == (1, "", "roda: that conference has ended\n")


def test_a_conference_that_has_not_begun_has_no_length(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Roster(SALES, ())
    assert roda("conference", "sales")[1].splitlines() == [
        f"{SALES.id}  sales  waiting  conversation",
        "Nobody is in it.",
    ]


def test_every_call_is_listed_wherever_it_is(roda: Roda, bridge: FakeBridge) -> None:
    bridge.reply = Calls(
        (
            CallRow(
                7, "+5511", "1000", "conference", BOARD.id, 61.0, codec="opus", mos=4.26, loss_percent=0.84
            ),
            CallRow(8, "+5521", "", "calling", "", 1.2, {"INFO": 3}),
        )
    )
    status, out, _ = roda("calls")
    assert (status, bridge.asked) == (0, [ListCalls()])
    assert [cells(line) for line in out.splitlines()[1:]] == [
        ["7", "+5511", "1000", "conference", "0192f3a4-1111", "0:01:01", "opus", "4.3", "0.8 %"],
        ["8", "+5521", "calling", "0:00:01", "INFO 3"],
    ]
    assert json.loads(roda("calls", "--json")[1])["type"] == "calls"
    bridge.reply = Calls(())
    assert roda("calls")[1] == "There is no call.\n"
