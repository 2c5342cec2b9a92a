"""Each test of the store runs on SQLite and, where there is one, on a real PostgreSQL.

`RODA_TEST_POSTGRESQL` names one to use (its `public` schema is dropped!); else a throw-away cluster is started where
`initdb` is found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from bridge.store.database import Database, open_database


def _tool(name: str) -> str | None:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    pytest.importorskip("psycopg")
    if given := os.environ.get("RODA_TEST_POSTGRESQL"):
        yield given
        return
    initdb, postgres = _tool("initdb"), _tool("pg_ctl")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL on this machine")
    user = "postgres" if os.geteuid() == 0 else None  # initdb refuses to be root
    folder = Path(tempfile.mkdtemp(prefix="roda-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if user:
            try:
                shutil.chown(folder, user)
            except LookupError:
                pytest.skip("PostgreSQL will not run as root and there is no user postgres")

        def run(*command: str) -> None:
            subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        data = str(folder / "data")
        run(initdb, "-D", data, "-U", "roda", "-A", "trust", "--no-sync", "--no-instructions")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(postgres, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://roda@/postgres?host={folder}"
        finally:
            run(postgres, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/roda.db"
    url: str = request.getfixturevalue("postgresql_url")
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = open_database(store_url)
    yield opened
    opened.close()
