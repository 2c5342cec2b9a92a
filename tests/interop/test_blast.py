"""`*92` and `*3`: the manual's steps for calling a whole list, on a trunk and to a baresip."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop.baresip import Baresip, missing
from tests.interop.service import Service
from tests.interop.sipp import Sipp, may_open_raw_sockets
from tests.interop.started import LOOPBACK, free_port, until

MESSAGE_HZ, MODERATOR_HZ, BIA_HZ = 1240.0, 440.0, 660.0
MESSAGE_S, MESSAGE_RATE_HZ = 1.0, 16_000


def write_message(path: Path) -> None:
    """The conference's message, as somebody's recorder makes it: a tone."""
    time_s = np.arange(int(MESSAGE_S * MESSAGE_RATE_HZ)) / MESSAGE_RATE_HZ
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MESSAGE_RATE_HZ)
        file.writeframes((8000 * np.sin(2 * np.pi * MESSAGE_HZ * time_s)).astype("<i2").tobytes())


@pytest.mark.skipif(
    shutil.which("baresip") is None or bool(missing()),
    reason=missing() or "baresip is not installed (apt-get install baresip-core)",
)
@pytest.mark.skipif(not may_open_raw_sockets(), reason="sipp plays RTP over raw sockets, which need root")
def test_star_92_calls_a_list_and_star_3_those_no_more_who_have_not_answered(
    service: Service, sipp: Sipp, tmp_path: Path
):
    """One presses 1 by INFO, one by telephone-event, one on a softphone who hears the message; one is busy, one rings."""
    port = free_port()
    bia_address = f"sip:bia@{LOOPBACK}:{port}"
    people = {
        "Info": "+551140020001",
        "Event": "+551140020002",
        "Bia": bia_address,
        "Busy": "+551140020486",
        "Silent": "+551140020180",
    }
    table, message, pair = tmp_path / "list.csv", tmp_path / "message.wav", str(service.quiet.number)
    table.write_text("".join(f"{name},{number}\n" for name, number in people.items()))
    write_message(message)
    service.roda("blast-list", "add", pair, str(table))
    service.roda("blast-list", "message", pair, str(message))

    def board() -> dict[str, dict[str, Any]]:
        rows = service.ask(type="blast_board", conference=service.conference())["rows"]
        return {row["name"]: row for row in rows}

    def stands(**states: str) -> bool:
        now = board()
        return all(name in now and now[name]["state"] == state for name, state in states.items())

    with (
        sipp.trunk(service.trunk),
        Baresip(tmp_path, "bia", BIA_HZ, "PCMU", port=port) as bia,
        service.moderator(MODERATOR_HZ) as moderator,
    ):
        moderator.key("*92")
        bia.wait_for("CALL_ESTABLISHED")
        bia.until_heard(MESSAGE_HZ, 0)
        until(lambda: stands(Info="joined", Event="joined", Silent="ringing"), "the board to fill")
        assert stands(Bia="greeted") or stands(Bia="confirming")
        assert "Bia" not in [row["name"] for row in service.roster()]
        bia.key("1")
        until(lambda: stands(Bia="joined"), "who pressed 1 to join")
        bia.until_hears(MODERATOR_HZ)
        moderator.until_hears(BIA_HZ)
        moderator.key("*3")
        until(lambda: stands(Silent="cancelled"), "the calls to be cancelled")
        shown = json.loads(service.roda("blast-board", service.conference(), "--json"))["rows"]
        assert {row["name"]: row["state"] for row in shown} == {
            "Info": "joined",
            "Event": "joined",
            "Bia": "joined",
            "Busy": "busy",
            "Silent": "cancelled",
        }
        assert {row["name"]: row["number"] for row in shown} == people
        came = {row["name"]: row["came_by"] for row in service.roster() if row["name"]}
        assert came == {"Info": "blast", "Event": "blast", "Bia": "blast"}
        assert service.event("blast over")["joined"] == 3
        service.give(command="end_conference")
        service.until_empty()
        moderator.be_hung_up()
