"""Every key x every length x everything that phones and networks do to telephone-events: one digit each, in order, at once.

The matrix of black-box test 11 of our interoperability notes, all of it in one engine: each case is a row, and all rows are
fed at the same time, as RTP packets with audio between them.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from media import control
from media.engine import Engine
from media.telephone_event import DIGITS
from tests.media.wire import HERE, packet, slots

DURATIONS_MS = (40, 100, 500)
GAP_MS = 40
START_S = 1_000.0
LATENCY_S = 0.1
"""From the moment the first packet of a press is sent to the moment its digit is told."""


@dataclass(frozen=True, slots=True)
class Packet:
    """What a phone sends, and when."""

    at: float
    data: bytes
    end: int = 0
    """The first, second or third of the ends; 0: of the press or audio."""
    audio: bool = False


@dataclass
class Phone:
    """How one sends telephone-events beside its audio."""

    clock: int = 8
    """Units per ms that events count: 48 where the phone thinks in Opus."""
    ends_numbered: bool = True
    """Each end packet has a sequence number of its own; recordings and some phones repeat one."""
    own_ssrc: bool = False
    """Events are a source of their own with its own numbers (sipp)."""
    silent: bool = False
    """No audio at all, only keys (twinkle)."""
    both: bool = False
    """Audio goes on while a key is down (baresip)."""
    marker: bool = True
    packets: list[Packet] = field(default_factory=list)
    sequence: int = 65_500
    event_sequence: int = 7

    def _event(self, at: float, digit: str, stamp: int, duration_ms: int, *, end: int, first: bool) -> None:
        counted = min(duration_ms * self.clock, 0xFFFF)
        payload = struct.pack("!BBH", DIGITS.index(digit), 0x8A if end else 0x0A, counted)
        if self.ends_numbered or end <= 1:
            self.sequence += not self.own_ssrc
            self.event_sequence += self.own_ssrc
        data = packet(
            payload,
            sequence=self.event_sequence if self.own_ssrc else self.sequence,
            timestamp=stamp,
            payload_type=101,
            ssrc=0x01020305 if self.own_ssrc else 7,
            marker=first and self.marker,
        )
        self.packets.append(Packet(at, data, end))

    def _audio(self, at: float) -> None:
        self.sequence += 1
        stamp = round((at - START_S) * 8_000) + 0xFFFFF000
        self.packets.append(
            Packet(at, packet(b"\xff" * 160, sequence=self.sequence, timestamp=stamp), audio=True)
        )

    def dial(self, text: str, duration_ms: int) -> list[float]:
        """Keys one after another, `GAP_MS` between them; returns when each is pressed."""
        at, pressed = START_S + 0.1, []
        for digit in text:
            pressed.append(at)
            stamp = round((at - START_S) * 1_000 * self.clock) + 0xFFFF0000
            ticks = duration_ms // 20
            for tick in range(ticks):
                if self.both:
                    self._audio(at + tick * 0.02)
                self._event(at + tick * 0.02, digit, stamp, (tick + 1) * 20, end=0, first=tick == 0)
            for end in (1, 2, 3):
                self._event(at + ticks * 0.02, digit, stamp, duration_ms, end=end, first=False)
            if not self.silent:
                self._audio(at + ticks * 0.02 + 0.02)
            at += (duration_ms + GAP_MS) / 1_000
        return pressed


Network = Callable[[list[Packet], random.Random], list[Packet]]


def clean(packets: list[Packet], _random: random.Random) -> list[Packet]:
    return packets


def ends_lost(count: int) -> Network:
    def lose(packets: list[Packet], _random: random.Random) -> list[Packet]:
        return [each for each in packets if not 0 < each.end <= count]

    return lose


def losing(part: float) -> Network:
    def lose(packets: list[Packet], chance: random.Random) -> list[Packet]:
        return [each for each in packets if chance.random() >= part]

    return lose


def tripling(packets: list[Packet], _random: random.Random) -> list[Packet]:
    return [each for each in packets for _ in range(3)]


def shuffling(packets: list[Packet], chance: random.Random) -> list[Packet]:
    """Each is overtaken by up to three, which is what 60 ms of jitter do."""
    late = [(each.at + chance.uniform(0, 0.06), index) for index, each in enumerate(packets)]
    return [
        Packet(at, packets[index].data, packets[index].end, packets[index].audio)
        for at, index in sorted(late)
    ]


CASES: dict[str, tuple[Phone, Network]] = {
    "as the RFC has it": (Phone(), clean),
    "first end lost": (Phone(), ends_lost(1)),
    "two ends lost": (Phone(), ends_lost(2)),
    "all ends lost": (Phone(), ends_lost(3)),
    "every packet thrice": (Phone(), tripling),
    "ends with one number": (Phone(ends_numbered=False), clean),
    "reordered by three": (Phone(), shuffling),
    "own source": (Phone(own_ssrc=True), clean),
    "counted at 48 kHz": (Phone(clock=48), clean),
    "audio under the key": (Phone(both=True), clean),
    "keys and nothing else": (Phone(silent=True), clean),
    "no marker": (Phone(marker=False), clean),
    "all of it": (Phone(clock=48, ends_numbered=False, own_ssrc=True, both=True), shuffling),
    "all of it, ends lost": (Phone(clock=48, own_ssrc=True, silent=True), ends_lost(3)),
}


@dataclass
class Row:
    """One case."""

    text: str
    pressed: list[float]
    packets: list[Packet]
    told: list[tuple[str, float]] = field(default_factory=list)

    @property
    def digits(self) -> str:
        return "".join(digit for digit, _ in self.told)


def texts() -> list[str]:
    """Each key, the same again, and another."""
    return [digit * 2 + DIGITS[(number + 5) % 16] for number, digit in enumerate(DIGITS)]


def rows(phone: Phone, network: Network, duration_ms: int, *, seed: int, times: int = 1) -> list[Row]:
    """One for each key of the sixteen, so many times."""
    made = []
    for number, text in enumerate(texts() * times):
        mine = Phone(phone.clock, phone.ends_numbered, phone.own_ssrc, phone.silent, phone.both, phone.marker)
        pressed = mine.dial(text, duration_ms)
        made.append(Row(text, pressed, network(mine.packets, random.Random(f"{seed} {number}"))))
    return made


def walk(cases: list[Row]) -> None:
    """Feed all rows at once, tick by tick, each batch in the order of arrival."""
    engine = Engine(len(cases))
    for number in range(len(cases)):
        engine.apply(
            control.OpenStream(
                number + 1,
                control.Format(control.Codec.PCMU, 0, 101),
                ssrc=number,
                sequence=0,
                timestamp=0,
                cname="matrix",
                remote=control.Endpoint(*HERE),
                latched=True,
            ),
            START_S,
        )
    arriving = sorted(
        (
            (each.at, number, place, each)
            for number, row in enumerate(cases)
            for place, each in enumerate(row.packets)
        ),
        key=lambda each: each[:3],
    )
    at = 0
    for tick in range(1, round((arriving[-1][0] - START_S) / 0.02) + 20):
        now = START_S + tick * 0.02
        until = next((i for i in range(at, len(arriving)) if arriving[i][0] >= now - 1e-9), len(arriving))
        batch, at = arriving[at:until], until
        if batch:
            block, lengths = slots([each[3].data for each in batch])
            mine = np.array([engine.row(each[1] + 1) for each in batch], np.intp)
            engine.receive(mine, lengths, np.array([each[0] for each in batch]), block, {})
        engine.tick(now)
        for event in engine.events():
            if isinstance(event, control.DigitReceived):
                assert event.way == "event"
                cases[event.stream - 1].told.append((event.digit, now))


@pytest.mark.parametrize("duration_ms", DURATIONS_MS)
def test_every_key_is_told_once_in_order_and_at_once(duration_ms: int) -> None:
    table = {
        name: rows(phone, network, duration_ms, seed=seed)
        for seed, (name, (phone, network)) in enumerate(CASES.items())
    }
    walk(list(itertools.chain(*table.values())))
    wrong = {
        f"{name}, {row.text}": row.digits
        for name, mine in table.items()
        for row in mine
        if row.digits != row.text
    }
    assert wrong == {}
    for mine in table.values():
        for row in mine:
            waits = [now - at for (_, now), at in zip(row.told, row.pressed, strict=True)]
            assert max(waits) < LATENCY_S


@pytest.mark.parametrize(("part", "least"), [(0.01, 1.0), (0.1, 0.999), (0.3, 0.99)])
def test_loss_costs_hardly_a_key_and_doubles_none(part: float, least: float) -> None:
    """99.9 % at 10 %: of a press of 40 ms five packets would all have to be lost."""
    cases = [
        row
        for duration_ms in DURATIONS_MS[:2]
        for row in rows(Phone(), losing(part), duration_ms, seed=duration_ms, times=12)
    ]
    walk(cases)
    keyed = sum(len(row.text) for row in cases)
    right = 0
    for row in cases:
        rest = iter(row.text)
        assert all(digit in rest for digit in row.digits), f"{row.text} was told as {row.digits}"
        right += len(row.digits)
    assert right >= least * keyed


def test_a_flash_of_the_hook_is_no_key() -> None:
    """Event 16 (RFC 4733 section 3.2) is offered by us as by everybody, and means nothing to a conference."""
    phone = Phone()
    phone.dial("5", 100)
    flash = [
        Packet(each.at, each.data[:12] + bytes([16]) + each.data[13:])
        for each in phone.packets
        if not each.audio
    ]
    case = Row("", [], flash)
    walk([case])
    assert case.digits == ""
