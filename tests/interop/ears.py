"""What somebody in a call hears as the call goes on: prompts that begin, silence, the tones of these people and of no others.

Everything that takes its time is waited for by ear.
"""

from __future__ import annotations

import numpy as np

from tests.interop.listening import RATE_HZ, SILENCE_DBOV, levels, levels_at
from tests.interop.started import until

TONES_HZ = (440.0, 660.0, 1000.0, 1240.0)
"""What people of the tests say: far enough apart to be told from each other within `MOMENT_S`, and no DTMF."""
MOMENT_S = 0.24
"""So much is listened to before it is said what is heard."""
LOUD_DBOV = -35.0
"""A tone that is heard is louder. They are said at -12 and -15."""
SHORT_S = 0.1
"""Half of a tone that tells something, such as the one after which a name is said, has two such pieces in it."""
FAINT_DBOV = -45.0
SOMETHING_ELSE = frozenset({0.0})
"""What `tones_in` says of speech, music and chimes."""


def tones_in(samples: np.ndarray) -> frozenset[float]:
    """Which of the tones these samples are made of; nothing for silence."""
    seconds = len(samples) / RATE_HZ
    (level,) = levels(samples, seconds=seconds)
    if level < SILENCE_DBOV:
        return frozenset()
    lines = {each: float(levels_at(samples, each, seconds=seconds)[0]) for each in TONES_HZ}
    heard = {each: line for each, line in lines.items() if line > LOUD_DBOV}
    explained = sum(10 ** (line / 10) for line in heard.values())
    return frozenset(heard) if explained > 0.8 * 10 ** (level / 10) else SOMETHING_ELSE


class Ears:
    """Of whoever can say what they have heard since a mark."""

    def mark(self) -> int:
        """How many samples have been heard."""
        raise NotImplementedError

    def since(self, mark: int) -> np.ndarray:
        """What was heard since then, float, full scale 1."""
        raise NotImplementedError

    def hears(self) -> frozenset[float]:
        """Which tones are heard now."""
        wanted = round(MOMENT_S * RATE_HZ)
        latest = self.since(max(0, self.mark() - wanted))[-wanted:]
        return tones_in(latest) if len(latest) == wanted else SOMETHING_ELSE

    def until_hears(self, *frequencies_hz: float) -> None:
        """Wait until these tones are heard and nothing beside; none: silence."""
        wanted = frozenset(frequencies_hz)
        until(lambda: self.hears() == wanted, f"{self} to hear {sorted(wanted) or 'silence'}")

    def until_told(self, *beside: float) -> None:
        """Wait until something is said: neither silence nor the tones of these people."""
        allowed = {frozenset(), frozenset(beside)}
        until(lambda: self.hears() not in allowed, f"{self} to be told something")

    def listen(self, seconds: float) -> np.ndarray:
        """What is heard from now on, for so long."""
        mark, wanted = self.mark(), round(seconds * RATE_HZ)
        until(lambda: self.mark() - mark >= wanted, f"{seconds:g} s of audio for {self}")
        return self.since(mark)[:wanted]

    def hears_for(self, seconds: float) -> frozenset[float]:
        """Which tones are heard all the time from now on, for so long."""
        return tones_in(self.listen(seconds))

    def until_heard(self, frequency_hz: float, mark: int, *, alone: bool = True) -> float:
        """Wait until this tone has been there since then, for a moment; after how many seconds it was."""

        def rung() -> np.ndarray:
            samples = self.since(mark)
            if len(samples) < SHORT_S * RATE_HZ:
                return np.zeros(0)
            line, whole = levels_at(samples, frequency_hz, seconds=SHORT_S), levels(samples, seconds=SHORT_S)
            return np.flatnonzero((line > LOUD_DBOV) & ((whole - line < 1) | (not alone)))

        until(lambda: rung().size, f"{self} to hear {frequency_hz:g} Hz")
        return float(rung()[0]) * SHORT_S

    def told_s(self, mark: int, *beside: float) -> float:
        """For how long since then something was said to them."""
        allowed = {frozenset(), frozenset(beside)}
        samples, step = self.since(mark), round(MOMENT_S * RATE_HZ)
        pieces = (samples[start : start + step] for start in range(0, len(samples) - step + 1, step))
        return sum(tones_in(piece) not in allowed for piece in pieces) * MOMENT_S

    def never_heard(self, mark: int, frequency_hz: float) -> bool:
        """Whether there was nothing of this tone since then. Another that begins or ends has a little of every frequency."""
        return bool((levels_at(self.since(mark), frequency_hz, seconds=MOMENT_S) < FAINT_DBOV).all())
