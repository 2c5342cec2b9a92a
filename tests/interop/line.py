"""A telephone whose owner talks all the time: a steady tone out, packet by packet, and all that comes back kept."""

from __future__ import annotations

import struct
import threading
import time
from typing import Self

import numpy as np

from tests.interop.ears import Ears
from tests.interop.phone import FRAME_BYTES, FRAME_S, Phone, linear, tone

HEADER_BYTES = 12
SILENCE = b"\xff" * FRAME_BYTES
SYLLABLES_HZ = 3.0


class Line(Ears):
    """A phone in a call, and its owner. `with` ends the call, where it is still up."""

    def __init__(self, phone: Phone, frequency_hz: float = 0.0) -> None:
        self.phone = phone
        self.say(frequency_hz)
        self._in_call = False
        self._heard: list[bytes] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._talk)

    def __str__(self) -> str:
        return self.phone.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._in_call:
            self.hang_up()
        self.phone.__exit__()

    # Doing

    def call(self, number: str) -> None:
        """Call, be answered, and begin to talk."""
        self.phone.join(number)
        self._in_call = True
        self._thread.start()

    def key(self, keys: str) -> None:
        """Press keys, told by INFO."""
        self.phone.key_by_info(keys)

    def say(self, frequency_hz: float, *, in_syllables: bool = False) -> None:
        """This tone from now on; 0: silence. In syllables it counts for speech, where a steady one does not."""
        swell_hz = SYLLABLES_HZ if in_syllables else 0.0
        self._said = tone(frequency_hz, 1.0, swell_hz=swell_hz) if frequency_hz else b""

    def hang_up(self) -> None:
        self._in_call = False
        self.phone.hang_up()

    def be_hung_up(self) -> None:
        """Wait until the bridge ends the call, and let it."""
        self.phone.be_hung_up()
        self._in_call = False

    def be_cut_off(self) -> None:
        """Know that the bridge is no more."""
        self._in_call = False

    # Hearing

    def mark(self) -> int:
        return len(self._heard) * FRAME_BYTES

    def since(self, mark: int) -> np.ndarray:
        return linear(b"".join(self._heard[mark // FRAME_BYTES :])) / 32_768

    def _talk(self) -> None:
        audio, number, start = self.phone.audio, 0, time.monotonic()
        while not self._over.is_set():
            at = number * FRAME_BYTES % max(1, len(self._said))
            said = self._said[at : at + FRAME_BYTES] or SILENCE
            header = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * FRAME_BYTES, self.phone.port)
            try:
                audio.send(header + said)
                while True:
                    self._heard.append(audio.recv(2048)[HEADER_BYTES:])
            except OSError:  # nothing more has come, or nobody is at the other end
                pass
            number += 1
            time.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))
