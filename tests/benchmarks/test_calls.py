import os

from benchmarks import report
from benchmarks.calls import CallRun, show


def test_every_call_is_set_up_and_torn_down_at_the_rate_asked(server):
    run = CallRun(target=f"127.0.0.1:{server.address[1]}", rate=200.0, count=40)
    record = run.run()
    assert (record["completed"], record["failures_by_status"], record["bye_statuses"]) == (40, {}, {200: 40})
    assert record["answer_ms"]["count"] == 40
    assert 100 < record["rate"] < 260
    show(record, report.Console(quiet=True))


def test_never_more_calls_at_once_than_allowed_and_each_is_held(server):
    run = CallRun(target=f"127.0.0.1:{server.address[1]}", rate=1000.0, count=6, concurrency=2, hold_s=0.05)
    record = run.run()
    assert record["completed"] == 6
    assert record["rate"] < 2 / 0.05


def test_calls_cost_cpu_that_is_shared_out(server, monkeypatch):
    monkeypatch.setattr("benchmarks.calls.IDLE_S", 0.05)
    run = CallRun(target=f"127.0.0.1:{server.address[1]}", rate=500.0, count=20, roots=[os.getpid()])
    record = run.run()
    assert record["server_cpu_ms_per_call"] >= 0
    assert record["pss_kb_after"] > 0
