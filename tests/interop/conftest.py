"""One started bridge for all, and the peers that are installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.interop import sipp as sipp_runner
from tests.interop.peered import Peered
from tests.interop.phone import Phone
from tests.interop.service import Service
from tests.interop.started import Bridge, Demo

REFRESHED_S = 70
"""For calls of which half a session of 90 s is over before anything happens."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.interop)


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bridge, Demo]]:
    """A bridge with the demo pair, for the whole session. At its end it must stop as it should."""
    bridge = Bridge(tmp_path_factory.mktemp("bridge"))
    demo = bridge.make_demo()
    bridge.start()
    yield bridge, demo
    try:
        bridge.assert_unhurt()
    finally:
        status = bridge.stop()
    assert status == 0
    assert demo.moderator not in bridge.log
    assert demo.participant not in bridge.log
    # So few digits may be part of any number: they must not stand alone.
    assert f'"{demo.counter_password}' not in bridge.log


@pytest.fixture
def bridge(started: tuple[Bridge, Demo]) -> Iterator[Bridge]:
    """The bridge, alive before and after the test."""
    yield started[0]
    started[0].assert_unhurt()


@pytest.fixture
def demo(started: tuple[Bridge, Demo]) -> Demo:
    return started[1]


@pytest.fixture
def phone(bridge: Bridge) -> Iterator[Callable[[], Phone]]:
    """Telephones of the test's own."""
    made: list[Phone] = []

    def make() -> Phone:
        made.append(Phone(bridge.address))
        return made[-1]

    yield make
    for each in made:
        each.__exit__()


@pytest.fixture(scope="session")
def started_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A bridge that calls out, for the whole session. At its end it must stop as it should."""
    service = Service(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    try:
        service.assert_unhurt()
    finally:
        status = service.stop()
    assert status == 0
    for pair in (service.quiet, service.named):
        assert pair.moderator not in service.log
        assert pair.participant not in service.log


@pytest.fixture
def service(started_service: Service) -> Iterator[Service]:
    """It, with nobody on the line before and after the test, and nothing left of any call."""
    assert not started_service.calls()
    yield started_service
    started_service.until_empty()
    started_service.assert_unhurt()


@pytest.fixture(scope="session")
def started_peered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peered]:
    """A bridge for telephones that register and peers of all kinds, for the whole session."""
    peered = Peered(tmp_path_factory.mktemp("peered"))
    peered.start()
    yield peered
    try:
        peered.assert_unhurt()
    finally:
        status = peered.stop()
    assert status == 0
    for secret in (*peered.passwords.values(), peered.quiet.moderator, peered.quiet.participant):
        assert secret not in peered.log


@pytest.fixture(scope="session")
def refreshed(
    request: pytest.FixtureRequest, started_peered: Peered, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """Calls that are long enough for us to refresh them: they begin with the first test of that bridge, and are up beside the
    others. Only those that some test will ask for.
    """
    wanted = [item.callspec.params["refresh"] for item in request.session.items if "[refresh-" in item.name]
    runner = sipp_runner.Sipp(tmp_path_factory.mktemp("refreshed"))
    with ThreadPoolExecutor() as at_once:
        yield {
            name: at_once.submit(
                runner.run, f"{name}.xml", started_peered, f"conf-{name}", timeout_s=REFRESHED_S
            )
            for name in wanted
            if shutil.which("sipp") is not None
        }


@pytest.fixture
def peered(started_peered: Peered, refreshed: dict[str, Future[None]]) -> Iterator[Peered]:
    """It. Who is on the line from other tests has nothing to do with this one."""
    del refreshed
    yield started_peered
    started_peered.assert_unhurt()


@pytest.fixture
def sipp(tmp_path: Path) -> sipp_runner.Sipp:
    if shutil.which("sipp") is None:
        pytest.skip("sipp is not installed (apt-get install sip-tester)")
    return sipp_runner.Sipp(tmp_path)
