"""What an operator asks about signalling: who is banned, what was counted, and the messages of a call.

Beside the agent, not above it: nothing here concerns calls. It answers the requests of
`control.protocol.SignallingRequest`, for consoles today and an API later. What the guard tells by itself goes to the log
(`bridge.watch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog

from bridge.control import protocol
from sip.trace import Trace, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sip.flow import Flow
    from sip.guard import Guard

BANS_SHOWN: Final = 500
"""Rows of a reply: more are for programs that read the log."""
READ_BYTES_MAX: Final = 200_000
"""Of messages in one reply: a larger one would hold up the calls while it is written. The rest is asked for."""

NOBODY: Final = protocol.Problem("nobody on the line has that number: `roda calls` lists them")
NO_TRACE: Final = protocol.Problem(
    "there is no such trace: it has ended, or was of another run of the bridge"
)
TOO_MANY: Final = protocol.Problem("too many traces are being made already: stop one, or wait until it ends")

_log = structlog.get_logger("guard")


class Lookout:
    """One bridge's.

    Parameters
    ----------
    call_id_of : callable
        The Call-ID of somebody on the line, by the number of the leg; empty where nobody has it.
    figures : callable
        All that was counted, by part and name.
    heard_at : callable
        Our end of a flow, also where every address of the machine is listened on.
    """

    def __init__(
        self,
        guard: Guard,
        trace: Trace,
        *,
        call_id_of: Callable[[int], str],
        figures: Callable[[], Mapping[str, Mapping[str, int]]],
        heard_at: Callable[[Flow], tuple[str, int]] = lambda flow: flow.local,
    ) -> None:
        self._guard = guard
        self._trace = trace
        self._call_id_of = call_id_of
        self._figures = figures
        self._heard_at = heard_at
        self._answers: dict[type, Callable[[Any, float], protocol.AnyReply]] = {
            protocol.ListBans: self._bans,
            protocol.LiftBan: self._lift,
            protocol.ShowFigures: self._show_figures,
            protocol.StartTrace: self._start_trace,
            protocol.ReadTrace: self._read_trace,
            protocol.StopTrace: self._stop_trace,
        }

    def answer(self, request: protocol.SignallingRequest, now: float) -> protocol.AnyReply:
        """Answer a console."""
        return self._answers[type(request)](request, now)

    # Bans and figures

    def _bans(self, _request: protocol.ListBans, now: float) -> protocol.AnyReply:
        bans = self._guard.bans(now)
        rows = tuple(
            protocol.BanRow(
                ban.source,
                ban.why,
                round(now - ban.since, 1),
                round(ban.until - now, 1),
                ban.times,
                ban.datagrams_only,
            )
            for ban in bans[:BANS_SHOWN]
        )
        return protocol.Bans(rows, len(bans))

    def _lift(self, request: protocol.LiftBan, now: float) -> protocol.AnyReply:
        done = self._guard.lift(request.source, now)
        if done:
            _log.info("ban lifted", source=request.source)
        return protocol.Given(
            done, "listened to again" if done else "it is not banned: `roda bans` lists them"
        )

    def _show_figures(self, _request: protocol.ShowFigures, _now: float) -> protocol.AnyReply:
        return protocol.Figures({part: dict(counts) for part, counts in self._figures().items()})

    # Traces

    def _start_trace(self, request: protocol.StartTrace, now: float) -> protocol.AnyReply:
        call_id = request.call_id
        if request.leg:
            call_id = self._call_id_of(request.leg)
            if not call_id:
                return NOBODY
        wanted = Wanted(call_id, request.number, request.address)
        number = self._trace.watch(wanted, request.seconds, now)
        return protocol.Tracing(number, call_id) if number else TOO_MANY

    def _read_trace(self, request: protocol.ReadTrace, now: float) -> protocol.AnyReply:
        found = self._trace.read(request.trace, request.after)
        if found is None:
            return NO_TRACE
        rows: list[protocol.TraceRow] = []
        size = 0
        for each in found:
            # At least one, however long it is, or nobody would get any further.
            if rows and size + len(each.data) > READ_BYTES_MAX:
                return protocol.TraceRows(tuple(rows), more=True)
            size += len(each.data)
            rows.append(
                protocol.TraceRow(
                    each.number,
                    round(now - each.at, 6),
                    each.outward,
                    each.flow.transport,
                    self._heard_at(each.flow),
                    each.flow.remote,
                    each.call_id,
                    each.data,
                )
            )
        return protocol.TraceRows(tuple(rows))

    def _stop_trace(self, request: protocol.StopTrace, now: float) -> protocol.AnyReply:
        there = self._trace.read(request.trace) is not None
        self._trace.stop(request.trace, now)
        return protocol.Given(there, "stopped") if there else NO_TRACE
