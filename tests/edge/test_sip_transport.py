"""SIP over real loopback sockets: the edges alone, and an agent driven through them."""

import asyncio
import contextlib
import os
import socket
import struct

import pytest
import uvloop

from sip import crowd
from sip.agent import Agent, AgentSettings, Flow
from sip.events import IncomingCall
from sip.trace import Wanted
from sip.transport import connection
from sip.transport.driver import Driver
from sip.transport.stream import tcp, ws
from sip.transport.udp import UdpTransport
from tests.support.sip_playbook import Playbook

LOOPBACK = "127.0.0.1"
PATIENCE_S = 5.0
OPTIONS = Playbook().request("OPTIONS", {})
INVITE = Playbook().request("INVITE", {"sdp": "offer"})


@contextlib.asynccontextmanager
async def driven(on_event=lambda event: None):
    driver = Driver(Agent(settings=AgentSettings(), entropy=os.urandom), on_event)
    udp, stream = UdpTransport(LOOPBACK, 0, driver), tcp(LOOPBACK, 0, driver)
    try:
        await driver.start(udp)
        await driver.start(stream)
        yield driver, udp, stream
    finally:
        driver.close()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - lets the loop see closed sockets; no time passes


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request):
    """On the loop of the library, and on the one that the bridge runs on: their transports share no base class."""

    def run_(story):
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(story, PATIENCE_S))

    return run_


def bound():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The kernel's default holds some 150 answers.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((LOOPBACK, 0))
    sock.setblocking(False)
    return sock


async def heard(sock):
    return await asyncio.get_running_loop().sock_recv(sock, 65535)


def test_a_call_over_udp_is_answered_and_repeated_by_the_real_clock(run):
    async def story():
        def on_event(event):
            if isinstance(event, IncomingCall):
                driver.agent.accept(event.call, b"answer", driver.now())

        async with driven(on_event) as (driver, udp, _):
            with bound() as phone:
                phone.sendto(INVITE, udp.local)
                assert (await heard(phone)).startswith(b"SIP/2.0 100")
                answer = await heard(phone)
                assert answer.startswith(b"SIP/2.0 200")
                assert f"rport={phone.getsockname()[1]}".encode() in answer
                assert await heard(phone) == answer  # half a second later, for want of an ACK

    run(story())


def test_a_burst_over_udp_is_answered_to_the_last(run):
    async def story():
        async with driven() as (_, udp, _):
            with bound() as phone:
                for number in range(200):
                    phone.sendto(OPTIONS.replace(b"z9hG4bKpeer1", b"z9hG4bK%d" % number), udp.local)
                for _ in range(200):
                    assert (await heard(phone)).startswith(b"SIP/2.0 200")

    run(story())


def test_udp_never_waits_and_never_raises(run):
    async def story():
        async with driven() as (_, udp, _):
            udp.send(Flow("udp", udp.local, ("phone.invalid", 5060)), b"x")
            udp.send(Flow("udp", udp.local, (LOOPBACK, 9)), b"x" * 70_000)
            assert udp.counters["dropped:not sendable"] == 2
        udp.send(Flow("udp", udp.local, (LOOPBACK, 9)), b"x")

    run(story())


def test_a_port_that_is_taken_is_said_at_the_start(run):
    async def story():
        async with driven() as (driver, udp, stream):
            for taken in (UdpTransport(*udp.local, driver), tcp(*stream.local, driver)):
                with contextlib.suppress(OSError):
                    await driver.start(taken)
                    raise AssertionError("two listeners on one port")

    run(story())


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_both_ip_versions_are_heard_on_one_port_each_in_its_own_addresses(run):
    async def story():
        async with driven() as (driver, udp, stream):
            for transport in (
                UdpTransport("::", udp.local[1], driver),
                tcp("::", stream.local[1], driver),
            ):
                await driver.start(transport)
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as phone:
                phone.setblocking(False)
                phone.bind(("::1", 0))
                phone.sendto(OPTIONS, ("::1", udp.local[1]))
                answer = await heard(phone)
                assert answer.startswith(b"SIP/2.0 200")
                assert b";received=::1" in answer
            reader, writer = await asyncio.open_connection("::1", stream.local[1])
            writer.write(OPTIONS)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            writer.close()

    run(story())


