"""`roda trace`: the SIP messages of a call, as they come and go."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path
from time import monotonic, sleep
from time import time as wall
from typing import Annotated, Final

import typer

from bridge.cli.console import OPERATING, Console, console
from bridge.cli.terminal import ConfigFile, UserError, configuration, legible, warn
from bridge.control.protocol import (
    LONGEST_TRACE_S,
    Given,
    ReadTrace,
    StartTrace,
    StopTrace,
    TraceRow,
    TraceRows,
    Tracing,
)
from bridge.tracing.ladder import ladder as drawn
from bridge.tracing.pcap import pcap as packed
from bridge.tracing.seen import Seen, written

LOOK_S: Final = 0.5
"""How often the bridge is asked for news: as people read."""

LONGEST_LEG: Final = 9
"""Digits of a leg's number; what is longer is a Call-ID of digits."""

app = typer.Typer()


@app.command(rich_help_panel=OPERATING)
def trace(
    call: Annotated[
        str,
        typer.Argument(
            metavar="[CALL]", help="A leg's number (roda calls), or a Call-ID.", show_default=False
        ),
    ] = "",
    config: ConfigFile = None,
    *,
    number: Annotated[
        str, typer.Option("--number", metavar="N", help="Calls from or to this number or user.")
    ] = "",
    address: Annotated[
        str, typer.Option(metavar="IP", help="What comes from and goes to this address.")
    ] = "",
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's.")] = False,
    seconds: Annotated[
        float, typer.Option(min=1, max=LONGEST_TRACE_S, help="For how long. Ctrl-C ends it sooner.")
    ] = 60.0,
    pcap: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a capture file, for Wireshark and tshark.")
    ] = None,
    ladder: Annotated[bool, typer.Option("--ladder", help="Draw a ladder at the end.")] = False,
) -> None:
    """Show the SIP messages of a call from now on; passwords, keys and digits are blanked."""
    if everybody == bool(call or number or address):
        raise UserError("say whose messages: a call, --number, --address, or --all alone")
    leg = int(call) if call.isascii() and call.isdigit() and len(call) <= LONGEST_LEG else 0
    request = StartTrace(
        seconds=seconds, call_id="" if leg else call, leg=leg, number=number, address=address
    )
    found: dict[int, Seen] = {}
    zone = configuration(config).service.time_zone
    shown = zone if pcap is None and not ladder else None
    with console(config) as bridge:
        begun = bridge.ask(request, Tracing)
        end = monotonic() + seconds
        with suppress(KeyboardInterrupt):
            warn(f"Tracing for {seconds:g} s. Ctrl-C ends it sooner.")
            while (left := end - monotonic()) > 0:
                _read(bridge, begun.trace, found, shown)
                sleep(min(LOOK_S, left))
    # On a line of its own: the interrupted one may owe an answer still.
    with console(config) as bridge:
        _read(bridge, begun.trace, found, shown)
        bridge.ask(StopTrace(begun.trace), Given)
    messages = list(found.values())
    if pcap is not None:
        _write(pcap, packed(messages))
    if ladder:
        for line in drawn(messages, zone=zone):
            typer.echo(legible(line))
    warn(f"{len(messages)} message{'' if len(messages) == 1 else 's'}.")


def _read(bridge: Console, trace: int, found: dict[int, Seen], shown: tzinfo | None) -> None:
    """Add what is new to `found`, and show it where it is to be shown."""
    more = True
    while more:
        reply = bridge.ask(ReadTrace(trace, max(found, default=0)), TraceRows)
        now, more = wall(), reply.more
        for row in reply.rows:
            message = found[row.number] = _seen(row, now)
            if shown is not None:
                _show(message, shown)


def _seen(row: TraceRow, now: float) -> Seen:
    source, target = (row.local, row.remote) if row.outward else (row.remote, row.local)
    return Seen(now - row.ago_s, source, target, row.transport, row.call_id, row.data)


def _show(message: Seen, zone: tzinfo) -> None:
    moment = datetime.fromtimestamp(message.at, zone).strftime("%H:%M:%S.%f")[:-3]
    way = f"{written(message.source)} -> {written(message.target)}"
    typer.echo(f"{moment}  {message.transport}  {way}")
    for line in message.data.decode("utf-8", "replace").splitlines():
        typer.echo(f"    {legible(line)}")
    typer.echo("")


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from error
