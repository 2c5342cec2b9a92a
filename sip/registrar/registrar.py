"""The registrar (RFC 3261 10.3): takes a REGISTER whose sender has proved who they are, and keeps where they are.

A request is taken whole or not at all: everything is read and judged first, and then nothing can fail any more. An older
request that overtook a newer one (same Call-ID, CSeq not higher) changes nothing and is answered 500, as 10.3 step 7 has it.
A user who has as many contacts as may be does not lose the newest one: the one not heard of for longest makes way,
since it most likely is a telephone that changed its network and could not say goodbye.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sip.accounts import Account
from sip.draft import Fields
from sip.flow import Flow
from sip.message import Request
from sip.registrar.binding import Binding, Gone, Registered, Unregistered
from sip.registrar.expiry import Expiry
from sip.registrar.request import Asked, RefusedError, Terms, read

OPTIONS: Final = ("outbound", "path")
"""Option tags that a REGISTER may require."""
SUPPORTED: Final = ("Supported", ", ".join(OPTIONS))
RETRY_AFTER_S: Final = 120
"""What a full registrar asks for; telephones that go, or expire, make room within minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarSettings:
    """Settings of one `Registrar`."""

    minimum_s: int = 60
    """Shorter registrations are refused with 423: each costs about 0.5 ms of a core."""
    default_s: int = 300
    """For a telephone that does not say how long. NATs forget a UDP mapping sooner, but that is what keep-alives are for."""
    maximum_s: int = 3600
    """Longer ones are shortened: a telephone that was switched off is called in vain until then."""
    contacts_max: int = 10
    """Of one account, and in one request (beyond: 403)."""
    bindings_max: int = 100_000
    """In all, at 3 kB each (`benchmarks.register`). Beyond: 503 with Retry-After."""
    flow_timer_s: int = 120
    """RFC 5626 4.4: how often, at least, telephones with outbound are to show that their flow lives."""

    @property
    def terms(self) -> Terms:
        return Terms(minimum_s=self.minimum_s, default_s=self.default_s, maximum_s=self.maximum_s)


