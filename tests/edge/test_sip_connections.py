"""TLS and WebSocket over real sockets, on the loop of the library and on the one that the bridge runs on."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct

import pytest
import uvloop
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request, TextMessage

from sip.agent import Agent, AgentSettings, Way
from sip.events import CallEnded, IncomingCall
from sip.flow import ANYBODY, Flow
from sip.headers import Address
from sip.transport import connection
from sip.transport.certificates import Certificates, TlsSettings
from sip.transport.driver import Driver
from sip.transport.stream import tls, ws, wss
from sip.uri import Uri
from tests.support.certificates import Authority
from tests.support.sip_playbook import Playbook

LOOPBACK = "127.0.0.1"
PATIENCE_S = 5.0
OPTIONS = Playbook().request("OPTIONS", {})
UNMEASURED = OPTIONS.replace(b"Content-Length: 0\r\n", b"")
"""As WebSocket allows it."""


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    def run_(story):
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(story, PATIENCE_S))

    return run_


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def settings(authority):
    return TlsSettings(
        pair=authority.issue("bridge", domains=("bridge.example",)),
        client_authorities=authority.file,
        server_authorities=authority.file,
    )


@contextlib.asynccontextmanager
async def driven(*makes, on_event=lambda event: None):
    """An agent heard on what each of `makes` makes of a driver."""
    driver = Driver(Agent(settings=AgentSettings(), entropy=os.urandom), on_event)
    try:
        transports = [make(driver) for make in makes]
        for transport in transports:
            await driver.start(transport)
        yield driver, *transports
    finally:
        driver.close()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - lets the loop see closed sockets; no time passes


def over_tls(settings):
    return lambda driver: tls(LOOPBACK, 0, driver, Certificates(settings))


def believing(authority, pair=None):
    """A client's context."""
    context = ssl.create_default_context(cafile=authority.file)
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


async def connected(transport, authority, pair=None):
    return await asyncio.open_connection(
        *transport.local, ssl=believing(authority, pair), server_hostname="bridge.example"
    )


async def asks(reader, writer):
    writer.write(OPTIONS)
    return await reader.readuntil(b"\r\n\r\n")


async def until(met):
    while not met():  # noqa: ASYNC110 - sockets tell nobody
        await asyncio.sleep(0.005)  # noqa: TID251


def test_a_message_over_tls_is_answered(run, authority, settings):
    async def story():
        async with driven(over_tls(settings)) as (_, transport):
            reader, writer = await connected(transport, authority)
            for _ in range(2):
                assert (await asks(reader, writer)).startswith(b"SIP/2.0 200")
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            writer.close()
            await until(lambda: len(transport) == 0)

    run(story())


def test_a_call_over_tls_has_a_contact_to_call_back(run, authority, settings):
    async def story():
        def on_event(event):
            if isinstance(event, IncomingCall):
                driver.agent.accept(event.call, b"answer", driver.now())

        async with driven(over_tls(settings), on_event=on_event) as (driver, transport):
            reader, writer = await connected(transport, authority)
            writer.write(Playbook().request("INVITE", {"sdp": "offer"}))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 100")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert f"<sip:roda@{LOOPBACK}:{transport.local[1]};transport=tls>".encode() in answer
            writer.close()

    run(story())


def test_who_speaks_no_tls_is_gone_at_once(run, settings):
    async def story():
        async with driven(over_tls(settings)) as (driver, transport):
            reader, writer = await asyncio.open_connection(*transport.local)
            writer.write(OPTIONS)
            assert b"SIP" not in await reader.read()
            writer.close()
            assert sum(transport.counters.values()) == 1
            await until(lambda: len(driver.agent._core.streams) == 0)

    run(story())


def test_hands_are_shaken_in_time_or_not_at_all(run, settings, monkeypatch):
    monkeypatch.setattr(connection, "HANDSHAKE_S", 0.05)

    async def story():
        makes = over_tls(settings), lambda driver: ws(LOOPBACK, 0, driver)
        async with driven(*makes) as (driver, *transports):
            for transport, begun in zip(transports, (b"\x16\x03\x01\x02\x00", b"GET / HT"), strict=True):
                reader, writer = await asyncio.open_connection(*transport.local)
                writer.write(begun)
                await reader.read()
                writer.close()
                assert transport.counters["closed:slow handshake"] == 1
            await until(lambda: len(driver.agent._core.streams) == 0)

    run(story())


def test_a_connection_reset_in_its_handshake_is_no_error(run, settings):
    async def story():
        complaints = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with driven(over_tls(settings)) as (driver, transport):
            for _ in range(20):
                with socket.create_connection(transport.local) as rude:
                    rude.sendall(b"\x16\x03\x01\x02\x00")
                    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await until(lambda: len(transport) == len(driver.agent._core.streams) == 0)
        assert complaints == []

    run(story())


