"""What voice costs: the rows of crowds, bad networks, HD codecs, keys and long runs. `benchmarks.suite --only speed` runs them.

    python -m benchmarks.suite --only speed                       # forty minutes, thirty of them the last row
    python -m benchmarks.suite --only crowd,jitter,g722,opus      # some
    python -m benchmarks.suite --only speed --share 0.02 --seconds 5 --minutes 0.5     # whether all of it works, no more

Each row is a load test against a fresh server, but `srtp`, which is of our engine and its sockets alone (`benchmarks.secured`).
For `spread` it is a server of our own making, whose workers are too small for the room (`benchmarks.spread`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import capacity, hd, ports, secured, spread
from benchmarks.lines import Line, cpu_line, trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

SERVED = ">= 99.9 %, gap p99 <= 30 ms"
"""What `capacity.holds` asks for: the target of rows that have none of their own."""
JITTER_LIMIT_US = 10.0
SRTP_RATIO = 2.0
LONGEST_USUAL_GAP_MS = 40.0
"""p99.9 of a long run: two packet times."""
FLAT_KB = 2.0
"""By how much memory may grow over a long run for each participant, and still be flat: a tenth of what one needs. With 1,000 it is
what one small object left behind in each of 90,000 ticks comes to."""
WARM_UP_S = 60.0
"""Before the window of a long run: memory that is touched for the first time is no growth."""
HEARD_SHARE = 0.99
"""Of pairs in the windows that are judged, for HD: a window may lie across the packets in which a decoder comes to follow."""
SECURED_TICKS = 150
FILES = 10_000


@dataclass(slots=True)
class Speed:
    """The rows; `load` runs a load test with these arguments against a fresh server."""

    load: Callable[..., dict[str, Any]]
    console: Console
    share: float
    minutes: float
    seconds: float = 20.0
    ramp: float = 100.0
    log: str = ""

    def rows(self) -> dict[str, Callable[[], list[Line]]]:
        """Return the measurements by name, in the order of the table."""
        return {
            "talkers": self.many_talkers,
            "crowd": self.crowd,
            "spread": self.spread,
            "jitter": self.bad_networks,
            "g722": self.g722,
            "opus": self.opus,
            "opus_dtx": self.opus_dtx,
            "srtp": self.srtp,
            "endurance": self.endurance,
        }

    def many_talkers(self) -> list[Line]:
        people = self._people(1_000)
        record = self.load("--participants", people, "--talkers", "20")
        return [served_line(f"{people} in one room, 20 talkers", record, voices(record))]

    def crowd(self) -> list[Line]:
        people = self._people(3_000)
        return [served_line(f"{people} in one room", self.load("--participants", people))]

    def spread(self) -> list[Line]:
        people = self._people(6_000)
        self.console.print(f"  {people} in one room over two workers", style="dim")
        record = spread.measure(int(people), seconds=self.seconds, ramp=self.ramp, log=self.log)
        return [spread_line(f"{people} in one room over two workers", record)]

    def bad_networks(self) -> list[Line]:
        rooms = max(1, round(200 * self.share))
        everybody = ("--participants", str(5 * rooms), "--rooms", str(rooms))
        record = self.load(*everybody, "--network", "jitter 0-40, loss 3 %")
        name = f"{rooms} rooms of 5, all with jitter 0-40 ms and 3 % loss"
        return [cpu_line(name, JITTER_LIMIT_US, "", record)]

    def g722(self) -> list[Line]:
        return self._hd("g722", "500 on G.722", "silence")

    def opus(self) -> list[Line]:
        return self._hd("opus", "500 on Opus", "silence")

    def opus_dtx(self) -> list[Line]:
        return self._hd("opus", "500 on Opus with DTX", "dtx")

    def _hd(self, codec: str, name: str, quiet: str) -> list[Line]:
        people = self._people(500)
        name = f"{name.replace('500', people)}, 3 talkers"
        if reason := hd.missing(codec):
            return [Line(name, SERVED, "", f"skipped: {reason}", holds=False, record={})]
        record = self.load("--participants", people, "--talkers", "3", "--codec", codec, "--quiet", quiet)
        return [hd_line(name, record)]

    def srtp(self) -> list[Line]:
        people = self._people(500)
        self.console.print(f"  {people} with and without keys, in our own process", style="dim")
        ports.allow_files(FILES)
        kinds = [kind for kind in secured.KINDS if kind.each == 1]
        found = secured.measure(kinds, int(people), SECURED_TICKS)
        return [srtp_line(f"{people} on SRTP: {each['kind']}", each) for each in found[1:]]

    def endurance(self) -> list[Line]:
        people = self._people(1_000)
        seconds = str(self.minutes * 60)
        settle = str(min(WARM_UP_S, self.minutes * 10))
        record = self.load("--participants", people, "--seconds", seconds, "--settle", settle, "--endurance")
        return endurance_lines(f"{self.minutes:g} minutes of {people}", record)

    def _people(self, count: int) -> str:
        return str(max(5, round(count * self.share)))


def served_line(name: str, record: dict[str, Any], further: str = "") -> Line:
    """Make the row of a load that has to be served well, whatever it costs."""
    if not record.get("server"):
        return Line(name, SERVED, "", trouble(record), holds=False, record=record)
    delivery = record["delivery"]
    if not delivery["packets"]:
        return Line(name, SERVED, "", "nothing came back", holds=False, record=record)
    cost = f"{record['server']['cpu_us_per_participant_tick']:.2f} us a participant-tick"
    measured = f"{delivery['completeness']:.3%}, {delivery['gap_ms']['p99']:.1f} ms; {cost}{further}"
    served_well = capacity.holds(record)
    doubt = "" if record["is_valid"] else ", INVALID"
    return Line(name, SERVED, "", measured + doubt, served_well and record["is_valid"], record)


def voices(record: dict[str, Any]) -> str:
    """Say how many talkers a listener hears at once."""
    heard = record.get("hearing") or {}
    return (
        f"; {heard['pairs_heard'] / heard['windows']:.1f} voices heard at once"
        if heard.get("windows")
        else ""
    )


def spread_line(name: str, record: dict[str, Any]) -> Line:
    """Make the row of a room in two workers: served well, and everybody hears whoever talks in either, and nobody himself."""
    line = served_line(name, record)
    heard = record.get("hearing") or {}
    if not heard.get("pairs") or not record.get("spread"):
        why = "the room was in one worker" if record.get("hearing") else "nobody was heard"
        return Line(name, f"{SERVED}, all heard", "", f"{line.measured}; {why}", holds=False, record=record)
    share = heard["pairs_heard"] / heard["pairs"]
    spread_well = share >= HEARD_SHARE and not heard["own_heard"] and not heard["foreign_heard"]
    measured = f"{line.measured}; listeners hear {share:.1%} of the talkers"
    return Line(name, f"{SERVED}, all heard", "", measured, line.holds and spread_well, record)


def hd_line(name: str, record: dict[str, Any]) -> Line:
    """Make the row of an HD load: served well, and what listeners got holds the talkers and nobody's own voice."""
    line = served_line(name, record)
    if not record.get("payloads", {}).get("bytes"):
        return line
    heard, found = record["hearing"], record["payloads"]
    share = heard["pairs_heard"] / heard["pairs"] if heard["pairs"] else 0.0
    is_right = share >= HEARD_SHARE and not heard["own_heard"] and not heard["foreign_heard"]
    distinct = record["delivery"]["packets"] - record["delivery"]["duplicates"]
    measured = (
        f"{line.measured}; {distinct:,} distinct packets, payloads of {found['bytes']['least']:.0f} to "
        f"{found['bytes']['most']:.0f} bytes; {found['listeners_decoded']} listeners hear {share:.1%} of the talkers"
        + (f", {heard['own_heard']} times themselves" if heard["own_heard"] else ", never themselves")
    )
    return Line(name, f"{SERVED}, all heard", "", measured, line.holds and is_right, record)


