"""The rows of a table of figures: what, its target, what peers reach, what was found, and whether that will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks import capacity, processes, report

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: what, its target, what peers reach, and what was found."""

    name: str
    target: str
    peers: str
    measured: str
    holds: bool
    record: dict[str, Any]


def cpu_line(name: str, limit_us: float, peers: str, record: dict[str, Any]) -> Line:
    """Make the row of a load test's CPU."""
    server = record.get("server")
    if not server:
        return Line(name, f"<= {limit_us:.0f} us", peers, trouble(record), holds=False, record=record)
    cost = server["cpu_us_per_participant_tick"]
    served_well = capacity.holds(record) and record["is_valid"]
    doubt = ", NOT served well" if record["is_valid"] else ", INVALID"
    measured = f"{cost:.2f} us; {record['delivery']['completeness']:.3%}" + ("" if served_well else doubt)
    return Line(name, f"<= {limit_us:.0f} us", peers, measured, served_well and cost <= limit_us, record)


def trouble(record: dict[str, Any]) -> str:
    """Say why a row has no figure."""
    return (
        record["failed"].splitlines()[-1]
        if record.get("failed")
        else "; ".join(record.get("faults", [])) or "nothing heard"
    )


def show(title: str, lines: list[Line], console: Console) -> None:
    """Print the rows, and the machine's own line; what is no figure of a peer's has no column for it."""
    with_peers = any(line.peers for line in lines)
    table = Table(title=title, title_justify="left")
    for heading in ("", "target", "measured", *(("peers on the same machine",) if with_peers else ())):
        table.add_column(heading)
    for line in lines:
        colour = "green" if line.holds else "red"
        cells = (line.name, line.target, f"[{colour}]{line.measured}[/]", line.peers)
        table.add_row(*cells[: len(table.columns)])
    console.print(table)
    console.print(report.machine_text(processes.machine_line()), style="dim")


def markdown(lines: list[Line]) -> str:
    """Write the rows as a table for a page, with the machine's own line below."""
    rows = [("", "target", "measured", "peers"), ("---",) * 4]
    rows += [
        (line.name, line.target, line.measured + ("" if line.holds else " **missed**"), line.peers)
        for line in lines
    ]
    table = "".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |\n" for row in rows)
    return f"{table}\n{report.machine_text(processes.machine_line())}\n"


def plain(lines: list[Line]) -> list[dict[str, Any]]:
    """Return the rows as plain data, ready for JSON."""
    return [{field: getattr(line, field) for field in Line.__slots__ if field != "record"} for line in lines]


def finish(title: str, lines: list[Line], record: dict[str, Any], file: str) -> int:
    """Print the rows and what a reader must know before he trusts them, keep the record, and return the exit status."""
    console = report.open_console()
    show(title, lines, console)
    for fault in record["faults"]:
        console.print(fault, style="red" if fault.startswith("INVALID") else "yellow")
    if file:
        report.write_json(record | {"rows": plain(lines)}, file)
    return 0 if all(line.holds for line in lines) else 1