def test_messages_over_tcp_are_answered_on_their_connection_however_they_are_cut(run):
    async def story():
        async with driven() as (driver, _, stream):
            reader, writer = await asyncio.open_connection(*stream.local)
            for piece in (OPTIONS[:100], OPTIONS[100:] + b"\r\n\r\n" + OPTIONS):
                writer.write(piece)
                await writer.drain()
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            assert await reader.readexactly(2) == b"\r\n"
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            assert len(stream) == 1
            writer.close()
            await writer.wait_closed()
            for _ in range(100):  # rounds of the loop, no time: until it has seen the end
                await asyncio.sleep(0)  # noqa: TID251
            assert len(stream) == 0
            assert driver.agent.counters["sent:200:tcp"] == 2

    run(story())


def test_a_broken_stream_is_answered_and_closed(run):
    async def story():
        async with driven() as (_, _, stream):
            reader, writer = await asyncio.open_connection(*stream.local)
            writer.write(OPTIONS.replace(b"Content-Length: 0", b"Content-Length: -1"))
            assert (await reader.read()).startswith(b"SIP/2.0 400")
            writer.close()

    run(story())


def test_a_connection_that_is_reset_before_we_see_it_is_no_error(run):
    async def story():
        complaints = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with driven() as (_, _, stream):
            for _ in range(20):
                with socket.create_connection(stream.local) as rude:
                    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            reader, writer = await asyncio.open_connection(*stream.local)
            writer.write(OPTIONS)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            writer.close()
        assert complaints == []

    run(story())


def test_one_host_gets_only_so_many_connections_and_the_silent_go_first(run, monkeypatch):
    monkeypatch.setattr(crowd, "PLACES_PER_HOST", 2)
    monkeypatch.setattr(crowd, "host_of", lambda address: address)  # loopback stands for a stranger here

    async def story():
        async with driven() as (driver, _, stream):
            pairs = [await asyncio.open_connection(*stream.local) for _ in range(2)]
            for reader, writer in pairs[:1]:
                writer.write(OPTIONS)
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
            pairs.append(await asyncio.open_connection(*stream.local))
            assert await pairs[1][0].read() == b""
            assert driver.agent.counters["closed:crowded out"] == 1
            for reader, writer in (pairs[0], pairs[2]):
                writer.write(b"\r\n\r\n")
                assert await reader.readexactly(2) == b"\r\n"
            for _, writer in pairs:
                writer.close()

    run(story())


def test_this_machine_may_connect_as_often_as_it_likes(run, monkeypatch):
    monkeypatch.setattr(crowd, "PLACES_PER_HOST", 2)

    async def story():
        async with driven() as (_, _, stream):
            pairs = [await asyncio.open_connection(*stream.local) for _ in range(4)]
            for reader, writer in pairs:
                writer.write(b"\r\n\r\n")
                assert await reader.readexactly(2) == b"\r\n"
            assert len(stream) == 4
            for _, writer in pairs:
                writer.close()

    run(story())


def test_a_connection_that_we_close_does_not_wait_for_ever_for_its_peer_to_read(run, monkeypatch):
    monkeypatch.setattr(connection, "LINGER_S", 0.05)

    async def story():
        closed = asyncio.Event()

        class Hearer(Idle):
            def receive(self, flow, data):
                while stream.counters["closed:peer does not read"] == 0 and len(told) < 40:
                    told.append(flow)
                    stream.send(flow, b"x" * 200_000 if len(told) == 1 else b"x" * 1000)
                stream.shut(flow)

            def closed(self, flow):
                closed.set()

        told = []
        stream = tcp(LOOPBACK, 0, Hearer())
        await stream.start()
        with socket.create_connection(stream.local) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            deaf.sendall(b"x")
            await closed.wait()
        assert len(stream) == 0
        stream.close()

    run(story())