def test_a_renewed_certificate_drops_nobody(run, authority):
    pair = authority.issue("bridge", domains=("bridge.example",), file="renewed")
    settings = TlsSettings(pair=pair)

    async def story():
        certificates = Certificates(settings)
        async with driven(lambda driver: tls(LOOPBACK, 0, driver, certificates)) as (_, transport):
            before = await connected(transport, authority)
            assert (await asks(*before)).startswith(b"SIP/2.0 200")
            authority.issue("bridge", domains=("bridge.example",), file="renewed")
            assert certificates.reload()
            after = await connected(transport, authority)
            serials = {
                pair[1].get_extra_info("ssl_object").getpeercert()["serialNumber"] for pair in (before, after)
            }
            assert len(serials) == 2
            for each in (before, after):
                assert (await asks(*each)).startswith(b"SIP/2.0 200")
                each[1].close()

    run(story())


def test_a_client_certificate_gives_its_flow_a_name(run, authority, settings):
    pair = authority.issue("trunk", domains=("trunk.example",), uris=("sip:carrier.example",))

    async def story():
        calls = []

        def on_event(event):
            if isinstance(event, IncomingCall):
                calls.append(event)

        async with driven(over_tls(settings), on_event=on_event) as (_, transport):
            invite = Playbook().request("INVITE", {"sdp": "offer"})
            for number, shown in enumerate((pair, None), 1):
                _, writer = await connected(transport, authority, shown)
                writer.write(
                    invite.replace(b"peer1", b"peer%d" % number).replace(b"call-1", b"call-%d" % number)
                )
                await until(lambda expected=number: len(calls) == expected)
                writer.close()
            assert calls[0].flow.names == ("trunk.example", "sip:carrier.example")
            assert calls[1].flow.names == ()

    run(story())


