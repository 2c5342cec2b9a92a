"""From measurements to what people read: a JSON record and a table."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks import hearing, processes
from benchmarks.analysis import SAMPLES_PER_MS, judge_delivery, spread
from benchmarks.messages import CODECS
from benchmarks.repertoire import HD_CODECS

if TYPE_CHECKING:
    from benchmarks.plan import Plan
    from benchmarks.run import Result

LATE_LIMIT_MS = 5.0
"""Above this p99 lateness of our own sends the run says more about us than about the server."""

OTHERS_LIMIT_CORES = 0.1
"""Above this a figure was measured on a machine that was busy with something else."""
FILE_WIDTH = 150


def judge(plan: Plan, result: Result) -> dict[str, Any]:
    """Judge a run; the record is plain data, ready for JSON."""
    streams, up = result.streams, result.up
    spoken, is_hd = CODECS[plan.codec], plan.codec in HD_CODECS
    received_ptime = plan.ptime if is_hd else max(1, result.received_samples // SAMPLES_PER_MS)
    delivery = result.delivery or judge_delivery(
        result.table,
        up,
        begin_ns=result.begin_ns,
        end_ns=result.end_ns,
        ptime_ms=received_ptime,
        ticks_per_ms=spoken.ticks_per_ms,
        payload_bytes_per_ms=spoken.payload_bytes_per_ms,
    )
    captures = hearing.decoded(result.captures, plan.codec, plan.ptime) if is_hd else result.captures
    is_up = np.zeros(len(streams.room), bool)
    is_up[up] = True
    listeners, codes, broken = hearing.roll_call_windows(
        captures, room=streams.room, shift_s=streams.shift_s, origin_ns=result.origin_ns
    )
    heard = hearing.judge_hearing(
        listeners,
        codes,
        broken_windows=broken,
        codec=plan.codec,
        tone=streams.tone,
        room=streams.room,
        is_up=is_up,
    )
    delay = hearing.judge_delay(captures, result.marks, room=streams.room, codec=plan.codec)
    lateness = spread(result.lateness_ms)
    answers, byes = np.array(result.statistics.answer_s), np.array(result.statistics.bye_s)
    ticks = len(up) * result.window_s * 1000 / plan.ptime
    own_cpu_s = result.generator_user_s + result.generator_system_s
    record: dict[str, Any] = {
        "plan": dataclasses.asdict(plan),
        "machine": processes.machine_line(),
        "participants_up": len(up),
        "failures_by_status": result.failures,
        "hung_up_by_server": result.dropped_by_server,
        "window_s": result.window_s,
        "received_ptime_ms": received_ptime,
        "delivery": dataclasses.asdict(delivery),
        "hearing": dataclasses.asdict(heard),
        "mouth_to_ear": dataclasses.asdict(delay),
        "signalling": {
            "answer_ms": dataclasses.asdict(spread(answers * 1000)),
            "bye_ms": dataclasses.asdict(spread(byes * 1000)),
            "retransmissions": result.statistics.retransmissions,
            "unreadable": result.statistics.unreadable,
            "statuses": dict(result.statistics.statuses),
            "server_requests": dict(result.statistics.server_requests),
        },
        "generator": {
            "wire": result.wire_name,
            "stamps": result.stamps,
            "lateness_ms": dataclasses.asdict(lateness),
            "user_s": result.generator_user_s,
            "system_s": result.generator_system_s,
            "cpu_us_per_participant_tick": own_cpu_s * 1e6 / ticks if ticks else None,
            "sent_packets": result.sent_packets,
            "skipped_rounds": result.skipped_rounds,
            "send_errors": result.send_errors,
        },
        "kernel_drops": result.kernel_drops,
        "machine_busy_cores": result.machine_busy_s / result.window_s,
        "machine_stolen_cores": result.machine_stolen_s / result.window_s,
        "ramp_s": result.phases_of_run_s.get("ramp"),
    }
    if result.before and result.at_start and result.at_end and result.after and ticks:
        record["server"] = server_cost(result, ticks)
        ours_s = own_cpu_s + record["server"]["cpu_s"]
        record["other_programs_cores"] = max(0.0, result.machine_busy_s - ours_s) / result.window_s
    if is_hd:
        record["payloads"] = payloads(result)
    record["faults"] = faults(record)
    record["is_valid"] = not any(fault.startswith("INVALID") for fault in record["faults"])
    return record


def payloads(result: Result) -> dict[str, Any]:
    """Say what the payloads were like: their sizes, of all; of the listeners who were heard whole, how many differ."""
    sizes = result.table.sizes - 12
    kept = result.captures
    listeners = np.unique(kept.rows)
    return {
        "bytes": dict(zip(("least", "median", "most"), np.percentile(sizes, [0, 50, 100]), strict=True))
        if len(sizes)
        else {},
        "listeners_decoded": len(listeners),
        "packets_decoded": len(kept.rows),
        "distinct_decoded": len(np.unique(kept.payload, axis=0)),
        "payload_types": np.unique(result.table.payload_type).tolist(),
    }


def server_cost(result: Result, ticks: float) -> dict[str, Any]:
    """Divide the server's CPU and memory among the participants."""
    before, start, end, after = result.before, result.at_start, result.at_end, result.after
    assert before is not None
    assert start is not None
    assert end is not None
    assert after is not None
    cpu_s = end.cpu_s - start.cpu_s
    return {
        "cpu_s": cpu_s,
        "user_s": end.user_s - start.user_s,
        "system_s": end.system_s - start.system_s,
        "cores": cpu_s / result.window_s,
        "cpu_us_per_participant_tick": cpu_s * 1e6 / ticks,
        "cpu_s_by_process": {
            f"{pid} {end.name_of[pid]}": end.cpu_s_of[pid] - start.cpu_s_of.get(pid, 0.0)
            for pid in end.cpu_s_of
        },
        "pss_kb_at_start": start.pss_kb,
        "pss_kb_at_end": end.pss_kb,
        "rss_kb_over_time": result.rss_kb,
        "pss_kb_before": before.pss_kb,
        "pss_kb_after": after.pss_kb,
        "rss_kb_before": before.rss_kb,
        "rss_kb_after": after.rss_kb,
        "kb_per_participant": (after.pss_kb - before.pss_kb) / len(result.up),
        "threads": after.threads,
    }


