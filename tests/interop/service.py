"""A bridge that calls out: a trunk, an operator's telephone, and passcode pairs of level 3 with short ways in.

The trunk is a port where each test lets answer whom it likes. What is said in the room's own voice (tones at entry,
names) is off for one pair and on for the other, so that what is heard is what people say. Every prompt has a recording of
the operator's own: a short chord, told from people's tones by ear, so that a test need not wait for sentences to end.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.interop.line import Line
from tests.interop.phone import Phone
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, ROOT, Bridge, free_port, until

OPERATOR = "olga"
RING_S = 5
"""The least that the configuration takes."""

WORDS_S, WORDS_RATE_HZ = 0.5, 16_000
WORDS_HZ = (300.0, 820.0, 1700.0)
"""What a prompt sounds like, but for these."""
SAID_HZ = {
    "dial_connected": 1380.0,
    "dial_busy": 1460.0,
    "dial_declined": 1540.0,
    "dial_unknown": 1620.0,
    "dial_congested": 1780.0,
    "dial_no_answer": 1860.0,
    "dial_hung_up": 1940.0,
}

CALLING_OUT = """
[prompts]
directory = "recordings"

[[trunks]]
name = "carrier"
address = "{host}:{trunk}"
{more}

[dial_out]
enabled = true
ring_s = {ring_s}
night_from_hour = 0
night_until_hour = 0
sip_domains = ["{host}"]

[[dial_out.prefixes]]
prefix = "+55"
price_per_minute = 0.1

[blast]
calls_per_second = 10
attempts = 2
retry_after_s = 60.0
ring_s = 30.0

[[operators]]
name = "{operator}"
address = "sip:{operator}@{host}:{desk}"
"""


class Pair:
    """A passcode pair, as `roda passcode new` has said it."""

    def __init__(self, said: str) -> None:
        self.number = int(re.search(r"Pair (\d+)", said)[1])
        self.moderator, self.participant = re.findall(r"\b\d{8}\b", said)
        self.counter_password = re.search(r"counter-password (\d+)", said)[1]

    @property
    def moderators_keys(self) -> str:
        return f"{self.moderator}#{self.counter_password}#"


class Service(Bridge):
    """`roda serve` with all that goes out of a conference. `trunk` is what the configuration says of the trunk besides."""

    def __init__(self, folder: Path, trunk: str = "ping_s = 0") -> None:
        self.trunk, self.desk = free_port(), free_port()
        super().__init__(
            folder,
            CALLING_OUT.format(
                host=LOOPBACK, trunk=self.trunk, more=trunk, desk=self.desk, operator=OPERATOR, ring_s=RING_S
            ),
        )
        _record_prompts(folder / "recordings/en")
        self.roda("customer", "add", "Acme")
        options = ("--level", "3", "--language", "en", "--no-end-with-moderator")
        quiet, named = (
            ("--no-tones", "--no-names", "--name", "Quiet"),
            ("--no-tones", "--names", "--name", "Named"),
        )
        with ThreadPoolExecutor() as at_once:
            made = at_once.map(
                lambda more: self.roda("passcode", "new", "Acme", *options, *more), (quiet, named)
            )
            self.quiet, self.named = map(Pair, made)

    # Coming in

    def moderator(self, frequency_hz: float) -> Line:
        """Somebody to become moderator of the quiet pair."""
        return self._comes(Line(Phone(self.address), frequency_hz), self.quiet.moderators_keys)

    def participant(self, frequency_hz: float) -> Line:
        return self._comes(Line(Phone(self.address), frequency_hz), f"{self.quiet.participant}#")

    def _comes(self, line: Line, keys: str) -> Line:
        line.call(ACCESS_NUMBER)
        line.key(keys)
        self.leg(line)
        return line

    def leg(self, line: Line) -> int:
        """The number of a caller's leg, once it is in a conference."""
        return int(self.event("joined", call_id=line.phone.call_id)["leg"])

    def give(self, by: str = "tests", **command: Any) -> None:
        """Give the conference a command, as `roda` does, and have it done."""
        given = self.ask(type="give", conference=self.conference(), command=command, by=by)
        assert given["done"], given

    # What happens

    def found(self, name: str, since: int = 0, **fields: Any) -> dict[str, Any] | None:
        """The first event with that name and these fields, of those after the first `since` of the name."""
        return next((row for row in self.events(name)[since:] if fields.items() <= row.items()), None)

    def event(self, name: str, since: int = 0, **fields: Any) -> dict[str, Any]:
        """The same, once there is one."""
        row: dict[str, Any] = until(
            lambda: self.found(name, since, **fields), f'"{name}" in the log, {fields}'
        )
        return row

    # What is

    def calls(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(type="list_calls")["rows"]
        return rows

    def conference(self) -> str:
        """The id of the one conference that is on."""
        (row,) = self.ask(type="list_conferences")["rows"]
        return str(row["id"])

    def roster(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(type="show_conference", conference=self.conference())["rows"]
        return rows

    def until_calls(self, count: int) -> None:
        until(lambda: len(self.calls()) == count, f"{count} calls to be up")

    def until_empty(self) -> None:
        """Nobody is on the line, and every call out has its end on record."""
        self.until_calls(0)
        until(lambda: not self.ask(type="list_conferences")["rows"], "the conference to be over")


def _record_prompts(folder: Path) -> None:
    """Have a recording for each that the bridge brings in English, none longer than a word."""
    folder.mkdir(parents=True)
    time_s = np.arange(int(WORDS_S * WORDS_RATE_HZ)) / WORDS_RATE_HZ
    for theirs in (ROOT / "prompts/audio/en").glob("*.flac"):
        own = SAID_HZ.get(theirs.stem.partition(".")[0])
        words = sum(np.sin(2 * np.pi * each * time_s) for each in ((own,) if own else WORDS_HZ))
        soundfile.write(folder / f"{theirs.stem}.wav", 0.2 * words, WORDS_RATE_HZ)
