"""Packets as phones send them, for the tests of the media plane."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from media import control, laws, rtp
from media.engine import Engine, Outgoing

TICK_S = 0.02
HERE = ("192.0.2.10", 4000)
G711 = laws.CODECS


def packet(
    payload: bytes,
    *,
    sequence: int,
    timestamp: int,
    payload_type: int = 0,
    ssrc: int = 7,
    marker: bool = False,
    first: int = 0x80,
) -> bytes:
    """One RTP packet."""
    second = payload_type | (0x80 if marker else 0)
    return struct.pack("!BBHII", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def slots(packets: Sequence[bytes]) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """Packets as the sockets hand them over: slots and lengths."""
    block = np.zeros(len(packets), rtp.PACKET_IN)
    for index, data in enumerate(packets):
        kept = data[: rtp.SLOT_BYTES]
        block["bytes"][index, : len(kept)] = np.frombuffer(kept, np.uint8)
    return block, np.array([min(len(data), rtp.SLOT_BYTES) for data in packets], np.intp)


def tone(
    frequency_hz: float, samples: int, *, start: int = 0, amplitude: float = 8_000.0
) -> NDArray[np.int16]:
    """A sine that goes on from sample `start`."""
    time = np.arange(start, start + samples) / 8_000
    return np.round(amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


def power_at(frame: NDArray[np.int16], frequency_hz: float) -> float:
    """Amplitude of one frequency in some samples."""
    time = np.arange(len(frame)) / 8_000
    turn = np.exp(-2j * np.pi * frequency_hz * time)
    return float(2 * abs((frame * turn).sum()) / len(frame))


def not_in_block(engine: Engine, outgoing: Outgoing) -> list[tuple[int, bytes]]:
    """Packets of a tick that are not in the block: rows, and octets."""
    loose = zip(outgoing.loose.tolist(), outgoing.lengths.tolist(), strict=True)
    return [*((row, engine.loose[row, :length].tobytes()) for row, length in loose), *outgoing.events]


@dataclass
class Phone:
    """A caller of an engine: sends what it is given, keeps what it hears."""

    engine: Engine
    stream: int
    law: g711.Law = g711.Law.MU
    sequence: int = 100
    timestamp: int = 5_000
    heard: list[NDArray[np.int16]] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)

    @property
    def row(self) -> int:
        row = self.engine.row(self.stream)
        assert row is not None
        return row

    def audio(self, frame: NDArray[np.int16] | None = None) -> bytes:
        """The next packet: `frame`, or silence."""
        codes = g711.encode(np.zeros(160, np.int16) if frame is None else frame, self.law)
        data = packet(
            codes.tobytes(),
            sequence=self.sequence,
            timestamp=self.timestamp,
            payload_type=0 if self.law is g711.Law.MU else 8,
        )
        self.sequence += 1
        self.timestamp += len(codes)
        return data

    def samples(self, ticks: int) -> NDArray[np.int16]:
        """What the last `ticks` ticks sounded like."""
        return np.concatenate(self.heard[-ticks:])


class World:
    """An engine, its callers and a clock."""

    def __init__(self, rows: int = 64) -> None:
        self.engine = Engine(rows)
        self.now = 1_000.0
        self.phones: dict[int, Phone] = {}
        self.events: list[control.AnyEvent] = []

    def call(
        self,
        stream: int,
        *,
        room: int = control.NO_ROOM,
        codec: control.Codec = control.Codec.PCMU,
        latched: bool = True,
        telephone_event: int = 101,
        rtp_timeout_s: float = 60.0,
        tones: bool = False,
        srtp: control.Srtp | None = None,
        hear_first: bool = False,
    ) -> Phone:
        """A caller joins."""
        self.apply(
            control.OpenStream(
                stream,
                control.Format(
                    codec, int(codec), telephone_event, tones=tones, srtp=srtp, hear_first=hear_first
                ),
                ssrc=stream,
                sequence=10,
                timestamp=20,
                cname="test",
                remote=control.Endpoint(*HERE),
                latched=latched,
                room=room,
                rtp_timeout_s=rtp_timeout_s,
            )
        )
        law = g711.Law.A if codec is control.Codec.PCMA else g711.Law.MU
        self.phones[stream] = Phone(self.engine, stream, law)
        return self.phones[stream]

    def apply(self, command: control.AnyCommand) -> None:
        self.engine.apply(command, self.now)

    def receive(
        self, phone: Phone, *packets: bytes, ago_s: float = 0.012, source: tuple[str, int] | None = None
    ) -> None:
        """Packets of one caller arrive."""
        block, lengths = slots(packets)
        rows = np.full(len(packets), phone.row, np.intp)
        sources = {} if source is None else dict.fromkeys(range(len(packets)), source)
        self.engine.receive(rows, lengths, np.full(len(packets), self.now - ago_s), block, sources)

    def tick(self) -> Outgoing:
        """20 ms pass; everybody hears a frame."""
        outgoing = self.engine.tick(self.now)
        for phone in self.phones.values():
            if phone.row in outgoing.rows:
                packet_out = self.engine.block[phone.row]
                phone.heard.append(g711.decode(packet_out["frame"][None], phone.law)[0])
                phone.marked.append(bool(packet_out["second"] & 0x80))
                phone.packets.append(packet_out.tobytes())
        self.engine.sent()
        self.events += self.engine.events()
        self.now += TICK_S
        return outgoing

    def talk(self, ticks: int, **tones: float) -> None:
        """For so long everybody sends; who is named (`p1=440`) a tone, the others silence."""
        for _ in range(ticks):
            for number, phone in self.phones.items():
                frequency = tones.get(f"p{number}")
                frame = None if frequency is None else tone(frequency, 160, start=phone.timestamp)
                self.receive(phone, phone.audio(frame))
            self.tick()
