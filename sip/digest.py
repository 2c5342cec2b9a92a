"""Digest authentication, the client's side: answering a 401 or 407 (RFC 7616, RFC 8760, RFC 3261 22).

`authorize` answers nobody it was not meant for (interop.md 1.2-2): credentials bound to a realm are never used for
another, a nonce that refused us once is not answered again unless it is called stale, and a password that a fresh nonce
refused is wrong. The caller sees to it that it asks only for requests that went to the peer whose credentials these are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from sip.draft import Fields
from sip.errors import ParseError
from sip.grammar import quote
from sip.message import Response
from sip.proof import SERVED, Challenge, ha1, proof

PROTECTIONS_MAX: Final = 4
"""Realms answered in one request: the server and its proxies. The rest is not answered."""
TRIES_MAX: Final = 3
"""Challenges answered in a row for one request. A server that calls each fresh nonce stale gets no fourth answer."""
NC_MAX: Final = 0xFFFF_FFFF
"""Eight hexadecimal digits (RFC 7616 3.4)."""
CHALLENGES_MAX: Final = 16
"""Challenges of one response that are looked at: three algorithms for five realms. The rest is ignored."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What we prove ourselves with to one peer."""

    username: str
    password: str = field(repr=False)
    realm: str = ""
    """The only realm they are used for; "" is any realm of that peer."""


@dataclass(frozen=True, slots=True)
class Protection:
    """One realm that let us in, or may yet: whom to answer in which header, and how often its nonce has been used."""

    header: str
    challenge: Challenge
    nc: int
    tries: int
    """Challenges answered in a row; 0 once a request was sent without being asked for proof first."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request carried, to be remembered for its repetition and for the next one (`repeat`)."""

    protections: tuple[Protection, ...]


_HEADERS: Final = (("WWW-Authenticate", "Authorization"), ("Proxy-Authenticate", "Proxy-Authorization"))


def authorize(
    response: Response,
    *,
    method: str,
    uri: str,
    body: bytes,
    credentials: Credentials,
    cnonce: str,
    before: Answered | None,
) -> tuple[Fields, Answered] | None:
    """Answer the challenges of a 401 or 407.

    Parameters
    ----------
    response : Response
        The refusal. A challenge in it that cannot be read is as if absent.
    method, uri, body
        Of the request that is to be sent again, the URI as in its Request-URI.
    cnonce : str
        Fresh random text, of token characters.
    before : Answered or None
        What the refused request carried; None where it carried no credentials. Of several realms (a proxy, then the
        server) each refuses in its turn, and all must be answered together at last.

    Returns
    -------
    tuple or None
        Header fields for the next request, and what it then carries. None: no challenge that may be answered.
    """
    carried = {(one.header, one.challenge.realm): one for one in before.protections} if before else {}
    strongest = _strongest(response, credentials)
    if not strongest:
        return None
    for key, challenge in strongest.items():
        old = carried.get(key)
        if old is not None:
            refused_again = challenge.nonce == old.challenge.nonce or old.tries > 0
            if (refused_again and not challenge.stale) or old.tries >= TRIES_MAX:
                return None
        elif len(carried) == PROTECTIONS_MAX:
            continue
        nc = old.nc if old is not None and old.challenge.nonce == challenge.nonce else 0
        carried[key] = Protection(key[0], challenge, nc, old.tries + 1 if old is not None else 1)
    return _write(carried.values(), method, uri, body, credentials, cnonce)


def repeat(
    before: Answered, *, method: str, uri: str, body: bytes, credentials: Credentials, cnonce: str
) -> tuple[Fields, Answered]:
    """Prove ourselves for a further request before being asked (RFC 3261 22.3): the nonces that let us in, counted on."""
    known = [
        Protection(one.header, one.challenge, one.nc, 0) for one in before.protections if one.nc < NC_MAX
    ]
    return _write(known, method, uri, body, credentials, cnonce)


def _strongest(response: Response, credentials: Credentials) -> dict[tuple[str, str], Challenge]:
    """The challenge to answer, by our header and realm. RFC 8760 would take the topmost of those we know and leaves another
    choice to local policy; ours is the strongest, so that nobody on the way gains by changing their order.
    """
    chosen: dict[tuple[str, str], Challenge] = {}
    for asking, answering in _HEADERS:
        for text in response.headers.get_all(asking)[:CHALLENGES_MAX]:
            try:
                challenge = Challenge.parse(text)
            except ParseError:
                continue
            if challenge is None or credentials.realm not in ("", challenge.realm):
                continue
            key = (answering, challenge.realm)
            rival = chosen.get(key)
            if rival is None or SERVED.index(challenge.algorithm) < SERVED.index(rival.algorithm):
                chosen[key] = challenge
    return chosen


def _write(
    protections: Iterable[Protection],
    method: str,
    uri: str,
    body: bytes,
    credentials: Credentials,
    cnonce: str,
) -> tuple[Fields, Answered]:
    used = tuple(replace(one, nc=one.nc + 1) for one in protections)
    fields = tuple([(one.header, _value(one, method, uri, body, credentials, cnonce)) for one in used])
    return fields, Answered(used)


def _value(
    protection: Protection, method: str, uri: str, body: bytes, credentials: Credentials, cnonce: str
) -> str:
    """Write the header's value, with quotes exactly where RFC 7616 3.4 has them."""
    challenge = protection.challenge
    nc = f"{protection.nc:08x}"
    secret = ha1(challenge.algorithm, credentials.username, challenge.realm, credentials.password)
    answer = proof(
        challenge.algorithm, secret, method=method, uri=uri, nonce=challenge.nonce,
        qop=challenge.qop, nc=nc, cnonce=cnonce, body=body,
    )  # fmt: skip
    parts = [
        f"username={quote(credentials.username)}",
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{answer}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.qop:
        parts += [f"qop={challenge.qop}", f"nc={nc}", f"cnonce={quote(cnonce)}"]
    if challenge.opaque is not None:
        parts.append(f"opaque={quote(challenge.opaque)}")
    return f"Digest {', '.join(parts)}"
