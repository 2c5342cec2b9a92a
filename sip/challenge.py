"""Digest authentication, the server's side: who must prove themselves, and whether they did (RFC 7616, 8760, RFC 3261 22).

    a request                                       what becomes of it
    ACK, CANCEL, OPTIONS, or of a living dialog     let in, nobody asks
    without proof, and none is needed               let in, as nobody in particular
    without proof, for our realm                    401 with one challenge for each algorithm, SHA-256 before MD5
    with one that cannot be read                    400
    with one for another URI                        400
    proof wrong, or of a user we do not know        401, the same to the letter, after the same sums
    proof right, nonce old or used                  401, and the challenges are called stale
    proof right, but speaks for another             403
    proof right                                     let in, by name

Nothing is kept before a proof was right, so a flood leaves nothing (interop.md 1.2-3), and a scanner cannot tell a user
that exists from one that does not (1.2-8). Whoever guesses is told to `noticed`, for a guard that counts.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sip.accounts import Account
from sip.errors import ParseError
from sip.flow import Flow
from sip.gate import PASS, Judgement, Pass, Refuse
from sip.grammar import quote
from sip.headers import Address
from sip.message import Request
from sip.nonces import Nonces, Standing
from sip.proof import Algorithm, Proof, ha1
from sip.uri import Uri

PROOFS_MAX: Final = 8
"""Authorization lines that are looked at, to find the one for our realm; a chain of proxies with a realm each has three."""
UNASKED: Final = frozenset({"ACK", "CANCEL", "OPTIONS"})
"""ACK and CANCEL cannot be sent again with a proof (RFC 3261 22.1); OPTIONS is the ping of every trunk."""
WRONG_PASSWORD: Final = "wrong password"  # noqa: S105 - what the guard is told, for a user unknown as well
MALFORMED: Final = "malformed"
ANONYMOUS: Final = "anonymous.invalid"

Noticed = Callable[[Flow, str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who must prove themselves, to whom, and how."""

    realm: str
    algorithms: tuple[Algorithm, ...] = (Algorithm.SHA256, Algorithm.MD5)
    """As they are offered, the best first, as RFC 8760 has it. Some clients of RFC 2617's days fail where they are offered one
    that they do not know, wherever it stands."""
    methods: frozenset[str] = frozenset({"REGISTER"})
    """Asked of everybody."""
    domains: frozenset[str] = frozenset()
    """Hosts, in lower case, whose users are ours alone: whoever claims to be one of them must prove it, and there is no telling
    which of them exist. Empty: those whose names are accounts', at any host."""


class Challenger:
    """Judges requests by their proofs. `accounts` is looked into at each request, and may change between them."""

    __slots__ = ("_accounts", "_nobody", "_noticed", "_policy", "nonces")

    def __init__(
        self,
        policy: Policy,
        accounts: Mapping[str, Account],
        entropy: Callable[[int], bytes],
        noticed: Noticed = lambda _flow, _what, _now: None,
    ) -> None:
        self._policy = policy
        self._accounts = accounts
        self._noticed = noticed
        password = entropy(16).hex()
        self._nobody = {kind: ha1(kind, "nobody", policy.realm, password) for kind in policy.algorithms}
        """Whose password is compared where there is no such user."""
        self.nonces = Nonces(entropy)

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        """What becomes of a request; never raises. `inside` says that it belongs to a living dialog."""
        if inside or request.method in UNASKED:
            return PASS
        try:
            proof = self._proof(request)
            fits = proof is None or _same_place(proof.uri, request.uri)
            claims = _claims(request)
        except ParseError:
            self._noticed(flow, MALFORMED, now)
            return Refuse(400, reason="Malformed Credentials")
        if proof is None:
            return self._challenge(flow, now) if self._must_prove(request.method, claims) else PASS
        if not fits:
            self._noticed(flow, MALFORMED, now)
            return Refuse(400, reason="Proof For Another URI")
        return self._check(proof, request, claims, flow, now)

    def _proof(self, request: Request) -> Proof | None:
        """What the request has for our realm. Proofs for other realms are their business (GHSA-64qc-9x89-rx5j)."""
        for text in request.headers.get_all("Authorization")[:PROOFS_MAX]:
            proof = Proof.parse(text)
            if proof is not None and proof.realm == self._policy.realm:
                if proof.algorithm in self._policy.algorithms:
                    return proof
                return None
        return None

    def _must_prove(self, method: str, claims: tuple[Uri, ...]) -> bool:
        if method in self._policy.methods:
            return True
        claimed = claims[0]
        if self._policy.domains:
            return claimed.host in self._policy.domains
        return claimed.decoded_user in self._accounts

    def _check(
        self, proof: Proof, request: Request, claims: tuple[Uri, ...], flow: Flow, now: float
    ) -> Judgement:
        account = self._accounts.get(proof.username)
        known = None if account is None else account.secret(proof.algorithm)
        secret = known or self._nobody[proof.algorithm]
        right = hmac.compare_digest(proof.response, proof.expected(secret, request.method, request.body))
        # A client that knows no qop counts nothing, so a nonce is good for one proof of it.
        count = int(proof.nc, 16) if proof.qop else 1
        standing = self.nonces.standing(proof.nonce, count, flow.remote[0], now)
        if not right or account is None or known is None:
            self._noticed(flow, WRONG_PASSWORD, now)
            return self._challenge(flow, now)
        if standing is not Standing.FRESH:
            return self._challenge(flow, now, stale=True)
        self.nonces.use(proof.nonce, count, now)
        if not all(self._may_say(account, request.method, claimed) for claimed in claims):
            return Refuse(403)
        return Pass(identity=account.name)

    def _may_say(self, account: Account, method: str, claimed: Uri) -> bool:
        """Whether an account may call itself so: by a name of its own, or by none (RFC 3323 4.1.1.3), which is no binding."""
        if claimed.host.endswith(ANONYMOUS):
            return method != "REGISTER"
        return account.is_called(claimed.decoded_user) and self._is_ours(claimed)

    def _is_ours(self, uri: Uri) -> bool:
        return not self._policy.domains or uri.host in self._policy.domains or uri.scheme == "tel"

    def _challenge(self, flow: Flow, now: float, *, stale: bool = False) -> Refuse:
        nonce = self.nonces.issue(flow.remote[0], now)
        head = f'Digest realm={quote(self._policy.realm)}, nonce="{nonce}"'
        tail = ', qop="auth", stale=true' if stale else ', qop="auth"'
        return Refuse(
            401,
            tuple(
                [("WWW-Authenticate", f"{head}, algorithm={kind}{tail}") for kind in self._policy.algorithms]
            ),
        )


def _claims(request: Request) -> tuple[Uri, ...]:
    """Who the request says it is from: all must be the one who proves it (interop.md 1.1, Identity; RFC 3261 10.3)."""
    if request.method == "REGISTER":
        return request.from_.uri, request.to.uri
    preferred = [Address.parse(text).uri for text in request.headers.values("P-Preferred-Identity")]
    return request.from_.uri, *preferred


def _same_place(text: str, uri: Uri) -> bool:
    """Whether the URI that was proved is the one that is asked for. Telephones differ about its scheme, port and parameters
    between the two, and some leave the user out (pyVoIP); a proof for elsewhere is of another user or host.
    """
    proved = Uri.parse(text)
    return proved.host == uri.host and proved.decoded_user in {"", uri.decoded_user}
