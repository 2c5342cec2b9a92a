"""Load a SIP conference server with phones and judge what they hear: `python -m benchmarks.load --help`."""

from __future__ import annotations

import argparse

from benchmarks import report
from benchmarks.plan import add_options, plan_from
from benchmarks.run import LoadTest


def main() -> int:
    """Run one load test; 0 if it says something about the server, 1 if it is invalid."""
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    add_options(parser)
    parser.add_argument("--json", default="", metavar="FILE", help="keep the full record")
    options = parser.parse_args()
    plan = plan_from(options)
    console = report.open_console()
    record = report.judge(plan, LoadTest(plan, lambda line: console.print(line, style="dim")).run())
    report.show(record, console)
    if options.json:
        report.write_json(record, options.json)
    return 0 if record["is_valid"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
