import json
import os

import numpy as np
import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.plan import Plan
from benchmarks.run import LoadTest, who_is_heard_whole
from benchmarks.streams import Streams
from media.uring import UringUnavailableError


def run(plan: Plan) -> dict:
    try:
        test = LoadTest(plan, lambda _: None)
    except UringUnavailableError as reason:
        pytest.skip(f"io_uring: {reason}")
    return report.judge(plan, test.run())


@pytest.mark.parametrize("wire", ["epoll", "uring"])
def test_a_small_run_against_a_mixing_peer_is_complete(server, wire, tmp_path):
    plan = Plan(
        target=f"127.0.0.1:{server.address[1]}",
        participants=4,
        rooms=2,
        talkers=1,
        seconds=0.4,
        settle=0.1,
        digits="1",
        digit_delay=0.0,
        wire=wire,
    )
    record = run(plan)
    assert record["participants_up"] == 4
    assert record["signalling"]["statuses"] == {200: 4}
    assert record["signalling"]["bye_ms"]["count"] == 4
    assert record["delivery"]["completeness_by_sequence"] == 1.0
    assert record["delivery"]["completeness"] > 0.9
    assert record["delivery"]["silent_streams"] == 0
    assert record["generator"]["send_errors"] == 0
    report.write_json(record, str(tmp_path / "run.json"))
    assert json.loads((tmp_path / "run.json").read_text())["participants_up"] == 4
    report.show(record, Console(quiet=True))


@pytest.mark.parametrize("wire", ["epoll", "uring"])
def test_packets_that_a_bad_network_takes_are_not_sent_and_the_others_come(server, wire):
    server._mode = "echo"
    plan = Plan(
        target=f"127.0.0.1:{server.address[1]}",
        participants=8,
        seconds=1.0,
        settle=0.1,
        wire=wire,
        network="loss 10 %",
    )
    delivery = run(plan)["delivery"]
    assert 0.8 < delivery["completeness_by_sequence"] < 0.97
    assert delivery["silent_streams"] == 0


def test_a_run_of_endurance_counts_and_keeps_an_eye_on_memory(server, monkeypatch):
    monkeypatch.setattr("benchmarks.run.LOOK_EVERY_S", 0.2)
    plan = Plan(
        target=f"127.0.0.1:{server.address[1]}",
        participants=4,
        seconds=0.5,
        settle=0.1,
        wire="epoll",
        endurance=True,
        pid=(os.getpid(),),
    )
    record = run(plan)
    assert 90 < record["delivery"]["packets"] <= 120
    assert record["delivery"]["completeness_by_sequence"] == 1.0
    assert len(record["server"]["rss_kb_over_time"]) == 3
    assert record["server"]["pss_kb_at_end"] > 0
    report.show(record, Console(quiet=True))


def test_some_listeners_of_each_room_and_all_talkers_are_heard_whole():
    plan = {"codec": "pcmu", "ptime_ms": 20, "phases": 10, "quiet": "none", "cadence": "steady", "seed": 1}
    chosen = who_is_heard_whole(Streams(participants=200, rooms=2, talkers=3, **plan))
    assert chosen[:6].all()
    assert np.bincount(np.arange(200)[chosen] % 2).tolist() == [15, 15]
    assert who_is_heard_whole(Streams(participants=4, rooms=1, talkers=3, **plan)).all()
