"""Keys pressed after the answer, as telephone events (RFC 4733): one script of frames, the same for every phone."""

from __future__ import annotations

from dataclasses import dataclass

EVENTS = {key: number for number, key in enumerate("0123456789*#ABCD")}
PRESS_MS = 100
REST_MS = 80
END_PACKETS = 3
"""RFC 4733 2.5.1.4: the last packet is sent three times."""
COMMA_MS = 1000
VOLUME_DBM0 = 10


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """One packet time: `event` is the 4-byte payload, or None for audio; `age` frames lie behind the event's first one."""

    event: bytes | None
    age: int = 0
    marker: bool = False


def script(keys: str, *, pause_s: float, ptime_ms: int) -> list[KeyFrame]:
    """Write the frames for `keys` after a pause; a comma is one second more. Unknown keys raise ValueError."""
    frames = [KeyFrame(None)] * round(pause_s * 1000 / ptime_ms)
    for key in keys.upper():
        if key == ",":
            frames += [KeyFrame(None)] * round(COMMA_MS / ptime_ms)
            continue
        if key not in EVENTS:
            raise ValueError(f"no such key: {key!r}")
        press = max(2, round(PRESS_MS / ptime_ms))
        samples = 8 * ptime_ms
        for age in range(press + END_PACKETS - 1):
            is_end = age >= press - 1
            duration = samples * min(age + 1, press)
            payload = bytes((EVENTS[key], (0x80 if is_end else 0) | VOLUME_DBM0)) + duration.to_bytes(
                2, "big"
            )
            frames.append(KeyFrame(payload, age, marker=age == 0))
        frames += [KeyFrame(None)] * max(1, round(REST_MS / ptime_ms))
    return frames
