from benchmarks import report
from benchmarks.register import RegisterBench, Server, Telephone, flow, run, show
from sip.accounts import Account
from sip.proof import Algorithm, ha1


def test_every_telephone_proves_itself_and_is_registered():
    names = ["a", "b", "c"]
    secret = {
        name: ha1(Algorithm.MD5, name, "roda.example", "correct horse battery staple") for name in names
    }
    server = Server({name: Account(name, ((Algorithm.MD5, secret[name]),)) for name in names}, Algorithm.MD5)
    bench = RegisterBench(server, [Telephone(name, flow(number)) for number, name in enumerate(names)])
    assert bench.register() > 0
    assert len(server.registrar) == 3
    assert bench.refresh() > 0
    assert (server.agent.counters["sent:401:udp"], server.agent.counters["sent:200:udp"]) == (3, 6)
    assert len(server.challenger.nonces) == 3


def test_a_run_has_a_figure_for_everything():
    record = run(telephones=30, rounds=1, warm_up_s=0.0)
    assert (
        min(record[f"{kind}_{what}_us"] for kind in ("MD5", "SHA-256") for what in ("register", "refresh"))
        > 0
    )
    show(record, report.Console(quiet=True))
