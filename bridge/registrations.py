"""Telephones that register with us: REGISTER in, where they are out, and what outlives a restart.

The rules are `sip.registrar`'s; whoever comes here has been proved by `sip.challenge`. This joins it to the agent, the log and
the store, and holds no socket. What is kept of telephones over UDP is written behind: names of accounts that changed are
collected, and every `WRITE_S` some hundred of them go to the store's thread with all that they have then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from bridge.control import protocol
from bridge.phonebook import Ask
from bridge.store.telephones import Telephone, Telephones
from bridge.switchboard.registered import Reached
from sip.errors import ParseError
from sip.flow import Flow, bracketed
from sip.pending import Way
from sip.registrar import Binding, Registered, Registrar, Unregistered
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.store.errors import StoreError
    from sip.draft import Fields
    from sip.events import RequestReceived
    from sip.message import Request

WRITE_S: Final = 5.0
"""How old what is kept may be: a telephone that registered in the last seconds before a crash comes back by itself."""
ACCOUNTS_TOGETHER: Final = 500
"""Accounts written in one transaction, some 15 ms of the store's thread. The rest waits its turn; each waits once."""
FULL_S: Final = 1.0
"""When to write again where a whole transaction's worth is left: 10,000 telephones that register each minute are 170 a second."""
SHOWN_MAX: Final = 10_000
"""Telephones in one reply to a console, about 2 MB."""

_log = structlog.get_logger("telephones")

Respond = Callable[[int, int, float, "Fields"], None]


