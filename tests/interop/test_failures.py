"""Processes that die in the middle of a call: what callers hear of it, and what the records say."""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.interop.phone import FRAME_S, Phone, linear, talk
from tests.interop.started import Bridge, until

TONE_HZ = 440.0


def worker_with(bridge: Bridge, port: int) -> int:
    """The media process that has this port open."""
    table = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    (inode,) = (row[9] for row in table if int(row[1].partition(":")[2], 16) == port)

    def holder() -> int | None:
        return next((pid for pid in bridge.workers() if f"socket:[{inode}]" in _open_files(pid)), None)

    found: int = until(holder, f"a worker to have port {port}")
    return found


def _open_files(pid: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(file.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found


def test_a_media_worker_that_is_killed_costs_a_moment_of_silence(bridge: Bridge, phone: Callable[[], Phone]):
    """The spare goes on with the same ports, SSRC and sequence: the phones are asked nothing and hear on."""
    speaker, listener = phone(), phone()
    for each in (speaker, listener):
        port = each.join("conf-worker").audio_port
    victim = worker_with(bridge, port)
    heard = talk(speaker, listener, TONE_HZ, 4.0, at={2.0: lambda: os.kill(victim, signal.SIGKILL)})

    loud = [
        at_s
        for at_s, packet in zip(heard.at_s, heard.packets, strict=True)
        if np.sqrt((linear(packet[12:]) ** 2).mean()) > 1000
    ]
    gaps = np.diff([at_s for at_s in loud if at_s > 1.0])
    assert gaps.max() < 0.5, "audio was away too long"
    assert sum(at_s > 3.2 for at_s in loud) > 0.95 * 0.8 / FRAME_S, "audio has not come back whole"
    headers = [struct.unpack("!BBHII", packet[:12]) for packet in heard.packets]
    assert len({ssrc for *_, ssrc in headers}) == 1
    assert (np.diff([timestamp for *_, timestamp, _ in headers]) > 0).all()

    for each in (speaker, listener):
        each.signalling.setblocking(False)
        with pytest.raises(BlockingIOError):  # no re-INVITE, no BYE
            each.hear()
        each.signalling.settimeout(each.timeout_s)
        each.hang_up()
    assert [row["reason"] for row in bridge.left("conf-worker", count=2)] == ["hung_up"] * 2
    assert (bridge.events("worker_lost")[-1]["pid"], bridge.events("worker_lost")[-1]["streams"]) == (
        victim,
        2,
    )
    assert victim not in until(lambda: bridge.workers() if len(bridge.workers()) == 3 else [], "a new spare")


def test_after_a_crash_the_records_are_closed_and_calls_come_in_again(tmp_path: Path):
    """R3."""
    bridge = Bridge(tmp_path)
    bridge.start()
    with Phone(bridge.address) as caller:
        caller.join("conf-crash")
        (before,) = until(lambda: bridge.records("conf-crash"), "the join to be on record")
        assert before["left_at"] is None
        bridge.kill()
    bridge.start()
    try:
        (after,) = bridge.records("conf-crash")
        assert after["reason"] == "server stopped"
        assert after["left_at"] >= after["joined_at"] == before["joined_at"]
        assert [line["participants"] for line in bridge.events("records closed after a crash")] == [1]
        with Phone(bridge.address) as caller:
            caller.join("conf-crash")
            caller.hang_up()
        bridge.left("conf-crash", count=2)
        bridge.assert_unhurt()
    finally:
        assert bridge.stop() == 0
