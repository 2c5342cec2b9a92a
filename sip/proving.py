"""Proving who we are to the one peer whose credentials we hold (RFC 3261 22, RFC 7616; interop.md 1.2-2).

A prover belongs to one way of one request: what it has been asked there it remembers, so that no nonce is answered twice
unless it is called stale. Inside the dialog that came of it the peer is only believed if the request goes where the first
challenge came from: else whoever we call could ask for a proof that is meant for our trunk. On calls that others placed
there is no prover at all.
"""

from collections.abc import Callable
from typing import Final

from sip import digest
from sip.digest import Answered, Credentials
from sip.draft import Draft, Fields
from sip.flow import Flow
from sip.message import Response

CHALLENGES: Final = (401, 407)
PROOFS: Final = ("Authorization", "Proxy-Authorization")
CNONCE_BYTES: Final = 12


class Prover:
    """Answers the challenges of one peer."""

    __slots__ = ("_answered", "_credentials", "_entropy", "_flow")

    def __init__(self, credentials: Credentials, entropy: Callable[[int], bytes]) -> None:
        self._credentials = credentials
        self._entropy = entropy
        self._answered: Answered | None = None
        self._flow: Flow | None = None
        """Where the peer was when it first asked."""

    def trusts(self, flow: Flow) -> bool:
        """Whether a request on that flow goes to who may ask: the first time anybody may, whom we called ourselves."""
        return self._flow is None or (flow.transport, flow.remote) == (
            self._flow.transport,
            self._flow.remote,
        )

    def answer(self, response: Response, draft: Draft, flow: Flow) -> Fields | None:
        """Proof for the request that was refused; None where no proof may be given, or none would help."""
        if response.status not in CHALLENGES or not self.trusts(flow):
            return None
        answered = digest.authorize(
            response,
            method=draft.method,
            uri=draft.uri,
            body=draft.body,
            credentials=self._credentials,
            cnonce=self._cnonce(),
            before=self._answered,
        )
        if answered is None:
            return None
        self._flow = flow
        fields, self._answered = answered
        return fields

    def repeat(self, method: str, uri: str, body: bytes, flow: Flow) -> Fields:
        """Proof for a further request, unasked (22.3); nothing for a peer that has not asked yet."""
        if self._answered is None or not self.trusts(flow):
            return ()
        fields, self._answered = digest.repeat(
            self._answered,
            method=method,
            uri=uri,
            body=body,
            credentials=self._credentials,
            cnonce=self._cnonce(),
        )
        return fields

    @property
    def asked(self) -> bool:
        """Whether the peer has ever asked for proof."""
        return self._answered is not None

    def _cnonce(self) -> str:
        return self._entropy(CNONCE_BYTES).hex()


def proofs_of(draft: Draft) -> Fields:
    """The proofs in a request: the ACK of its 2xx repeats them (22.1)."""
    return tuple([field for field in draft.fields if field[0] in PROOFS])
