"""A bridge that calls out: a trunk, an operator's telephone, and passcode pairs of level 3 with short ways in.

The trunk is a port where each test lets answer whom it likes. What is said in the room's own voice (tones at entry,
names) is off for one pair and on for the other, so that what is heard is what people say.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.interop.line import Line
from tests.interop.phone import Phone
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, Bridge, free_port, until

OPERATOR = "olga"
RING_S = 5
"""The least that the configuration takes."""

CALLING_OUT = """
[dial_out]
enabled = true
trunk = "{host}:{trunk}"
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
    """`roda serve` with all that goes out of a conference."""

    def __init__(self, folder: Path) -> None:
        self.trunk, self.desk = free_port(), free_port()
        super().__init__(
            folder,
            CALLING_OUT.format(
                host=LOOPBACK, trunk=self.trunk, desk=self.desk, operator=OPERATOR, ring_s=RING_S
            ),
        )
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
