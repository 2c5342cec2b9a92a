"""An account: somebody who can prove who they are. Whoever runs the agent keeps the accounts, and hands in a mapping by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip.proof import Algorithm


@dataclass(frozen=True, slots=True)
class Account:
    """One user of our realm."""

    name: str
    """The user part of its addresses, and the username of its proofs."""
    secrets: tuple[tuple[Algorithm, str], ...] = field(default=(), repr=False)
    """What `proof.ha1` gives for our realm, of each algorithm that is served. The password itself is kept nowhere."""
    aliases: frozenset[str] = frozenset()
    """Other user parts that it may call itself by: its own telephone number."""

    def secret(self, algorithm: Algorithm) -> str | None:
        for kind, secret in self.secrets:
            if kind is algorithm:
                return secret
        return None

    def is_called(self, user: str) -> bool:
        return user == self.name or user in self.aliases