def doubts(*, late_ms: float, skipped_rounds: int) -> list[str]:
    """Say what makes a run say more about us than about the server: `late_ms` is the p99 of our own sends."""
    found = []
    if late_ms > LATE_LIMIT_MS:
        found.append(f"INVALID: the generator itself was late (p99 {late_ms:.1f} ms)")
    if skipped_rounds:
        found.append(f"INVALID: the generator left out {skipped_rounds} packet times")
    return found


def others(cores: float) -> list[str]:
    """Say that other programs took so much of the machine that a figure is not the server's alone."""
    return [f"other programs took {cores:.2f} cores meanwhile"] if cores > OTHERS_LIMIT_CORES else []


def faults(record: dict[str, Any]) -> list[str]:
    """Say what a reader must know before he trusts the figures."""
    generator = record["generator"]
    found = doubts(late_ms=generator["lateness_ms"]["p99"], skipped_rounds=generator["skipped_rounds"])
    if not record["participants_up"]:
        found.append("INVALID: no call came up")
    missing = record["plan"]["participants"] - record["participants_up"]
    if missing:
        found.append(f"{missing} participants were not there in the steady window")
    if record["generator"]["send_errors"]:
        found.append(f"{record['generator']['send_errors']} packets of ours were refused")
    found += [
        f"the kernel dropped {count} packets ({name})"
        for name, count in record["kernel_drops"].items()
        if count
    ]
    if (received := record["received_ptime_ms"]) != record["plan"]["ptime"]:
        found.append(f"the server sends packets of {received} ms; a participant-tick is still one of ours")
    found += others(record.get("other_programs_cores") or 0.0)
    if record["machine_stolen_cores"] > OTHERS_LIMIT_CORES:
        found.append(f"the hypervisor kept {record['machine_stolen_cores']:.2f} cores")
    server = record.get("server")
    if (record["plan"]["pid"] or record["plan"]["pid_of"]) and server is None:
        found.append("no process to account was found")
    return found


def open_console() -> Console:
    """Return a console that does not fold tables where the output goes to a file."""
    return Console() if sys.stdout.isatty() else Console(width=FILE_WIDTH)


def milliseconds(values: dict[str, Any]) -> str:
    """Write a spread in a few words."""
    if not values["count"]:
        return "-"
    return f"{values['p50']:.1f} / {values['p99']:.1f} / {values['p999']:.1f} / {values['max']:.1f}"