class Registrar:
    """All bindings. `accounts` says who may have some, and is looked into at each request."""

    __slots__ = (
        "_accounts",
        "_bindings",
        "_by_flow",
        "_count",
        "_expiry",
        "_happened",
        "_settings",
        "_terms",
    )

    def __init__(self, settings: RegistrarSettings, accounts: Mapping[str, Account]) -> None:
        self._settings = settings
        self._terms = settings.terms
        self._accounts = accounts
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        """By account, the one heard of last at the end; none is empty."""
        self._by_flow: dict[Flow, tuple[str, ...]] = {}
        """Accounts with a binding over a connection, by the connection."""
        self._expiry = Expiry()
        self._happened: list[Registered | Unregistered] = []
        self._count = 0

    def __len__(self) -> int:
        """Bindings in all."""
        return self._count

    def register(self, request: Request, flow: Flow, identity: str, now: float) -> tuple[int, Fields]:
        """Answer a REGISTER of whoever proved to be `identity` (of nobody: 403); never raises."""
        self.advance(now)
        try:
            aor = self._aor(request, identity)
            return 200, self._take(aor, read(request, flow, aor, self._terms, now), request, now)
        except RefusedError as refused:
            return refused.status, refused.fields

    def bindings(self, aor: str, now: float) -> list[Binding]:
        """Where a user is now: what they would rather have ring first at first, and of equals the newest."""
        living = [binding for binding in reversed(self._bindings.get(aor, ())) if binding.expires_at > now]
        return sorted(living, key=lambda binding: -binding.q)

    def everyone(self) -> list[Binding]:
        """All bindings by account."""
        return [binding for name in sorted(self._bindings) for binding in self._bindings[name]]

    def restore(self, binding: Binding, now: float) -> bool:
        """Take back a binding of before a restart; False where it has ended, nobody may have it any more, there is no room,
        or the telephone was faster.
        """
        known = self._bindings.get(binding.aor, ())
        full = self._count >= self._settings.bindings_max or len(known) >= self._settings.contacts_max
        if full or binding.expires_at <= now or binding.aor not in self._accounts:
            return False
        if any(binding.is_same(other) for other in known):
            return False
        self._put(binding.aor, tuple(sorted((*known, binding), key=lambda each: each.registered_at)))
        return True

    def flow_closed(self, flow: Flow) -> None:
        """A connection is gone, and nobody behind it can be called until they register anew."""
        for aor in self._by_flow.get(flow, ()):
            self._drop(aor, [binding for binding in self._bindings[aor] if binding.flow == flow], Gone.CLOSED)

    def drop(self, aor: str) -> None:
        """The account is no more, or may not register any more."""
        self._drop(aor, list(self._bindings.get(aor, ())), Gone.REFUSED)

    def advance(self, now: float) -> None:
        """Forget what has expired."""
        for aor in self._expiry.due(now):
            bindings = self._bindings[aor]
            self._drop(aor, [binding for binding in bindings if binding.expires_at <= now], Gone.EXPIRED)
            self._look_again(aor)

    def next_deadline(self) -> float | None:
        """When the next binding may expire."""
        return self._expiry.next_deadline()

    def events(self) -> list[Registered | Unregistered]:
        """What happened since the last call."""
        happened, self._happened = self._happened, []
        return happened

    def _aor(self, request: Request, identity: str) -> str:
        """Whose bindings are meant, if they are the sender's own (10.3 steps 3 to 5)."""
        account = self._accounts.get(identity)
        if request.to.uri.scheme not in ("sip", "sips"):
            raise RefusedError(400)  # no address of record can be that (RFC 4475 3.3.3)
        if account is None or not account.is_called(request.to.uri.decoded_user):
            raise RefusedError(403)
        unknown = [tag for tag in request.headers.values("Require") if tag.lower() not in OPTIONS]
        if unknown:
            raise RefusedError(420, ("Unsupported", ", ".join(unknown)))
        return account.name

    def _take(self, aor: str, asked: Asked, request: Request, now: float) -> Fields:
        before = self._bindings.get(aor, ())
        after, ended = self._judge(before, asked, request, now)
        self._put(aor, after)
        self._happened += [
            Registered(binding, not any(binding.is_same(old) for old in before))
            for binding in after
            if binding.registered_at == now and binding in asked.bindings
        ]
        self._happened += [Unregistered(binding, why) for binding, why in ended]
        fields = [binding.field(now) for binding in after]
        fields += [("Path", value) for value in asked.path]
        if asked.outbound:
            fields += [("Require", "outbound"), ("Flow-Timer", str(self._settings.flow_timer_s))]
        return (*fields, SUPPORTED)

    def _judge(
        self, before: tuple[Binding, ...], asked: Asked, request: Request, now: float
    ) -> tuple[tuple[Binding, ...], list[tuple[Binding, Gone]]]:
        """What the user's bindings would be, and which would be gone."""
        if asked.all_end:
            for old in before:
                _inspect_order(old, request)
            return (), [(old, Gone.REMOVED) for old in before]
        if len(asked.bindings) > self._settings.contacts_max:
            raise RefusedError(403)
        after = list(before)
        for new in asked.bindings:
            for old in before:
                if old.is_same(new):
                    _inspect_order(old, request)
            after = [old for old in after if not old.is_same(new)]
            if new.expires_at > now:
                after.append(new)
        kept = after[-self._settings.contacts_max :]
        more = len(kept) - len(before)
        if more > 0 and self._count + more > self._settings.bindings_max:
            raise RefusedError(503, ("Retry-After", str(RETRY_AFTER_S)))
        ended = [
            (old, Gone.REPLACED if old in after else Gone.REMOVED)
            for old in before
            if not any(old.is_same(new) for new in kept)
        ]
        return tuple(kept), ended

    def _drop(self, aor: str, gone: list[Binding], why: Gone) -> None:
        if gone:
            self._put(aor, tuple(binding for binding in self._bindings[aor] if binding not in gone))
            self._happened += [Unregistered(binding, why) for binding in gone]

    def _put(self, aor: str, after: tuple[Binding, ...]) -> None:
        """The one place where the tables change."""
        before = self._bindings.get(aor, ())
        self._count += len(after) - len(before)
        if after:
            self._bindings[aor] = after
        elif before:
            del self._bindings[aor]
        old = {binding.flow for binding in before if binding.flow.reliable}
        new = {binding.flow for binding in after if binding.flow.reliable}
        for flow in old - new:
            others = tuple(name for name in self._by_flow[flow] if name != aor)
            if others:
                self._by_flow[flow] = others
            else:
                del self._by_flow[flow]
        for flow in new - old:
            self._by_flow[flow] = (*self._by_flow.get(flow, ()), aor)
        self._look_again(aor)

    def _look_again(self, aor: str) -> None:
        bindings = self._bindings.get(aor)
        if bindings:
            self._expiry.no_later_than(min([binding.expires_at for binding in bindings]), aor)
        else:
            self._expiry.forget(aor)


def _inspect_order(old: Binding, request: Request) -> None:
    if old.call_id == request.call_id and request.cseq.number <= old.cseq:
        raise RefusedError(500)
