"""The resolver against a real name server on loopback: one that answers, is slow, is dead, or lies (RFC 3263)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from bridge import resolver
from bridge.hosts_file import HostsFile
from bridge.resolver import Found, Resolver
from sip.locating import Target
from sip.uri import Uri
from tests.support.name_server import NameServer

PATIENCE_S = 10.0
ZONE = {
    "carrier.example": [
        '60 NAPTR 10 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.',
        '60 NAPTR 20 10 "s" "SIP+D2T" "" _sip._tcp.carrier.example.',
    ],
    "_sip._udp.carrier.example": ["60 SRV 10 0 5060 one.example.", "60 SRV 20 0 5062 two.example."],
    "_sip._tcp.carrier.example": ["60 SRV 10 0 5060 one.example."],
    "one.example": ["60 A 192.0.2.1", "60 AAAA 2001:db8::1"],
    "two.example": ["60 A 192.0.2.2"],
    "alias.example": ["60 CNAME one.example."],
}
CARRIER = Uri.parse("sip:+5511@carrier.example")


def loop_time() -> float:
    return asyncio.get_running_loop().time()


class Clock:
    """The loop's time, which a test may move on."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return loop_time() + self.ahead_s


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    def run_(story: Awaitable[None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(story, PATIENCE_S))  # type: ignore[arg-type]

    return run_


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "QUESTION_S", 0.25)
    monkeypatch.setattr(resolver, "SERVER_S", 0.1)
    monkeypatch.setattr(resolver, "LOOK_UP_S", 0.7)


def asks(*servers: NameServer, clock: Callable[[], float] = loop_time, hosts: Path | None = None) -> Resolver:
    return Resolver(
        transports=("udp", "tcp"),
        versions=(4,),
        now=clock,
        entropy=os.urandom,
        servers=[server.address for server in servers],
        hosts=HostsFile(hosts or Path("/nonexistent")),
    )


def shown(found: Found) -> list[str]:
    return [f"{each.transport} {each.host}:{each.port}" for each in found.targets]


BOTH = ["udp 192.0.2.1:5060", "udp 192.0.2.2:5062", "tcp 192.0.2.1:5060"]


