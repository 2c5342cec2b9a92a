"""The other half of `scripts/fuzz`: runs atheris on a target, or chooses the inputs that are worth keeping."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "tests" / "fuzz" / "corpus"
LONGEST = 4096
"""Bytes of an input: room for a long conversation, and little enough to be quick."""
KEPT_MAX = 80
"""Files of one target; what the rest would add is little."""
WORDS = """
INVITE ACK BYE CANCEL OPTIONS INFO UPDATE PRACK REFER NOTIFY SUBSCRIBE MESSAGE REGISTER SIP/2.0 Via From To Call-ID CSeq
Contact Route Record-Route Require Supported Content-Length Content-Type Max-Forwards Expires Session-Expires Min-SE RSeq
RAck Replaces Refer-To Event Subscription-State Reason Authorization WWW-Authenticate Proxy-Authenticate Digest Allow
;tag= ;branch=z9hG4bK ;rport ;lr ;expires= ;received= sip: sips: tel: 100rel timer application/sdp message/sipfrag
m=audio c=IN a=crypto: a=rtpmap: a=fmtp: a=sendonly a=rtcp: RTP/SAVP telephone-event inline: |2^20|1:4 realm= nonce=
algorithm=SHA-256 qop=auth stale=true +sip.instance= reg-id= Path: %00 %41 [::1] 4294967296 <> \\x0d\\x0a \\x00\\x00
"""


def main() -> int:
    """Do what the command line says."""
    target, what = sys.argv[1:3]
    here = Path(os.environ["RODA_FUZZ"])
    corpus, found = here / "corpus" / target, here / "found"
    for folder in (corpus, found, KEPT / target):
        folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("error")
    if what == "keep":
        keep(target, corpus)
        return 0
    atheris: Any = importlib.import_module("atheris")
    dictionary = here / "words"
    dictionary.write_text(
        "".join([f'"{word.replace(chr(34), chr(92) + chr(34))}"\n' for word in WORDS.split()])
    )
    with atheris.instrument_imports(include=["sip", "media", "bridge"]):
        run = importlib.import_module("tests.fuzz.targets").TARGETS[target]
    options = [
        f"-max_total_time={what}",
        f"-max_len={LONGEST}",
        f"-dict={dictionary}",
        f"-artifact_prefix={found}/{target}-",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus), str(KEPT / target)], run)
    atheris.Fuzz()
    return 0


def keep(target: str, corpus: Path) -> None:
    """Of all inputs the fewest and shortest that take every step between two lines that any of them takes."""
    run = importlib.import_module("tests.fuzz.targets").TARGETS[target]
    inputs = sorted(
        {path.read_bytes() for folder in (corpus, KEPT / target) for path in folder.iterdir()}, key=len
    )
    reached = {data: set(steps(run, data)) for data in inputs}
    every = set().union(*reached.values())
    kept: list[bytes] = []
    missing = set(every)
    while missing and len(kept) < KEPT_MAX:
        best = max(inputs, key=lambda data: len(reached[data] & missing) / (200 + len(data)))
        kept.append(best)
        missing -= reached[best]
    for old in (KEPT / target).iterdir():
        old.unlink()
    for data in kept:
        (KEPT / target / blake2b(data, digest_size=6).hexdigest()).write_bytes(data)
    size = sum(map(len, kept))
    print(
        f"{target}: {len(kept)} of {len(inputs)} inputs kept, {size} bytes; they take {len(every) - len(missing)} of {len(every)} steps"
    )


def steps(run: Callable[[bytes], None], data: bytes) -> Iterable[tuple[str, int, int]]:
    """Steps from line to line in our own code while an input runs."""
    taken: set[tuple[str, int, int]] = set()
    ours = tuple(f"{ROOT / name}{os.sep}" for name in ("sip", "media"))

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(ours):
            return None
        before = frame.f_code.co_firstlineno

        def line(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal before
            if event == "line":
                taken.add((name, before, frame.f_lineno))
                before = frame.f_lineno
            return line

        return line

    sys.settrace(trace)
    try:
        run(data)
    finally:
        sys.settrace(None)
    return taken


if __name__ == "__main__":
    sys.exit(main())
