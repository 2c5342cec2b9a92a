"""A bridge that cannot start says why in one line, and leaves nothing running that it had started."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bridge.config import Address, Config
from bridge.config.audio import Audio
from bridge.config.meeting import Names
from bridge.errors import StartError
from bridge.listeners import Listeners
from bridge.logs import LineLogger
from bridge.server import Server
from bridge.store.database import open_database
from media.pool import Pool
from prompts.library import Library
from tests.interop.phone import Phone
from tests.interop.started import LOOPBACK, Bridge, free_port


def configured(folder: Path) -> Config:
    here = (Address(LOOPBACK, free_port()),)
    config = Config(directory=folder)
    return replace(
        config, server=replace(config.server, udp=here, tcp=here), media=replace(config.media, workers=1)
    )


def refusal(config: Config) -> str:
    """Why it does not start."""

    async def start() -> None:
        await Server(config, LineLogger(io.BytesIO())).start()

    with pytest.raises(StartError) as error:
        asyncio.run(start())
    return str(error.value)


def children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


def no_folder(folder: Path) -> str:
    (folder / "var").write_text("not a folder")
    return "var cannot be used: File exists"


def newer_tables(folder: Path) -> str:
    open_database(f"sqlite:///{folder}/var/roda.db").close()
    with closing(sqlite3.connect(folder / "var/roda.db")) as file:
        file.execute("UPDATE alembic_version SET version_num = 'r9999'")
        file.commit()
    return "the store cannot be used: the database was made by a newer Roda"


def lost_spool(folder: Path) -> str:
    (folder / "var/records.spool").mkdir(parents=True)
    return "records.spool: Is a directory"


def broken_recording(folder: Path) -> str:
    (folder / "recordings/en").mkdir(parents=True)
    (folder / "recordings/en/greeting.wav").write_text("not audio")
    return "the prompts cannot be loaded: "


@pytest.mark.parametrize("fault", [no_folder, newer_tables, lost_spool, broken_recording])
def test_what_it_needs_is_missing(tmp_path: Path, fault: Callable[[Path], str]) -> None:
    config = configured(tmp_path)
    said = fault(tmp_path)
    if fault is broken_recording:
        config = replace(config, prompts=replace(config.prompts, directory=Path("recordings")))
    assert said in refusal(config)
    assert "\n" not in refusal(config)
    assert "store" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_is_taken_is_found_before_anything_is_opened(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    config = configured(tmp_path)
    with closing(socket.socket(socket.AF_INET, kind)) as other:
        other.bind((LOOPBACK, config.server.udp[0].port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        assert refusal(config).startswith("cannot listen on ")
    assert not (tmp_path / "var").exists()


def test_a_port_that_is_taken_in_the_last_moment_leaves_no_process_and_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = children()
    monkeypatch.setattr(Listeners, "probe", lambda _: None)
    config = configured(tmp_path)
    with closing(socket.socket()) as other:
        other.bind((LOOPBACK, config.server.tcp[0].port))
        other.listen()
        assert "Address already in use" in refusal(config)
    assert children() == before
    assert "store" not in {thread.name for thread in threading.enumerate()}
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as port:
        port.bind((LOOPBACK, config.server.udp[0].port))


@pytest.mark.parametrize(("spoken", "wide"), [(("PCMU", "PCMA"), 0), (("G722", "PCMU"), 1_600)])
def test_workers_get_prompts_at_16_khz_where_hd_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: tuple[str, ...], wide: int
) -> None:
    told: list[tuple[int, ...]] = []
    short = Library(np.zeros(1_600, np.int16), np.zeros(3_200, np.int16), {})
    monkeypatch.setattr(Library, "load", lambda **_: short)
    monkeypatch.setattr(Pool, "load", lambda _, _fd, *sizes: told.append(sizes))
    monkeypatch.setattr(Listeners, "probe", lambda _: None)
    config = replace(configured(tmp_path), audio=Audio(codecs=spoken), names=Names(arena_s=10))
    with closing(socket.socket()) as other:
        other.bind((LOOPBACK, config.server.tcp[0].port))
        other.listen()
        assert "Address already in use" in refusal(config)
    assert told == [(1_600 + 80_000, 80_000, wide)]


def test_an_address_of_another_machine_is_told_as_such(tmp_path: Path) -> None:
    config = configured(tmp_path)
    away = (Address("192.0.2.99", 5060),)
    said = refusal(replace(config, server=replace(config.server, udp=away)))
    assert said == (
        "cannot listen on udp 192.0.2.99:5060: Cannot assign requested address; "
        "this machine has no such address: change [server] in the configuration"
    )


def test_what_happened_is_told_in_numbers_at_the_latest_when_it_ends(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    bridge.start()
    with Phone(bridge.address) as caller:
        caller.join("conf-figures")
        bridge.stop()
    (line,) = bridge.events("figures")
    expected = {
        "came": 1,
        "audio:plain": 1,
        "codec:PCMU": 1,
        "joined:participant": 1,
        "left:shut_down": 1,
        "ended:shut_down": 1,
    }
    assert line["service"] == expected
    assert line["sip"]["received:INVITE:udp"] == 1