def test_a_domain_is_found_and_then_known(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            asking = asks(server)
            assert asking.known(CARRIER) is None
            assert shown(await asking.locate(CARRIER)) == BOTH
            asked = server.asked.copy()
            assert asked["NAPTR carrier.example"] == 1
            assert not any(each.startswith("AAAA") for each in asked), "we have no such address"
            found = asking.known(CARRIER)
            assert found is not None
            assert shown(found) == BOTH
            assert server.asked == asked

    run(story())


def test_a_server_that_failed_is_last_until_it_is_heard(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            asking = asks(server)
            first = (await asking.locate(CARRIER)).targets[0]
            asking.health.failed(first, asking._now())
            assert shown(await asking.locate(CARRIER)) == [*BOTH[1:], BOTH[0]]
            asking.health.works(first)
            assert shown(await asking.locate(CARRIER)) == BOTH

    run(story())


def test_many_who_ask_the_same_ask_once(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            asking = asks(server)
            found = await asyncio.gather(*(asking.locate(CARRIER) for _ in range(50)))
            assert {tuple(shown(each)) for each in found} == {tuple(BOTH)}
            assert set(server.asked.values()) == {1}
            assert not asking._asking

    run(story())


def test_an_alias_is_followed_and_a_name_that_is_not_there_is_said(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            asking = asks(server)
            assert shown(await asking.locate(Uri.parse("sip:alias.example:5070"))) == ["udp 192.0.2.1:5070"]
            nobody = Uri.parse("sip:nobody.example")
            assert await asking.locate(nobody) == Found((), "nobody.example has no address that we can use")
            count = server.asked.total()
            assert asking.known(nobody) is not None, "that there is nothing is known, too"
            assert server.asked.total() == count
            long = await asking.locate(Uri.parse(f"sip:{'a' * 64}.example"))
            assert long.why.endswith("has no address that we can use")

    run(story())


def test_the_second_name_server_answers_where_the_first_is_dead(run) -> None:
    async def story() -> None:
        async with NameServer() as dead, NameServer(ZONE) as server:
            dead.silent = True
            asking = asks(dead, server)
            asking._by_whom()
            assert shown(await asking.locate(Uri.parse("sip:one.example:5060"))) == ["udp 192.0.2.1:5060"]
            assert dead.asked

    run(story())


def test_dead_name_servers_are_given_up_in_time_and_not_asked_again_at_once(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.silent = True
            asking = asks(server)
            began = loop_time()
            assert await asking.locate(CARRIER) == Found((), "no answer from the name servers")
            assert loop_time() - began < 1.2
            await asyncio.gather(*asking._asking.values())
            count = server.asked.total()
            began = loop_time()
            assert await asking.locate(CARRIER) == Found((), "no answer from the name servers")
            assert loop_time() - began < 0.1, "the next caller need not wait for the dead"
            assert server.asked.total() == count

    run(story())


def test_what_was_known_is_used_while_the_name_servers_are_dead(run) -> None:
    """RFC 8767. An hour long, then it is too old."""

    async def story() -> None:
        async with NameServer(ZONE) as server:
            clock = Clock()
            asking = asks(server, clock=clock)
            await asking.locate(CARRIER)
            server.silent = True
            clock.ahead_s = 3000.0
            assert asking.known(CARRIER) is None
            assert shown(await asking.locate(CARRIER)) == BOTH
            assert asking.counters["stale"] >= 3
            clock.ahead_s = 4000.0
            assert (await asking.locate(CARRIER)).targets == ()
            asking.close()

    run(story())


def test_a_slow_answer_comes_too_late_for_this_call_and_in_time_for_the_next(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.slow_s = 0.3
            server_s, resolver.SERVER_S = resolver.SERVER_S, 0.5
            asking = asks(server)
            try:
                uri = Uri.parse("sip:one.example:5060")
                assert (await asking.locate(uri)).targets == ()
                await asyncio.gather(*asking._asking.values())
                found = asking.known(uri)
                assert found is not None
                assert shown(found) == ["udp 192.0.2.1:5060"]
            finally:
                resolver.SERVER_S = server_s

    run(story())


@pytest.mark.parametrize(
    "mangle",
    [
        lambda answer: answer[:10],
        lambda answer: b"\x00\x00" + answer[2:],
        lambda answer: answer[:12] + b"\xff" * 40,
        lambda answer: b"",
    ],
)
def test_what_is_no_answer_is_none(run, mangle) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.mangle = mangle
            asking = asks(server)
            assert (await asking.locate(Uri.parse("sip:one.example:5060"))).targets == ()
            await asyncio.gather(*asking._asking.values())

    run(story())


def test_a_name_server_that_refuses_has_not_said_that_there_is_nothing(run) -> None:
    async def story() -> None:
        async with NameServer(ZONE) as server:
            server.rcode = 2  # SERVFAIL
            asking = asks(server)
            assert (await asking.locate(CARRIER)).why == "no answer from the name servers"
            await asyncio.gather(*asking._asking.values())
            assert len(asking._cache) == 0

    run(story())


def test_the_hosts_file_holds_and_nobody_is_asked(run, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.77 carrier.example")

    async def story() -> None:
        async with NameServer(ZONE) as server:
            found = asks(server, hosts=hosts).known(CARRIER)
            assert found is not None
            assert found.targets == (Target("udp", "192.0.2.77", 5060, "carrier.example"),)
            assert not server.asked

    run(story())


def test_without_name_servers_the_system_is_asked(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "RESOLV_CONF", tmp_path / "none")

    async def story() -> None:
        found = await asks().locate(Uri.parse("sip:localhost:5070"))
        assert shown(found) == ["udp 127.0.0.1:5070"]
        assert (await asks().locate(Uri.parse("sip:localhost.invalid:5070"))).targets == ()

    run(story())


def test_the_systems_name_servers_are_read_again_when_they_change(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "resolv.conf"
    monkeypatch.setattr(resolver, "RESOLV_CONF", conf)
    conf.write_text("nameserver 192.0.2.53\n")

    async def story() -> None:
        asking = asks()
        first = asking._by_whom()
        assert first is not None
        assert asking._by_whom() is first
        conf.write_text("nameserver 192.0.2.54\n")
        os.utime(conf, ns=(7, 7))
        second = asking._by_whom()
        assert second is not None
        assert [str(each) for each in second.nameservers] != [str(each) for each in first.nameservers]
        conf.write_text("")
        os.utime(conf, ns=(8, 8))
        assert asking._by_whom() is None

    run(story())
