"""The accounts as the running bridge knows them: in memory, and never more than some seconds behind the store.

Registrar and challenges look an account up at every request and cannot wait, so all of them are held here; 10,000 take 8 MB.
Every `REFRESH_S` the store is asked for what has changed since, by revision, and its thread does the work of reading.
Whoever was taken away or disabled is told by `gone`, once, and loses their telephones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import structlog

from bridge.store.accounts import Accounts
from sip.accounts import Account

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bridge.store.accounts import StoredAccount
    from bridge.store.errors import StoreError

REFRESH_S: Final = 5.0
"""How long a new password, or the end of an account, may take to be known."""

T = TypeVar("T")
_log = structlog.get_logger("accounts")


class Ask(Protocol):
    """`StoreWorker.ask`."""

    def __call__(
        self,
        question: Callable[[Connection], T],
        *,
        answered: Callable[[T], None],
        failed: Callable[[StoreError], None],
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """An account that may register and call."""

    account: Account
    display: str
    number: str
    """In E.164; "" where it has none."""
    customer: str | None
    pair: int | None


@dataclass(frozen=True, slots=True)
class _News:
    revision: int
    entries: dict[str, Entry | None]
    """None: may not register any more."""
    elsewhere: int
    """Accounts whose password belongs to another realm."""


class Phonebook:
    """All accounts. `accounts` is what registrar and challenges are given; it is one and the same mapping for ever."""

    def __init__(self, realm: str, ask: Ask) -> None:
        self.accounts: dict[str, Account] = {}
        self.entries: dict[str, Entry] = {}
        self._by_number: dict[str, str] = {}
        self._realm = realm
        self._ask = ask
        self._revision = -1
        self._asking = False
        self._failing = False
        self._due_at: float | None = None
        self._gone: list[str] = []

    def read(self, connection: Connection) -> None:
        """Read all accounts at once, before anybody may ask for one: who is refused at the start may give up."""
        self._learn(_read(connection, realm=self._realm, since=self._revision))

    def advance(self, now: float) -> None:
        """Ask the store for news, where it is time to."""
        if self._due_at is not None and now < self._due_at:
            return
        self._due_at = now + REFRESH_S
        if not self._asking:
            self._asking = True
            question = partial(_read, realm=self._realm, since=self._revision)
            self._ask(question, answered=self._learn, failed=self._failed)

    def next_deadline(self) -> float | None:
        """When to look again; None before the first look."""
        return self._due_at

    def gone(self) -> list[str]:
        """Who may not register any more, since the last call."""
        gone, self._gone = self._gone, []
        return gone

    def account_of(self, called: str) -> str:
        """The account of this name, or of this number in E.164; "" where there is none."""
        return called if called in self.entries else self._by_number.get(called, "")

    def number_of(self, account: str) -> str:
        """The number of an account in E.164; "" where it has none."""
        entry = self.entries.get(account)
        return "" if entry is None else entry.number

    def _learn(self, news: _News) -> None:
        self._asking = self._failing = False
        if self._revision < 0 and news.elsewhere:
            _log.warning(
                "accounts cannot register: their passwords are of another realm; `roda account password` sets new ones",
                accounts=news.elsewhere,
                realm=self._realm,
            )
        self._revision = news.revision
        for name in news.entries:
            number = self.number_of(name)
            if self._by_number.get(number) == name:
                del self._by_number[number]
        for name, entry in news.entries.items():
            if entry is not None:
                self.entries[name] = entry
                if entry.number:
                    self._by_number[entry.number] = name
                self.accounts[name] = entry.account
            elif self.entries.pop(name, None) is not None:
                del self.accounts[name]
                self._gone.append(name)

    def _failed(self, error: StoreError) -> None:
        """What is known stays: a telephone goes on working while the store is away."""
        if not self._failing:
            _log.warning("the accounts cannot be read again", error=str(error))
        self._asking, self._failing = False, True


def _read(connection: Connection, *, realm: str, since: int) -> _News:
    """In the store's thread: what has changed, ready to be used."""
    table = Accounts(connection)
    found = table.changes(since)
    entries = {each.name: _entry(each, realm) for each in found}
    elsewhere = sum(each.living and each.realm != realm for each in found)
    return _News(max([since, *(each.revision for each in found)]), entries, elsewhere)


def _entry(stored: StoredAccount, realm: str) -> Entry | None:
    if not stored.living or stored.realm != realm:
        return None
    aliases = frozenset({stored.number} if stored.number else ())
    account = Account(stored.name, stored.secrets, aliases)
    return Entry(account, stored.display, stored.number, stored.customer, stored.pair)