class Idle:
    """A receiver that takes what comes."""

    def __init__(self):
        self.connections = 0

    def number(self):
        self.connections += 1
        return self.connections

    def receive(self, flow, data): ...

    def opened(self, requested, flow): ...

    def closed(self, flow): ...


def test_a_peer_that_does_not_read_is_dropped(run, monkeypatch):
    monkeypatch.setattr(connection, "WRITE_BUFFER_MAX", 1000)
    closed = asyncio.Event()

    class Hearer:
        def number(self):
            return 1

        def receive(self, flow, data):
            stream.send(flow, b"x" * 900)
            stream.send(flow, b"x" * 10_000)

        def opened(self, requested, flow):
            assert requested == flow

        def closed(self, flow):
            closed.set()

    stream = tcp(LOOPBACK, 0, Hearer())

    async def story():
        await stream.start()
        _, writer = await asyncio.open_connection(*stream.local)
        writer.write(b"x")
        await closed.wait()
        assert stream.counters["closed:peer does not read"] == 1
        stream.send(Flow("tcp", stream.local, (LOOPBACK, 1), 1), b"x")
        assert stream.counters["dropped:connection gone"] == 1
        writer.close()
        stream.close()

    run(story())


def test_a_flow_without_connection_gets_one_and_a_dead_end_is_told(run):
    async def story():
        told = []
        over = asyncio.Event()

        class Hearer:
            def number(self):
                return len(told) + 1

            def receive(self, flow, data):
                told.append(data)
                over.set()

            def opened(self, requested, flow):
                told.append((requested.connection, bool(flow.connection)))

            def closed(self, flow):
                told.append(("closed", flow.connection))
                over.set()

        stream = tcp(LOOPBACK, 0, Hearer())
        await stream.start()
        asked = Flow("tcp", stream.local, ("127.0.0.1", stream.local[1]))
        stream.send(asked, b"hello ")
        stream.send(asked, b"you")
        await over.wait()
        assert (0, True) in told
        assert b"hello you" in told
        over.clear()
        with socket.socket() as nobody:
            nobody.bind((LOOPBACK, 0))
            stream.send(Flow("tcp", stream.local, nobody.getsockname()), b"x")
            await over.wait()
        assert told[-1] == ("closed", 0)
        assert stream.counters["failed:connect"] == 1
        stream.close()

    run(story())


def test_nobody_is_called_by_websocket_and_that_is_told(run):
    async def story():
        told = asyncio.Event()

        class Hearer(Idle):
            def closed(self, flow):
                assert flow == asked
                told.set()

        stream = ws(LOOPBACK, 0, Hearer())
        await stream.start()
        asked = Flow("ws", stream.local, (LOOPBACK, 9))
        stream.send(asked, b"x")
        await told.wait()
        assert stream.counters["failed:nobody can be called"] == 1
        stream.close()

    run(story())


