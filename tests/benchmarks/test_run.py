import json

import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.plan import Plan
from benchmarks.run import LoadTest
from media.uring import UringUnavailableError


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
    try:
        test = LoadTest(plan, lambda _: None)
    except UringUnavailableError as reason:
        pytest.skip(f"io_uring: {reason}")
    record = report.judge(plan, test.run())
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
