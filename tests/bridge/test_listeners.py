"""Listeners of all transports at once, their certificates, and what is said where one cannot be had."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.config import Address
from bridge.config.listening import Certificate, Identity, Server
from bridge.errors import StartError
from bridge.listeners import Listeners
from sip.agent import Agent, AgentSettings
from sip.transport.driver import Driver
from tests.interop.started import free_port
from tests.support.certificates import Authority
from tests.support.sip_playbook import Playbook

LOOPBACK = "127.0.0.1"
OPTIONS = Playbook().request("OPTIONS", {})


def free() -> Address:
    return Address(LOOPBACK, free_port())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Server:
    ours, other = authority.issue("ours"), authority.issue("other", domains=("other.example",))
    identity = Identity(
        certificate=Path(ours.certificate.name),
        key=Path(ours.key.name),
        others=(Certificate("other.example", Path(other.certificate.name), Path(other.key.name)),),
    )
    one = free()
    return Server(udp=(one,), tcp=(one,), tls=(free(),), ws=(free(),), wss=(free(),), identity=identity)


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def started(server: Server, folder: Path, story: Callable[[Listeners], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        listeners = Listeners(server, folder.joinpath)
        listeners.probe()
        driver = Driver(Agent(settings=AgentSettings(), entropy=os.urandom), lambda event: None)
        try:
            await listeners.start(driver)
            await story(listeners)
        finally:
            listeners.close()
            driver.close()
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    asyncio.run(asyncio.wait_for(run(), 5))


async def shown(address: Address, name: str, authority: Authority) -> str:
    """Who is at an address, over TLS, once it has answered."""
    context = ssl.create_default_context(cafile=authority.file)
    context.check_hostname = False
    reader, writer = await asyncio.open_connection(
        address.host, address.port, ssl=context, server_hostname=name
    )
    writer.write(OPTIONS)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
    subject = writer.get_extra_info("ssl_object").getpeercert()["subject"]
    writer.close()
    return str(subject[0][0][1])


def test_every_transport_is_heard_and_names_pick_their_certificate(
    server: Server, authority: Authority
) -> None:
    async def story(listeners: Listeners) -> None:
        for address in (*server.tcp, *server.ws, *server.wss):
            _, writer = await asyncio.open_connection(address.host, address.port)
            writer.close()
        assert await shown(server.tls[0], "any.example", authority) == "ours"
        assert await shown(server.tls[0], "other.example", authority) == "other"
        assert not listeners.counters

    started(server, authority.folder, story)


def test_a_renewed_certificate_is_found_by_looking_or_at_once_on_a_signal(
    server: Server, authority: Authority, logged: list[Any]
) -> None:
    async def story(listeners: Listeners) -> None:
        authority.issue("renewed", file="ours")
        assert await shown(server.tls[0], "x", authority) == "ours"
        listeners.look()
        assert await shown(server.tls[0], "x", authority) == "renewed"
        authority.issue("again", file="ours")
        os.kill(os.getpid(), signal.SIGHUP)
        while await shown(server.tls[0], "x", authority) != "again":
            pass

    started(server, authority.folder, story)
    assert [line["event"] for line in logged] == ["certificates renewed"] * 2


def test_a_renewal_that_cannot_be_used_is_told_and_costs_nothing(
    server: Server, authority: Authority, logged: list[Any]
) -> None:
    async def story(listeners: Listeners) -> None:
        (authority.folder / "ours.key").unlink()
        listeners.look()
        listeners.look()
        assert await shown(server.tls[0], "x", authority) == "ours"

    started(server, authority.folder, story)
    (line,) = logged
    assert line["event"] == "certificate not renewed"
    assert "ours.key cannot be read" in line["why"]


def test_a_certificate_that_ends_soon_is_told_once_a_day(
    server: Server, authority: Authority, logged: list[Any]
) -> None:
    authority.issue("soon", file="ours", days=3)

    async def story(listeners: Listeners) -> None:
        listeners.look()

    started(server, authority.folder, story)
    (line,) = logged
    assert line["event"] == "certificate"
    assert "ends on" in line["what"]


def test_without_a_usable_certificate_it_does_not_start(server: Server, authority: Authority) -> None:
    (authority.folder / "ours.key").write_bytes((authority.folder / "other.key").read_bytes())
    with pytest.raises(StartError, match=r"is not that of .*; see \[server.identity\] in the configuration"):
        Listeners(server, authority.folder.joinpath).probe()
    with pytest.raises(StartError, match="tls and wss need a certificate"):
        Listeners(replace(server, identity=Identity())).probe()


def test_tls_is_never_replaced_by_something_open(
    server: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listeners, "probe", lambda _: None)

    async def story(_: Listeners) -> None:
        raise AssertionError("it started")

    with pytest.raises(StartError, match=r"tls .* needs a certificate"):
        started(server, authority.folder, story)


def test_a_place_that_is_taken_is_told_with_its_transport(server: Server, authority: Authority) -> None:
    with closing(socket.socket()) as other:
        other.bind((LOOPBACK, server.wss[0].port))
        other.listen()
        with pytest.raises(StartError, match=f"cannot listen on wss {server.wss[0]}: Address already in use"):
            Listeners(server, authority.folder.joinpath).probe()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_both_ip_versions_of_every_address_share_a_port(tmp_path: Path) -> None:
    port = free().port
    everywhere = (Address("0.0.0.0", port), Address("::", port))

    async def story(_: Listeners) -> None:
        for host in (LOOPBACK, "::1"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(OPTIONS)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            writer.close()

    started(Server(udp=everywhere, tcp=everywhere), tmp_path, story)