def test_what_waits_for_a_connection_is_bounded(run):
    async def story():
        over = asyncio.Event()

        class Hearer(Idle):
            def closed(self, flow):
                over.set()

        stream = tcp(LOOPBACK, 0, Hearer())
        await stream.start()
        with socket.socket() as nobody:
            nobody.bind((LOOPBACK, 0))
            for _ in range(3):
                stream.send(Flow("tcp", stream.local, nobody.getsockname()), b"x" * 100_000)
            assert stream.counters["dropped:too much waits for a connection"] == 1
            await over.wait()
        stream.close()

    run(story())


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_a_request_takes_the_listener_that_reaches_its_peer(run):
    """Also for an IPv4 address that is written as an IPv6 one."""

    async def story():
        async with driven() as (driver, udp, _):
            six = UdpTransport("::1", udp.local[1], driver)
            await driver.start(six)
            with bound() as phone, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as new:
                new.bind(("::1", 0))
                new.setblocking(False)
                port = phone.getsockname()[1]
                for local, remote, sock in (
                    (six.local, (LOOPBACK, port), phone),
                    (six.local, (f"::ffff:{LOOPBACK}", port), phone),
                    (udp.local, (f"::ffff:{LOOPBACK}", port), phone),
                    (udp.local, new.getsockname()[:2], new),
                    ((LOOPBACK, 1), (LOOPBACK, port), phone),  # a listener that is no more
                ):
                    driver.agent._core.send(Flow("udp", local, remote), b"hello")
                    driver.transmit()
                    assert await heard(sock) == b"hello"

    run(story())


def test_a_transport_that_there_is_not_is_counted(run):
    async def story():
        async with driven() as (driver, _, _):
            driver.agent._core.send(Flow("udp", (LOOPBACK, 1), ("::1", 9)), b"x")
            driver.transmit()
            assert driver.agent.counters["dropped:no such transport"] == 1

    run(story())


def test_datagrams_of_nearly_64_kb_come_and_go_in_fragments(run):
    async def story():
        async with driven() as (_, udp, _):
            with bound() as phone:
                long = OPTIONS.replace(b"Max-Forwards", b"Subject: " + b"x" * 8000 + b"\r\nMax-Forwards")
                body = b"x" * (65_000 - len(long))
                long = long.replace(b"Content-Length: 0", b"Content-Length: %d" % len(body)) + body
                phone.sendto(long, udp.local)
                assert (await heard(phone)).startswith(b"SIP/2.0 200")
                udp.send(Flow("udp", udp.local, phone.getsockname()), long)
                assert await heard(phone) == long

    run(story())


def test_datagrams_that_the_kernel_had_no_room_for_are_counted(run):
    async def story():
        async with driven() as (_, udp, _):
            assert not udp.counters
            udp._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            with bound() as phone:
                for _ in range(50):
                    phone.sendto(b"x" * 1000, udp.local)
            assert udp.counters["dropped:receive buffer full"] > 30

    run(story())


def test_a_mistake_in_the_user_of_an_event_does_not_stop_the_driver(run):
    async def story():
        told = []

        def on_event(event):
            told.append(event)
            if len(told) == 1:
                raise ZeroDivisionError

        async with driven(on_event) as (driver, udp, _):
            flow = Flow("udp", udp.local, (LOOPBACK, 9))
            with contextlib.suppress(ZeroDivisionError):
                driver.receive(flow, INVITE)
            driver.receive(
                flow, INVITE.replace(b"z9hG4bKpeer1", b"z9hG4bKother").replace(b"call-1", b"call-2")
            )
            assert [event.call_id for event in told] == ["call-1", "call-2"]

    run(story())


def test_a_deadline_that_has_passed_is_met_at_once_however_often_it_is_asked_for(run):
    async def story():
        met = asyncio.Event()

        class Late(Agent):
            def next_deadline(self):
                return None if met.is_set() else 0.0

            def advance(self, now):
                met.set()

        driver = Driver(Late(settings=AgentSettings(), entropy=os.urandom), lambda event: None)
        driver.transmit()
        driver.transmit()
        await met.wait()
        driver.close()

    run(story())


def test_what_goes_out_is_traced_with_the_moment_it_leaves(run):
    async def story():
        async with driven() as (driver, udp, _):
            watch = driver.agent.trace.watch(Wanted(), 60, driver.now())
            with bound() as phone:
                phone.sendto(OPTIONS, udp.local)
                answer = await heard(phone)
            asked, answered = driver.agent.trace.read(watch)
            assert (asked.outward, answered.outward, answered.data) == (False, True, answer)
            assert asked.at <= answered.at <= driver.now()

    run(story())
