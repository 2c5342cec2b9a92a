"""Real workers with real sockets: calls live on when a worker dies, and nobody is heard who must not be."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import socket
from collections.abc import Iterator

import numpy as np
import pytest

from dsp import g711
from media import control, rtp
from media.playback import SharedAudio
from media.srtp_out import PACKET_SECURED
from media.uring import UringUnavailableError
from media.uring_sockets import UringSockets
from tests.media.real import HOST, House, descriptors, together, udp_socket
from tests.media.secured import keys
from tests.media.wire import packet, tone

LOUD = 4_000.0
FAINT = 300.0


def shared_audio(pcm: np.ndarray) -> int:
    """A descriptor of the shared audio, as the prompts' library lays it out."""
    descriptor = os.memfd_create("audio")
    audio = SharedAudio(pcm, g711.encode(pcm, g711.Law.MU), g711.encode(pcm, g711.Law.A))
    os.write(descriptor, b"".join(part.tobytes() for part in audio))
    return descriptor


def ring_is_there() -> bool:
    try:
        UringSockets(rtp.outgoing_block(2), np.zeros(2, PACKET_SECURED), lambda: 0.0).close()
    except UringUnavailableError:
        return False
    return True


@pytest.fixture(scope="module", params=["epoll", "io_uring"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "io_uring" and not ring_is_there():
        pytest.skip("no io_uring here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RODA_SOCKETS", request.param)
        patch.setattr("media.pool.HEARTBEAT_S", 0.1)
        made = House()
        descriptor = shared_audio(tone(1_500.0, 4_000))
        made.run(made.load(descriptor, 4_000))
        yield made
        made.close()
        os.close(descriptor)


def test_a_killed_worker_is_replaced_on_the_same_sockets_and_nobody_else_notices(house: House) -> None:
    async def story() -> None:
        talker, listener = house.call(room=1), house.call(room=1)
        other, his_listener = house.call(room=2), house.call(room=2)
        everybody = (talker, listener, other, his_listener)
        await together(
            talker.talk(20, 440.0), listener.talk(20), other.talk(20, 880.0), his_listener.talk(20)
        )
        assert listener.loudness(440.0) > LOUD
        assert his_listener.loudness(880.0) > LOUD
        home = next(
            index for index, (_, table) in enumerate(house.pool.tables()) if talker.stream in table.stream
        )
        house.pool.send(control.Play(listener.stream, 901, [control.Segment(0, 4_000)]))
        house.pool.send(control.Mute(other.stream, muted=True))
        replaced = house.pool.replaced
        os.kill(house.pool.pids()[home], signal.SIGKILL)
        await together(
            talker.talk(40, 440.0), listener.talk(40), other.talk(40, 880.0), his_listener.talk(40)
        )
        assert house.pool.replaced == replaced + 1
        assert listener.loudness(440.0) > LOUD
        for phone in everybody:
            # Each packet follows the last; what the dead worker did not send may be missing, nothing comes again.
            assert set(phone.steps()) <= {1, 2}
            assert len({header[2] for header in phone.headers}) == 1
        assert set(his_listener.steps()) == {1}
        assert max(his_listener.gaps_s()[20:]) < 0.5
        assert his_listener.loudness(880.0) < FAINT
        stamps = [header[1] for header in listener.headers]
        passed = [(later - earlier) & 0xFFFFFFFF for earlier, later in itertools.pairwise(stamps)]
        assert all(160 <= step < 8_000 * 3 and step % 160 == 0 for step in passed)
        talker.press(7)
        await house.told(lambda event: event == control.DigitReceived(talker.stream, "7"))
        await listener.talk(5)
        await house.told(lambda event: isinstance(event, control.PlaybackEnded) and event.playback == 901)
        await house.hang_up(*everybody)

    house.run(story())


@pytest.mark.parametrize("suite", [control.Suite.AES_CM_128_HMAC_SHA1_80, control.Suite.AEAD_AES_128_GCM])
def test_secured_audio_goes_on_when_its_worker_is_killed_and_when_it_moves(
    house: House, suite: control.Suite
) -> None:
    """Under the same keys, by numbers that go on: libsrtp would not take one twice."""

    async def story() -> None:
        talker = house.call(room=31, srtp=keys(suite, 1))
        listener = house.call(room=31, srtp=keys(suite, 2))
        mover = house.call(room=32, srtp=keys(suite, 3))
        await together(talker.talk(20, 440.0), listener.talk(20), mover.talk(20))
        assert listener.loudness(440.0) > LOUD
        home = next(
            index for index, (_, table) in enumerate(house.pool.tables()) if talker.stream in table.stream
        )
        os.kill(house.pool.pids()[home], signal.SIGKILL)
        await together(talker.talk(40, 440.0), listener.talk(40), mover.talk(40))
        assert listener.loudness(440.0) > LOUD
        talker.press(7)
        await house.told(lambda event: event == control.DigitReceived(talker.stream, "7"))
        house.pool.send(control.Route(mover.stream, 31))
        await together(talker.talk(50, 440.0), listener.talk(50), mover.talk(50))
        assert mover.loudness(440.0) > LOUD
        for phone in (talker, listener, mover):
            assert set(phone.steps()) <= {1, 2}
        await house.hang_up(talker, listener, mover)
        closed = [event for event in house.events if isinstance(event, control.StreamClosed)]
        refused = {event.stream: event.refused for event in closed}
        assert [refused[phone.stream] for phone in (talker, listener, mover)] == [0, 0, 0]

    house.run(story())


def test_a_worker_that_hangs_is_replaced_too(house: House) -> None:
    async def story() -> None:
        talker, listener = house.call(room=3), house.call(room=3)
        await together(talker.talk(10, 440.0), listener.talk(10))
        home = next(
            index for index, (_, table) in enumerate(house.pool.tables()) if talker.stream in table.stream
        )
        os.kill(house.pool.pids()[home], signal.SIGSTOP)
        await together(talker.talk(30, 440.0), listener.talk(30))
        assert listener.loudness(440.0) > LOUD
        assert set(listener.steps()) <= {1, 2}
        await house.hang_up(talker, listener)

    house.run(story())


def test_a_stream_moves_to_its_rooms_worker_with_its_numbers_and_what_it_was_told(house: House) -> None:
    async def story() -> None:
        one, two = house.call(room=11), house.call(room=12)
        await together(one.talk(5, 440.0), two.talk(5))
        tables = [table for _, table in house.pool.tables()]
        assert [one.stream in table.stream for table in tables] != [
            two.stream in table.stream for table in tables
        ]
        house.pool.send(control.Play(two.stream, 902, [control.Segment(0, 4_000)]))
        house.pool.send(control.Route(two.stream, 11))
        house.pool.send(control.Mute(two.stream, muted=True))
        await together(one.talk(50, 440.0), two.talk(50, 880.0))
        assert two.loudness(440.0) > LOUD
        assert one.loudness(880.0) < FAINT
        assert set(two.steps()) == {1}
        assert len({header[2] for header in two.headers}) == 1
        await house.told(lambda event: isinstance(event, control.PlaybackEnded) and event.playback == 902)
        await house.hang_up(one, two)

    house.run(story())


def test_a_stream_that_is_moving_survives_the_death_of_either_worker(house: House) -> None:
    async def story() -> None:
        for victim in (0, 1):
            one, two = house.call(room=13), house.call(room=14)
            await together(one.talk(5), two.talk(5))
            house.pool.send(control.Route(two.stream, 13))
            os.kill(house.pool.pids()[victim], signal.SIGKILL)
            await together(one.talk(25, 440.0), two.talk(25, 880.0))
            assert two.loudness(440.0) > LOUD
            assert one.loudness(880.0) > LOUD
            assert set(two.steps()) <= {1, 2}
            await house.hang_up(one, two)

    house.run(story())


def test_a_wrong_source_is_never_heard_and_never_sent_to(house: House) -> None:
    async def story() -> None:
        talker, listener = house.call(room=21), house.call(room=21)
        with udp_socket() as stranger:
            for number in range(3):  # before the phone has said a word
                talker.send(1_000.0, by=stranger)
                assert number >= 0
            await together(talker.talk(10), listener.talk(10))
            for _ in range(20):
                noise = packet(
                    g711.encode(tone(1_000.0, 160), g711.Law.MU).tobytes(), sequence=1, timestamp=1
                )
                for _ in range(5):
                    stranger.sendto(noise, (HOST, talker.port))
                await together(talker.talk(1, 440.0), listener.talk(1))
            assert listener.loudness(440.0) > LOUD
            assert listener.loudness(1_000.0) < FAINT
            with pytest.raises(BlockingIOError):
                stranger.recv(2_000)
        await house.hang_up(talker, listener)

    house.run(story())


def test_a_renegotiated_source_is_learned_and_the_old_one_forgotten(house: House) -> None:
    async def story() -> None:
        talker, listener = house.call(room=22), house.call(room=22)
        await together(talker.talk(10, 440.0), listener.talk(10))
        old, talker.socket = talker.socket, udp_socket()
        house.pool.send(
            control.UpdateStream(
                talker.stream, control.Format(control.Codec.PCMU, 0, 101), remote=talker.endpoint
            )
        )
        await together(talker.talk(15, 440.0), listener.talk(15))
        assert listener.loudness(440.0) > LOUD
        there = talker.endpoint
        await house.told(lambda event: event == control.SourceLatched(talker.stream, there))
        while True:  # what was sent before the change
            try:
                old.recv(2_000)
            except BlockingIOError:
                break
        for _ in range(10):
            talker.send(1_000.0, by=old)
            talker.sequence -= 1
            talker.timestamp -= 160
            await together(talker.talk(1), listener.talk(1))
        assert listener.loudness(1_000.0) < FAINT
        with pytest.raises(BlockingIOError):
            old.recv(2_000)
        old.close()
        await house.hang_up(talker, listener)

    house.run(story())


def test_a_peer_that_is_gone_does_not_disturb_the_others(house: House) -> None:
    async def story() -> None:
        talker, listener, gone = house.call(room=23), house.call(room=23), house.call(room=23)
        await together(talker.talk(10, 440.0), listener.talk(10), gone.talk(10))
        gone.socket.close()  # from now on the kernel answers for it: port unreachable
        await together(talker.talk(30, 440.0), listener.talk(30))
        assert listener.loudness(440.0) > LOUD
        assert set(listener.steps()) == {1}
        await house.hang_up(talker, listener, gone)

    house.run(story())


def test_two_hundred_calls_leave_no_descriptor_and_no_port_behind(house: House) -> None:
    async def story() -> None:
        await house.hang_up(*(house.call(room=31) for _ in range(5)))
        pids = [os.getpid(), *house.pool.pids()]
        gc.collect()  # what other tests left behind goes now, not in between
        before = [descriptors(pid) for pid in pids]
        ports, capacity = house.ports.free, house.pool.capacity_left
        # More at once than descriptors fit one message; then some by turns.
        await house.hang_up(*(house.call(room=31) for _ in range(150)))
        for _ in range(5):
            await house.hang_up(*(house.call(room=31 + number % 3) for number in range(10)))
        assert [descriptors(pid) for pid in pids] == before
        assert (house.ports.free, house.pool.capacity_left) == (ports, capacity)

    house.run(story())


def test_the_port_of_a_call_that_ended_can_be_had_at_once(house: House) -> None:
    async def story() -> None:
        phone = house.call(room=32)
        await phone.talk(3)
        port = phone.port
        await house.hang_up(phone)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind((HOST, port))

    house.run(story())