@contextlib.asynccontextmanager
async def trunk(authority, pair, *, also=None):
    """A peer that listens over TLS: the address, and what it hears, each with a way to answer."""
    heard = asyncio.Queue()

    async def came(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                heard.put_nowait((await reader.readuntil(b"\r\n\r\n"), writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if also is not None:
        context.load_verify_locations(also)
        context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(came, LOOPBACK, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname(), heard
    finally:
        server.close()


def calls_out(driver, flow):
    driver.agent.invite(
        Uri.parse("sip:1@trunk.example"),
        from_=Address("", Uri.parse("sip:roda@bridge.example")),
        sdp=b"offer",
        ways=[Way(flow)],
        now=driver.now(),
    )
    driver.transmit()


@pytest.mark.parametrize(
    ("peer", "trusted"), [("trunk.example", True), ("other.example", False), ("", False), (ANYBODY, True)]
)
def test_a_call_out_over_tls_goes_to_whom_it_is_for(run, authority, settings, peer, trusted):
    """RFC 5922 7.2; with our own certificate, where the trunk asks for one."""
    pair = authority.issue("trunk", domains=("trunk.example",))

    async def story():
        ended = asyncio.Event()

        def on_event(event):
            if isinstance(event, CallEnded):
                ended.set()

        async with (
            trunk(authority, pair, also=authority.file) as (place, heard),
            driven(over_tls(settings), on_event=on_event) as (driver, transport),
        ):
            for _ in range(2):
                calls_out(driver, Flow("tls", transport.local, place, peer=peer))
            if not trusted:
                await ended.wait()
                assert heard.empty()
                assert transport.counters["closed:TLS: the certificate is of another name"] == 1
                return
            (invite, one), (_, other) = [await heard.get() for _ in range(2)]
            assert invite.startswith(b"INVITE sip:1@trunk.example SIP/2.0\r\nVia: SIP/2.0/TLS ")
            assert one is other
            assert len(transport) == 1
            one.close()

    run(story())


def test_a_connection_to_whoever_is_there_is_none_to_somebody(run, authority, settings):
    """One that nobody verified is not used for a trunk whose name matters."""
    pair = authority.issue("trunk", domains=("trunk.example",))

    async def story():
        async with (
            trunk(authority, pair) as (place, heard),
            driven(over_tls(settings)) as (driver, transport),
        ):
            writers = []
            for peer in (ANYBODY, "trunk.example", "trunk.example"):
                calls_out(driver, Flow("tls", transport.local, place, peer=peer))
                writers.append((await heard.get())[1])
            assert writers[0] is not writers[1] is writers[2]
            for writer in writers:
                writer.close()

    run(story())


def test_a_trunk_lends_its_connection(run, authority, settings):
    """RFC 5923: no second one is opened towards a peer that says `alias` and proves its name."""
    pair = authority.issue("trunk", domains=("trunk.example",))

    async def story():
        async with driven(over_tls(settings)) as (driver, transport):
            reader, writer = await connected(transport, authority, pair)
            via = b"Via: SIP/2.0/TLS trunk.example:5071;alias;"
            writer.write(OPTIONS.replace(OPTIONS[OPTIONS.index(b"Via:") : OPTIONS.index(b"branch=")], via))
            await reader.readuntil(b"\r\n\r\n")
            calls_out(driver, Flow("tls", transport.local, (LOOPBACK, 5071)))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"INVITE sip:1@trunk.example")
            writer.close()

    run(story())


class Browser:
    """A WebSocket client by hand."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._socket = WSConnection(ConnectionType.CLIENT)
        self._events = []

    @classmethod
    async def connected(cls, transport, **tls_):
        browser = cls(*await asyncio.open_connection(*transport.local, **tls_))
        browser.say(Request(host="bridge.example", target="/", subprotocols=["sip"]))
        assert isinstance(await browser.hears(), AcceptConnection)
        return browser

    def say(self, event):
        self._writer.write(self._socket.send(event))

    async def hears(self):
        while not self._events:
            data = await self._reader.read(65536)
            self._socket.receive_data(data or None)
            self._events = list(self._socket.events())
        return self._events.pop(0)

    def close(self):
        self._writer.close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_browser_is_answered_on_its_connection(run, authority, settings, secure):
    """RFC 7118: without Content-Length, as text or bytes, in fragments; with received and rport, and Via as it came."""

    async def story():
        def make(driver):
            return wss(LOOPBACK, 0, driver, Certificates(settings)) if secure else ws(LOOPBACK, 0, driver)

        async with driven(make) as (_, transport):
            more = {"ssl": believing(authority), "server_hostname": "bridge.example"} if secure else {}
            browser = await Browser.connected(transport, **more)
            kind = b"WSS" if secure else b"WS"
            message = UNMEASURED.replace(b"SIP/2.0/UDP 192.168.0.9:5062", b"SIP/2.0/%s x.invalid" % kind)
            browser.say(TextMessage(data=message.decode()))
            browser.say(BytesMessage(data=message[:40], message_finished=False))
            browser.say(BytesMessage(data=message[40:]))
            for _ in range(2):
                answer = (await browser.hears()).data
                assert answer.startswith("SIP/2.0 200")
                assert f"SIP/2.0/{kind.decode()} x.invalid;rport=" in answer
                assert f";received={LOOPBACK}" in answer
            browser.say(TextMessage(data="\r\n\r\n"))
            assert (await browser.hears()).data == "\r\n"
            browser.say(CloseConnection(code=1000))
            assert isinstance(await browser.hears(), CloseConnection)
            browser.close()
            await until(lambda: len(transport) == 0)

    run(story())


def test_a_bad_message_of_a_browser_costs_only_itself(run):
    async def story():
        async with driven(lambda driver: ws(LOOPBACK, 0, driver)) as (_, transport):
            browser = await Browser.connected(transport)
            browser.say(
                TextMessage(data=OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 1").decode())
            )
            assert (await browser.hears()).data.startswith("SIP/2.0 400")
            browser.say(TextMessage(data=UNMEASURED.decode()))
            assert (await browser.hears()).data.startswith("SIP/2.0 200")
            browser.close()

    run(story())


def test_the_rest_of_a_message_comes_in_time_or_the_connection_goes(run, monkeypatch):
    monkeypatch.setattr(connection, "WHOLE_MESSAGE_S", 0.05)

    async def story():
        async with driven(lambda driver: ws(LOOPBACK, 0, driver)) as (_, transport):
            browser = await Browser.connected(transport)
            browser.say(BytesMessage(data=b"OPTIONS", message_finished=False))
            assert isinstance(await browser.hears(), CloseConnection)
            assert transport.counters["closed:slow message"] == 1
            browser.close()

    run(story())


def test_a_browser_is_pinged_and_gone_where_it_does_not_answer(run, monkeypatch):
    monkeypatch.setattr(connection, "PING_S", 0.03)

    async def story():
        async with driven(lambda driver: ws(LOOPBACK, 0, driver)) as (_, transport):
            browser = await Browser.connected(transport)
            for _ in range(3):
                ping = await browser.hears()
                assert isinstance(ping, Ping)
                browser.say(ping.response())
            while isinstance(await browser.hears(), Ping):
                pass
            assert transport.counters["closed:WebSocket: no pong"] == 1
            browser.close()
            await until(lambda: len(transport) == 0)

    run(story())
