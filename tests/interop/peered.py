"""A bridge with all that peers may want of one: accounts to register with, an operator who is rung where they registered,
both versions of IP, TLS with nothing but secured audio, a carrier with an address of its own and one with few lines.
"""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.interop.service import OPERATOR, Service
from tests.interop.started import ACCESS_NUMBER, LOOPBACK, free_port, until
from tests.support.certificates import Authority

IPV6 = "::1"
CARRIER, NARROW = "127.0.0.2", "127.0.0.3"
"""From where trunks call. All else comes from nobody in particular."""
LINES = 3
"""Of the narrow one."""
REALM = "roda"
ACCOUNTS = ("ana", "bia", "gil", "pia")
"""Who may register; ana is the operator."""

MORE = f"""
[[trunks]]
name = "narrow"
address = "{NARROW}"
networks = ["{NARROW}/32"]
calls_in = {LINES}
ping_s = 0

[server.srtp]
tls = "mandatory"

[server.identity]
certificate = "{{certificate}}"
key = "{{key}}"
"""


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((IPV6, 0))
    except OSError:
        return False
    return True


class Peered(Service):
    """`roda serve`, for whoever comes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, f'networks = ["{CARRIER}/32"]\nping_s = 0')
        self.tls = free_port()
        self.authority = Authority(folder)
        pair = self.authority.issue("bridge", addresses=(LOOPBACK,))
        text = self.file.read_text()
        if has_ipv6():
            one = f'"{LOOPBACK}:{self.port}"'
            text = text.replace(f"[{one}]", f'[{one}, "[{IPV6}]:{self.port}"]')
            text = text.replace('["127.0.0.0/8"]', f'["127.0.0.0/8", "{IPV6}/128"]')
        text = text.replace("[server]\n", f'[server]\ntls = ["{LOOPBACK}:{self.tls}"]\n', 1)
        text = text.replace(f"sip:{OPERATOR}@{LOOPBACK}:{self.desk}", f"account:{ACCOUNTS[0]}")
        self.file.write_text(text + MORE.format(certificate=pair.certificate, key=pair.key))
        with ThreadPoolExecutor() as at_once:
            self.passwords = dict(zip(ACCOUNTS, at_once.map(self._password, ACCOUNTS), strict=True))

    def _password(self, name: str) -> str:
        return re.search(r"password (\S+)", self.roda("account", "add", name))[1]

    def telephones(self, account: str) -> list[dict[str, Any]]:
        """Where an account's are now."""
        rows: list[dict[str, Any]] = self.ask(type="list_phones", account=account)["rows"]
        return rows

    def until_registered(self, account: str, count: int = 1) -> list[dict[str, Any]]:
        until(lambda: len(self.telephones(account)) == count, f"{count} telephones of {account}")
        return self.telephones(account)

    def call(self, **fields: Any) -> dict[str, Any]:
        """The one call that is up with these fields, once it is."""

        def found() -> list[dict[str, Any]]:
            return [row for row in self.calls() if fields.items() <= row.items()]

        (row,) = until(found, f"a call with {fields}")
        return row

    def tell(self, conference: str, **command: Any) -> None:
        """Give one conference of several a command."""
        given = self.ask(type="give", conference=conference, command=command, by="tests")
        assert given["done"], given

    def secure_uri(self, user: str) -> str:
        return f"sip:{user}@{LOOPBACK}:{self.tls};transport=tls"

    @property
    def number(self) -> str:
        return self.uri(ACCESS_NUMBER)
