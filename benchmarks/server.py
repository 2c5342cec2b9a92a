"""The server under test as a process: awaited until it answers, and ended with its children."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time

from benchmarks.transport import parse_address

START_PATIENCE_S = 30.0
STOP_PATIENCE_S = 10.0


def wait_until_it_answers(target: str, server: subprocess.Popen[bytes]) -> None:
    """Send OPTIONS until anything comes back."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.connect(parse_address(target))
    host, port = probe.getsockname()
    deadline = time.monotonic() + START_PATIENCE_S
    number = 0
    with probe:
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise SystemExit(
                    f"the server ended with status {server.returncode}; its output says why (--log)"
                )
            number += 1
            text = (
                f"OPTIONS sip:{target} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKprobe{number};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:probe@{host}>;tag=p{number}\r\nTo: <sip:{target}>\r\n"
                f"Call-ID: probe-{os.getpid()}-{number}\r\nCSeq: 1 OPTIONS\r\nContact: <sip:probe@{host}:{port}>\r\n"
                "Content-Length: 0\r\n\r\n"
            )
            try:
                probe.send(text.encode())
                if select.select([probe], [], [], 0.25)[0] and probe.recv(65536):
                    return
            except ConnectionRefusedError:
                time.sleep(0.1)
    stop(server)
    raise SystemExit(f"the server did not answer OPTIONS at {target} within {START_PATIENCE_S:.0f} s")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its children, kindly first; the next one needs its ports."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, kind)
        except ProcessLookupError:
            break
        try:
            server.wait(STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            continue
    server.wait()
