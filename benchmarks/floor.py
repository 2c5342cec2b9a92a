"""What one send and one receive cost on this machine, here and now: `python -m benchmarks.floor`.

A thousand pairs of connected UDP sockets on loopback, 172 bytes each, one `send` and one `recv_into` per pair and round, in
one process and with nothing else done: the plainest loop that any server with a socket per participant has under
everything it does. Machines differ in this by five times, and a shared one differs from itself by two from minute to
minute; so a server's CPU per participant-tick is best read beside it, measured in the same minute.
"""

from __future__ import annotations

import argparse
import socket
import time

import numpy as np

from benchmarks import processes, report

PACKET_BYTES = 172


def measure(pairs: int, rounds: int) -> tuple[float, float]:
    """Median CPU time of a send and of a receive, in us."""
    receivers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(pairs)]
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(pairs)]
    try:
        for receiver, sender in zip(receivers, senders, strict=True):
            receiver.bind(("127.0.0.1", 0))
            sender.connect(receiver.getsockname())
        packet, room = bytes(PACKET_BYTES), memoryview(bytearray(2 * PACKET_BYTES))
        sends = [sender.send for sender in senders]
        receives = [receiver.recv_into for receiver in receivers]
        figures = np.zeros((rounds, 2))
        for figure in figures:
            began = time.thread_time()
            for send in sends:
                send(packet)
            between = time.thread_time()
            for receive in receives:
                receive(room)
            figure[:] = between - began, time.thread_time() - between
    finally:
        for each in (*receivers, *senders):
            each.close()
    sent, received = np.median(figures, axis=0) / pairs * 1e6
    return float(sent), float(received)


def main() -> None:
    """Print the figures and the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=25)
    arguments = parser.parse_args()
    sent, received = measure(arguments.pairs, arguments.rounds)
    print(
        f"send {sent:.2f} us, receive {received:.2f} us, both {sent + received:.2f} us of CPU per participant-tick"
    )
    print(report.machine_text(processes.machine_line()))


if __name__ == "__main__":
    main()