def srtp_line(name: str, found: dict[str, Any]) -> Line:
    """Make the row of one kind of keys, beside the same without in the same ticks."""
    ratio = found["ratio_with_sockets"]
    measured = (
        f"{ratio:.2f} of plain; {found['with_sockets_us']:.1f} us, {found['engine_us']:.1f} of it the engine"
    )
    return Line(name, f"<= {SRTP_RATIO:g} of plain", "", measured, ratio <= SRTP_RATIO, found)


def endurance_lines(name: str, record: dict[str, Any]) -> list[Line]:
    """Make the two rows of a long run."""
    gap_target, memory_target = f"gap p99.9 <= {LONGEST_USUAL_GAP_MS:.0f} ms", f"flat (+{FLAT_KB:g} kB each)"
    server = record.get("server")
    if not server or not record["delivery"]["packets"]:
        return [Line(name, gap_target, "", trouble(record), holds=False, record=record)]
    gap_ms, all_up = record["delivery"]["gap_ms"], capacity.all_there(record)
    doubt = "" if record["is_valid"] else ", INVALID"
    gaps = f"{gap_ms['p999']:.1f} ms, largest {gap_ms['max']:.1f}; {record['delivery']['completeness']:.3%}"
    begin_kb, end_kb = server["pss_kb_at_start"], server["pss_kb_at_end"]
    growth_kb = (end_kb - begin_kb) / record["participants_up"]
    memory = f"{begin_kb / 1024:.1f} MB at the beginning, {end_kb / 1024:.1f} at the end ({growth_kb:+.1f} kB each)"
    is_sound = all_up and record["is_valid"]
    is_smooth = gap_ms["p999"] <= LONGEST_USUAL_GAP_MS
    return [
        Line(name, gap_target, "", gaps + doubt, is_sound and is_smooth, record),
        Line("... memory", memory_target, "", memory + doubt, is_sound and growth_kb <= FLAT_KB, {}),
    ]
