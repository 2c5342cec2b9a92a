import threading

import pytest

from benchmarks.stand_in import StandIn


@pytest.fixture
def server():
    """A small mixing server on a free port of loopback, served by a thread."""
    made = StandIn(host="127.0.0.1", port=0, mode="mix")
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            made.turn()

    thread = threading.Thread(target=serve)
    thread.start()
    yield made
    stop.set()
    thread.join()
    made.close()
