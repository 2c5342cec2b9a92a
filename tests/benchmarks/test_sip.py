"""The SIP benchmark against a bridge that runs, in seconds: that every part works, not what it finds."""

import argparse
import os
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from rich.console import Console

from benchmarks import certificate, sip, sipp_calls
from benchmarks.beside import CallsBeside
from benchmarks.calls import CallRun, call_text, is_whole
from benchmarks.registering import RegisterRun
from benchmarks.roda import Roda, free_port
from benchmarks.sip import SECURE, SipBench
from benchmarks.standing import StandingCalls

PASSWORD = "long enough"
NAMES = [f"t{number}" for number in range(20)]


@pytest.fixture(scope="module")
def bridge():
    """One bridge for all: TLS, WebSockets and accounts."""
    ports = {"tls": free_port(), "ws": free_port(), "wss": free_port()}
    server = "".join(f'{name} = ["127.0.0.1:{port}"]\n' for name, port in ports.items())
    roda = Roda(server=server, workers=1, dial_out=SECURE)
    certificate.make(roda.folder, "127.0.0.1")
    roda.add_accounts(NAMES, PASSWORD)
    with roda.started() as roots:
        yield SimpleNamespace(roda=roda, roots=roots, ports={"udp": roda.port, "tcp": roda.port} | ports)
    roda.close()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "ws", "wss"])
def test_calls_come_and_go_over_every_transport(bridge, transport):
    target = f"127.0.0.1:{bridge.ports[transport]}"
    record = CallRun(target, transport, rate=100.0, count=10).run()
    assert (record["completed"], record["failures_by_status"], record["bye_statuses"]) == (10, {}, {200: 10})


def test_telephones_ask_prove_themselves_and_come_again(bridge):
    run = RegisterRun(bridge.roda.target, NAMES, PASSWORD, roots=bridge.roots, rate=200.0, settle_s=0.0)
    record = run.run()
    assert record["ask"]["statuses"] == record["most_asked"]["statuses"] == {401: 20}
    for part in ("prove", "refresh", "most"):
        assert (record[part]["registered"], record[part]["statuses"]) == (20, {200: 20})
        assert record[part]["control_cpu_ms_per_request"] > 0
    assert bridge.roots[0] in record["descriptors"]


def test_calls_stand_until_they_are_hung_up(bridge):
    run = StandingCalls(bridge.roda.target, count=12, rate=200.0, roots=bridge.roots, settle_s=0.1)
    record = run.run()
    assert (record["up"], record["left_up"], record["failures_by_status"], record["dropped_by_server"]) == (
        12,
        0,
        {},
        0,
    )
    assert record["descriptors_per_call"] >= 2


@pytest.mark.skipif(not sipp_calls.is_installed(), reason="sipp is not installed")
def test_sipp_places_the_same_calls(bridge, monkeypatch):
    monkeypatch.setattr("benchmarks.sipp_calls.IDLE_S", 0.05)
    record = sipp_calls.SippRun(bridge.roda.target, rate=50, count=20, roots=bridge.roots).run()
    assert (record["status"], record["completed"]) == (0, 20)
    assert record["server_cpu_ms_per_call_above_idle"] > 0


def test_calls_come_beside_people_who_talk(bridge, monkeypatch):
    monkeypatch.setattr("benchmarks.calls.IDLE_S", 0.05)
    monkeypatch.setattr("benchmarks.beside.MARGIN_S", 0.2)
    run = CallsBeside(bridge.roda.target, participants=4, seconds=0.6, rate=20.0, roots=bridge.roots)
    record = run.run()
    assert record["calls"]["completed"] == record["calls"]["calls"] == 20
    assert record["load"]["participants_up"] == 4


class Bench(SipBench):
    """The same against a server that stands in for a bridge."""

    target = ""

    @contextmanager
    def serving(self, **more):
        yield SimpleNamespace(target=self.target), [os.getpid()]


@pytest.fixture
def bench(server, monkeypatch):
    made = Bench(argparse.Namespace(seconds=0.1, parsed=5, secured=4), Console(quiet=True))
    monkeypatch.setattr(Bench, "target", f"127.0.0.1:{server.address[1]}")
    monkeypatch.setattr(sip, "WARM_UP", 2)
    return made


def test_a_rate_is_placed_and_the_machine_looked_at(bench, monkeypatch):
    monkeypatch.setattr("benchmarks.calls.IDLE_S", 0.05)
    with bench.serving() as (server, roots):
        record = bench.place(server.target, roots, 200)
    assert (record["completed"], record["calls"]) == (20, 20)
    assert "ms (control" in call_text(record)
    assert "to" in bench.yardstick().measured


def placed(bench, monkeypatch, *, broken_from=10_000, cost=1.0):
    """Say what runs of calls shall have found."""

    def place(target, roots, rate, *, transport="udp", is_fresh=True):
        answer = {"p50": 1.0, "p99": 2.0}
        return {
            "calls": 10, "completed": 10, "retransmissions": int(rate >= broken_from), "rate": rate, "asked_rate": rate,
            "server_cpu_ms_per_call_above_idle": cost, "control_cpu_ms_per_call_above_idle": cost,
            "workers_cpu_ms_per_call_above_idle": 0.0, "answer_ms": answer,
        }  # fmt: skip

    monkeypatch.setattr(Bench, "place", lambda self, *given, **more: place(*given, **more))


def test_a_call_that_costs_more_than_it_may_is_told(bench, monkeypatch):
    placed(bench, monkeypatch)
    assert [line.holds for line in bench.calls()] == [True, True, True]
    placed(bench, monkeypatch, cost=1.3)
    assert [line.holds for line in bench.calls()] == [False, False, False]


def test_cheap_calls_of_which_some_were_sent_twice_meet_no_target(bench, monkeypatch):
    placed(bench, monkeypatch, broken_from=500)
    lines = bench.calls()
    assert [line.holds for line in lines] == [True, True, False]
    assert "1 sent twice" in lines[2].measured


def test_a_run_in_which_a_worker_was_replaced_is_nothing_to_go_by(bench, monkeypatch):
    placed(bench, monkeypatch)
    record = bench.place("", [], 100)
    assert is_whole(record)
    assert not is_whole(record | {"replaced": 2})
    assert "INVALID" in call_text(record | {"replaced": 2})


@pytest.mark.parametrize(("broken_from", "best"), [(300, 0), (600, 500), (10_000, 800)])
def test_the_highest_rate_that_holds_is_found(bench, monkeypatch, broken_from, best):
    placed(bench, monkeypatch, broken_from=broken_from)
    (line,) = bench.most()
    assert (line.record["best"], line.holds) == (best, best >= 500)


def test_what_needs_no_server_has_rows(bench):
    assert len(bench.parser()) == 8
    ratios = [line.record["ratio_with_sockets"] for line in bench.srtp()]
    assert ratios[0] == 1.0


def test_the_program_prints_a_table_for_a_page(tmp_path, monkeypatch, capsys):
    page = tmp_path / "sip.md"
    monkeypatch.setattr("sys.argv", ["sip", "--only", "parser", "--parsed", "3", "--markdown", str(page)])
    assert sip.main() == 0
    assert "| to read: INVITE, a carrier |" in page.read_text()
    monkeypatch.setattr("sys.argv", ["sip", "--only", "nothing"])
    with pytest.raises(SystemExit):
        sip.main()
