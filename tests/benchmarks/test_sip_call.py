from benchmarks import report
from benchmarks.sip_call import AgentAlone, AgentAndSwitchboard, CallBench, run, show


def test_every_call_is_answered_and_hung_up():
    for server in (AgentAlone(), AgentAndSwitchboard()):
        assert CallBench(server).run(30) > 0
        assert server.agent.calls == 0
        assert (server.agent.counters["received:INVITE:udp"], server.agent.counters["received:BYE:udp"]) == (
            30,
            30,
        )
        # The last answers are to the BYEs; none was sent twice, for none was missed.
        assert server.agent.counters["retransmitted"] == 0


def test_a_run_has_a_figure_for_everything():
    record = run(calls=20, rounds=1, warm_up_s=0.1)
    assert min(record["agent_us_per_call"], record["agent_and_switchboard_us_per_call"]) > 0
    assert set(record["parse_us"]) == {"INVITE", "ACK", "BYE", "OPTIONS"}
    show(record, report.Console(quiet=True))
