"""What phones say and key, as RTP: tones in a loop of a second, silence, telephone-events."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

from dsp import g711
from dsp.tones import dtmf
from media.telephone_event import DIGITS

FRAME = 160
AMPLITUDE = 4_000.0
"""Of a voice: -21 dBov."""


@cache
def tone(frequency_hz: int, law: g711.Law, amplitude: float = AMPLITUDE) -> tuple[bytes, ...]:
    """A second of a sine in packets; a whole number of periods, so that it can go round."""
    time = np.arange(8_000) / 8_000
    wave = np.round(amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)
    codes = g711.encode(wave.reshape(-1, FRAME), law)
    return tuple(frame.tobytes() for frame in codes)


@cache
def syllables(frequency_hz: int, law: g711.Law, amplitude: float = AMPLITUDE) -> tuple[bytes, ...]:
    """The same, spoken: four syllables a second, and between them it is 30 dB softer, as between those of people. What
    tells speech from a hum or from a noise that comes to stay takes it for speech.
    """
    time = np.arange(8_000) / 8_000
    loudness = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * time)
    wave = np.round(amplitude * loudness * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)
    return tuple(frame.tobytes() for frame in g711.encode(wave.reshape(-1, FRAME), law))


@cache
def street(frequency_hz: int, law: g711.Law, amplitude: float, noise: float) -> tuple[bytes, ...]:
    """Words (none: 0) from beside a street, whose steady noise has this root mean square."""
    time = np.arange(8_000) / 8_000
    loudness = amplitude * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * time))
    traffic = np.random.default_rng(8).normal(0.0, noise, len(time))
    wave = np.round(loudness * np.sin(2 * np.pi * frequency_hz * time) + traffic)
    return tuple(frame.tobytes() for frame in g711.encode(wave.astype(np.int16).reshape(-1, FRAME), law))


@cache
def key(digit: str, packets: int, law: g711.Law) -> tuple[bytes, ...]:
    """The tones of a key (ITU-T Q.23)."""
    codes = g711.encode(dtmf(digit, duration_ms=20 * packets).reshape(-1, FRAME), law)
    return tuple(frame.tobytes() for frame in codes)


@cache
def silence(law: g711.Law) -> bytes:
    return bytes([0xFF if law is g711.Law.MU else 0xD5]) * FRAME


def packet(payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """One RTP packet; the marker bit is part of `payload_type`."""
    return struct.pack("!BBHII", 0x80, payload_type, sequence, timestamp, ssrc) + payload


def event(key: str, duration: int, *, end: bool) -> bytes:
    """Payload of a telephone-event (RFC 4733 section 2.3)."""
    return struct.pack("!BBH", DIGITS.index(key), 0x8A if end else 0x0A, duration)