def show(record: dict[str, Any], console: Console) -> None:
    """Print a run."""
    plan, delivery, heard = record["plan"], record["delivery"], record["hearing"]
    title = (
        f"{record['participants_up']} of {plan['participants']} participants, {plan['rooms']} room(s), "
        f"{plan['talkers']} talker(s) each, {plan['codec'].upper()} {plan['ptime']} ms, {record['window_s']:.1f} s"
    )
    table = RichTable(title=title, show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column()
    sent_by = (
        f"{delivery['completeness_by_sequence']:.4%} by sequence, worst stream {delivery['worst_stream']:.2%}"
    )
    table.add_row("completeness", f"{delivery['completeness']:.4%} by the clock, {sent_by}")
    gap = milliseconds(delivery["gap_ms"])
    table.add_row(
        "gap ms p50/p99/p99.9/max", f"{gap}, worst listener's p99 {delivery['worst_p99_gap_ms']:.1f}"
    )
    table.add_row("late against ideal clock, ms", milliseconds(delivery["lateness_ms"]))
    table.add_row(
        "continuity",
        f"{delivery['missing_numbers']} missing, {delivery['duplicates']} double, {delivery['reordered']} reordered, "
        f"{delivery['timestamp_jumps']} timestamp jumps, {delivery['ssrc_changes']} SSRC changes, "
        f"{delivery['odd_sizes']} odd sizes",
    )
    share = heard["pairs_heard"] / heard["pairs"] if heard["pairs"] else math.nan
    table.add_row(
        "who hears whom",
        f"{heard['pairs_heard']} of {heard['pairs']} pairs ({share:.2%}), own echo {heard['own_heard']}, "
        f"foreign rooms {heard['foreign_heard']}, {heard['windows']} windows, {heard['broken_windows']} broken",
    )
    if found := record.get("payloads"):
        sizes = " / ".join(f"{size:.0f}" for size in found["bytes"].values())
        table.add_row(
            "payloads",
            f"bytes {sizes} (least, median, most), {found['distinct_decoded']} distinct of "
            f"{found['packets_decoded']} decoded of {found['listeners_decoded']} listeners",
        )
    ear = record["mouth_to_ear"]
    table.add_row(
        "mouth to ear, ms",
        f"median {ear['delay_ms']['p50']:.1f}, p95 {ear['delay_ms']['p95']:.1f} of {ear['delay_ms']['count']} "
        f"({ear['missed']} missed, {ear['unclear']} unclear)",
    )
    calls = record["signalling"]
    table.add_row(
        "answer ms p50/p99/p99.9/max",
        f"{milliseconds(calls['answer_ms'])}, {calls['retransmissions']} retransmissions, "
        f"failed {record['failures_by_status'] or 0}, hung up by server {record['hung_up_by_server']}",
    )
    if server := record.get("server"):
        table.add_row(
            "server CPU",
            f"[bold]{server['cpu_us_per_participant_tick']:.2f} us per participant-tick[/], "
            f"{server['cores']:.2f} cores ({server['user_s']:.1f} s user, {server['system_s']:.1f} s system)",
        )
        parts = ", ".join(f"{name} {cpu_s:.1f}" for name, cpu_s in server["cpu_s_by_process"].items())
        table.add_row("  by process, s", parts)
        table.add_row(
            "server memory",
            f"{server['kb_per_participant']:.1f} kB per participant (PSS {server['pss_kb_before'] / 1024:.0f} to "
            f"{server['pss_kb_after'] / 1024:.0f} MB, {server['threads']} threads)",
        )
    own = record["generator"]
    cost = own["cpu_us_per_participant_tick"]
    table.add_row(
        "this generator",
        f"{own['wire']}, stamps by {own['stamps']}, late ms {milliseconds(own['lateness_ms'])}"
        + (
            f", {cost:.2f} us per participant-tick ({own['user_s']:.1f} s user, {own['system_s']:.1f} s system)"
            if cost is not None
            else ""
        ),
    )
    console.print(table)
    for fault in record["faults"]:
        console.print(f"[bold red]{fault}[/]")
    console.print(machine_text(record["machine"]), style="dim")


def machine_text(machine: dict[str, Any]) -> str:
    """Write the machine in one line."""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, Python {machine['python']}, "
        f"numpy {machine['numpy']}"
    )


def write_json(record: Any, path: str) -> None:
    """Keep a record; NaN becomes null, because JSON has none."""
    Path(path).write_text(json.dumps(_plain(record), indent=1, default=str) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