class Registrations:
    """The registrar in its place.

    Parameters
    ----------
    registrar : Registrar
    respond : callable
        Takes a request's handle, status, `now` and header fields: `Agent.respond`.
    ask : callable
        `StoreWorker.ask`.
    node : str
        Whose telephones are kept: those of this machine.
    wall : callable
        The time of day in seconds since 1970, by which the store counts.
    """

    def __init__(
        self, registrar: Registrar, *, respond: Respond, ask: Ask, node: str, wall: Callable[[], float]
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._registrar = registrar
        self._respond = respond
        self._ask = ask
        self._node = node
        self._wall = wall
        self._changed: dict[str, None] = {}
        """Accounts to be written, the longest waiting first."""
        self._kept: set[str] = set()
        """Accounts that have something in the store."""
        self._writing: list[str] = []
        self._write_at: float | None = None
        self._failing = False

    def __len__(self) -> int:
        """Telephones that are registered."""
        return len(self._registrar)

    def received(self, event: RequestReceived, now: float) -> None:
        """Answer a REGISTER."""
        status, fields = self.register(event.message, event.flow, event.identity, now)
        self._respond(event.request, status, now, fields)

    def register(self, request: Request, flow: Flow, identity: str, now: float) -> tuple[int, Fields]:
        """What a REGISTER is answered."""
        status, fields = self._registrar.register(request, flow, identity, now)
        if status != 200:
            self.counters[f"refused:{status}"] += 1
            _log.info("a registration is refused", account=identity, status=status, source=flow.remote[0])
        self._tell(now)
        return status, fields

    def ways(self, account: str, now: float) -> list[Reached]:
        """Where the telephones of an account are now, in the order to try them; empty: nowhere."""
        return [
            Reached(Way(each.flow, each.contact, each.path), each.q, each.instance)
            for each in self._registrar.bindings(account, now)
        ]

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A connection is gone."""
        self._registrar.flow_closed(flow)
        self._tell(now)

    def refuse(self, accounts: list[str], now: float) -> None:
        """These may not register any more (`Phonebook.gone`)."""
        for account in accounts:
            self._registrar.drop(account)
        self._tell(now)

    def advance(self, now: float) -> None:
        """Forget what has expired, and write what has changed."""
        self._registrar.advance(now)
        self._tell(now)
        if self._write_at is not None and now >= self._write_at and not self._writing:
            self._write(now)

    def next_deadline(self) -> float | None:
        """When `advance` has something to do."""
        write_at = None if self._writing else self._write_at
        return min([at for at in (self._registrar.next_deadline(), write_at) if at is not None], default=None)

    def restore(self, *, now: Callable[[], float], reachable: Callable[[Flow], bool]) -> None:
        """Ask the store where telephones were before the start; `reachable` says whether we still listen there."""
        question = partial(_load, node=self._node, wall=self._wall())
        self._ask(
            question,
            answered=partial(self._restored, now=now, reachable=reachable),
            failed=self._not_restored,
        )

    def close(self, now: float) -> None:
        """Write all that has changed, before the store is stopped."""
        for _ in range(0, len(self._changed), ACCOUNTS_TOGETHER):
            self._write(now)

    def answer(self, request: protocol.ListPhones, now: float) -> protocol.Phones:
        """Who is registered where, for a console."""
        bindings = self._registrar.everyone()
        if request.account:
            bindings = self._registrar.bindings(request.account, now)
        rows = tuple([_row(each, now) for each in bindings[:SHOWN_MAX]])
        return protocol.Phones(rows, total=len(bindings))

    def _tell(self, now: float) -> None:
        for event in self._registrar.events():
            if isinstance(event, Unregistered):
                self.counters[f"unregistered:{event.why.value}"] += 1
            else:
                self.counters["registered" if event.fresh else "refreshed"] += 1
            _report(event, len(self))
            binding = event.binding
            if not binding.flow.reliable or binding.aor in self._kept:
                self._changed[binding.aor] = None
                if self._write_at is None:
                    self._write_at = now + WRITE_S

    def _write(self, now: float) -> None:
        accounts = list(self._changed)[:ACCOUNTS_TOGETHER]
        for account in accounts:
            del self._changed[account]
        left = len(self._changed)
        self._write_at = now + (WRITE_S if left < ACCOUNTS_TOGETHER else FULL_S) if left else None
        shift = self._wall() - now
        rows = {account: self._rows(account, now, shift) for account in accounts}
        self._writing += accounts
        self._ask(
            partial(_keep, node=self._node, rows=rows),
            answered=lambda _: self._written(rows),
            failed=partial(self._not_written, accounts, now),
        )

    def _rows(self, account: str, now: float, shift: float) -> list[Telephone]:
        bindings = reversed(self._registrar.bindings(account, now))
        return [_telephone(each, shift) for each in bindings if not each.flow.reliable]

    def _written(self, rows: dict[str, list[Telephone]]) -> None:
        self._failing = False
        self._writing = [account for account in self._writing if account not in rows]
        for account, kept in rows.items():
            (self._kept.add if kept else self._kept.discard)(account)

    def _not_written(self, accounts: list[str], now: float, error: StoreError) -> None:
        """They wait for the next time; what has changed since goes with it."""
        if not self._failing:
            _log.warning("where telephones are is not kept: the store is away", error=str(error))
        self._failing = True
        self._writing = [account for account in self._writing if account not in accounts]
        self._changed.update(dict.fromkeys(accounts))
        self._write_at = max(self._write_at or 0.0, now + WRITE_S)

    def _restored(
        self, found: list[Telephone], *, now: Callable[[], float], reachable: Callable[[Flow], bool]
    ) -> None:
        at = now()
        shift = self._wall() - at
        count = 0
        for each in found:
            self._kept.add(each.account)
            binding = _binding(each, shift)
            if binding is not None and reachable(binding.flow):
                count += self._registrar.restore(binding, at)
        if found:
            _log.info("telephones are known from before the start", telephones=count)

    def _not_restored(self, error: StoreError) -> None:
        _log.warning("where telephones were is not known", error=str(error))


def _report(event: Registered | Unregistered, telephones: int) -> None:
    binding = event.binding
    facts: dict[str, Any] = {
        "account": binding.aor,
        "contact": f"{binding.contact.scheme}:...@{bracketed(binding.contact.host)}",
        "transport": binding.flow.transport,
        "source": binding.flow.remote[0],
        "telephones": telephones,
    }
    if isinstance(event, Unregistered):
        _log.info("a telephone is no longer registered", why=event.why.value, **facts)
    elif event.fresh:
        seconds = round(binding.expires_at - binding.registered_at)
        _log.info("a telephone has registered", seconds=seconds, product=binding.user_agent, **facts)


def _row(binding: Binding, now: float) -> protocol.PhoneRow:
    host, port = binding.flow.remote
    return protocol.PhoneRow(
        account=binding.aor,
        contact=str(binding.contact),
        transport=binding.flow.transport,
        source=f"{bracketed(host)}:{port}",
        product=binding.user_agent,
        since_s=round(now - binding.registered_at, 1),
        left_s=round(binding.expires_at - now, 1),
    )


def _telephone(binding: Binding, shift: float) -> Telephone:
    """As the store has it: by the wall clock, which is `shift` ahead of ours."""
    return Telephone(
        account=binding.aor,
        contact=str(binding.contact),
        local=binding.flow.local,
        remote=binding.flow.remote,
        call_id=binding.call_id,
        cseq=binding.cseq,
        registered_at=binding.registered_at + shift,
        expires_at=binding.expires_at + shift,
        q=binding.q,
        path=binding.path,
        instance=binding.instance,
        reg_id=binding.reg_id,
        user_agent=binding.user_agent,
    )


def _binding(kept: Telephone, shift: float) -> Binding | None:
    """The same as the registrar has it; None where its contact cannot be read any more."""
    try:
        contact = Uri.parse(kept.contact)
    except ParseError:
        return None
    return Binding(
        aor=kept.account,
        contact=contact,
        flow=Flow("udp", kept.local, kept.remote),
        call_id=kept.call_id,
        cseq=kept.cseq,
        registered_at=kept.registered_at - shift,
        expires_at=kept.expires_at - shift,
        q=kept.q,
        path=kept.path,
        instance=kept.instance,
        reg_id=kept.reg_id,
        user_agent=kept.user_agent,
    )


def _load(connection: Any, *, node: str, wall: float) -> list[Telephone]:
    return Telephones(connection, node).load(wall)


def _keep(connection: Any, *, node: str, rows: dict[str, list[Telephone]]) -> None:
    Telephones(connection, node).keep(rows)
