"""What an operator can see of signalling on a bridge that runs: traces, bans, figures."""

from __future__ import annotations

import base64
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.phone import Phone
from tests.interop.started import COMMAND, ROOT, Bridge

SECRET = "4711"


def test_a_call_is_traced_from_its_first_message_to_its_last_and_keys_are_blanked(
    bridge: Bridge, phone: Callable[[], Phone]
) -> None:
    one, other = phone(), phone()
    begun = bridge.ask(type="start_trace", seconds=60, number=one.name)
    for each in (one, other):
        each.join("conf-traced")
    one.key_by_info(SECRET)
    for each in (one, other):
        each.hang_up()
    rows = bridge.ask(type="read_trace", trace=begun["trace"])["rows"]
    texts = [base64.b64decode(row["data"]).decode() for row in rows]
    assert {row["call_id"] for row in rows} == {one.call_id}
    assert [row["outward"] for row in rows] == [text.startswith("SIP/2.0") for text in texts]
    keyed = [text for text in texts if text.startswith("INFO")]
    assert len(keyed) == len(SECRET)
    assert all("Signal=x" in text for text in keyed)
    asked = [text.split(" ", 1)[0] for text in texts if not text.startswith(("SIP", "INFO"))]
    assert asked == ["INVITE", "ACK", "BYE"]
    assert [text[8:11] for text in texts if text.startswith("SIP")] == [
        "100",
        "200",
        *["200"] * len(SECRET),
        "200",
    ]
    assert bridge.ask(type="stop_trace", trace=begun["trace"])["done"]


def test_the_command_draws_a_ladder_and_writes_a_file_that_tshark_opens(
    bridge: Bridge, phone: Callable[[], Phone], tmp_path: Path
) -> None:
    caller, file = phone(), tmp_path / "call.pcap"
    words = ["trace", "--number", caller.name, "--seconds", "60", "--ladder", "--pcap", str(file)]
    with subprocess.Popen(
        [*COMMAND, *words, "-c", str(bridge.file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr.readline().startswith("Tracing for 60 s")
        caller.join("conf-drawn")
        caller.hang_up()
        command.send_signal(signal.SIGINT)
        drawn = command.stdout.read()
    assert command.returncode == 0
    assert f"127.0.0.1:{caller.port}" in drawn.splitlines()[0]
    for title in ("INVITE (SDP)", "100 Trying", "200 OK (INVITE, SDP)", "ACK", "BYE", "200 OK (BYE)"):
        assert title in drawn
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    done = subprocess.run(
        ["tshark", "-r", file, "-T", "fields", "-e", "sip.CSeq.method"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["INVITE", "INVITE", "INVITE", "ACK", "BYE", "BYE"]


def test_nobody_is_banned_for_what_this_machine_does_and_all_is_counted(
    bridge: Bridge, phone: Callable[[], Phone]
) -> None:
    caller = phone()
    for _ in range(50):
        caller.send("INVITE sip:x SIP/2.0\r\nnonsense and garbage\r\n\r\n")
        caller.send(
            caller.request("OPTIONS", "x").replace(
                "Max-Forwards", "User-Agent: friendly-scanner\r\nMax-Forwards"
            )
        )
    assert caller.final("OPTIONS").status == 200
    assert bridge.roda("bans") == "Nobody is banned.\n"
    shown = bridge.roda("sip")
    assert "dropped" in shown
    assert "malformed" in shown
