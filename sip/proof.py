"""What both sides of a digest say: challenges and proofs as values, and the sums over them (RFC 7616, RFC 8760, RFC 2617).

A side that wants proof sends challenges, one header line each: realm, nonce, algorithm. The other answers with a proof:
a hash over password, nonce, method and URI. The headers of both are read by one table (`_RULES`), which raises
`ParseError` and nothing else; another scheme than Digest is as if it were not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final

from sip.errors import ParseError
from sip.grammar import QUOTED_STRING, TOKEN, TOKEN_CHARACTERS, WS, excerpt, unquote

PARAMETERS_MAX: Final = 32
"""Parameters of one header; RFC 7616 knows eleven. Beyond: ParseError."""
VALUE_MAX: Final = 1024
"""Characters of one value; nonces of real servers have 30 to 200. Beyond: ParseError."""


class Algorithm(StrEnum):
    """Hashes by their names on the wire, the strongest first. The `-sess` kinds, which no telephone speaks, are unknown here."""

    SHA512_256 = "SHA-512-256"
    SHA256 = "SHA-256"
    MD5 = "MD5"


def _hashes() -> dict[Algorithm, Callable[[bytes], str]]:
    def hexdigest(name: str, data: bytes) -> str:
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()

    names = {Algorithm.SHA512_256: "sha512_256", Algorithm.SHA256: "sha256", Algorithm.MD5: "md5"}
    return {
        key: partial(hexdigest, name) for key, name in names.items() if name in hashlib.algorithms_available
    }


_HASHES: Final = _hashes()
"""What the cryptographic library of this machine has; an old one lacks SHA-512/256, and then a challenge with it is unknown."""
SERVED: Final = tuple(_HASHES)
_BY_NAME: Final = {algorithm.lower(): algorithm for algorithm in SERVED}


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def ha1(algorithm: Algorithm, username: str, realm: str, password: str) -> str:
    """The hash of a password for one user of one realm: all that a server need keep, and worth as much there as the password."""
    return _HASHES[algorithm](_octets(f"{username}:{realm}:{password}"))


def proof(
    algorithm: Algorithm,
    secret: str,
    *,
    method: str,
    uri: str,
    nonce: str,
    qop: str = "",
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
) -> str:
    """The `response` parameter (RFC 7616 3.4.1). `secret` is what `ha1` gives; `nc` stands as it does on the wire."""
    digest = _HASHES[algorithm]
    a2 = f"{method}:{uri}:{digest(body)}" if qop == "auth-int" else f"{method}:{uri}"
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return digest(_octets(f"{secret}:{middle}:{digest(_octets(a2))}"))


# The grammar: `Digest name=value, name="value"`. Whether quotes belong is not judged: telephones quote what should not be
# (algorithm, qop, nc) and leave bare what should.
_SCHEME: Final = re.compile(rf"{WS}([{TOKEN_CHARACTERS}]++)(?:[ \t]++|\Z)")
_PARAMETER: Final = re.compile(
    rf"{WS}([{TOKEN_CHARACTERS}]++){WS}={WS}({QUOTED_STRING}|[^ \t,\"]*+){WS}(?:,[ \t,]*+|\Z)", re.DOTALL
)
_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")

_ANY: Final = re.compile(r".*+", re.DOTALL)
_SOME: Final = re.compile(r".++", re.DOTALL)
_RULES: Final = {
    "username": _SOME,
    "realm": _ANY,
    "nonce": _SOME,
    "uri": _SOME,
    "opaque": _ANY,
    "algorithm": TOKEN,
    "response": re.compile(r"[0-9A-Fa-f]{32,128}"),
    "cnonce": _ANY,
    "nc": re.compile(r"[0-9A-Fa-f]{8}"),
    "qop": re.compile(rf"[{TOKEN_CHARACTERS}, \t]*+"),
    "stale": TOKEN,
}
"""What a value must look like. Parameters not listed are read over, as RFC 7616 3.3 asks."""


def read_parameters(text: str) -> dict[str, str] | None:
    """Parameters of a Digest header by name in lower case, without quotes; None for another scheme.

    A parameter that comes twice is an error: two readers might take one each (interop.md 1.1, digest parser).
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ParseError(f"no scheme of authentication: {excerpt(text)}")
    if scheme[1].lower() != "digest":
        return None
    if _CONTROL.search(text):
        raise ParseError(f"control character in credentials: {excerpt(text)}")
    parameters: dict[str, str] = {}
    position = scheme.end()
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ParseError(f"malformed digest parameter: {excerpt(text[position:])}")
        position = match.end()
        name, value = match[1].lower(), unquote(match[2])
        if name in parameters:
            raise ParseError(f"digest parameter {name} twice")
        if len(parameters) == PARAMETERS_MAX or len(value) > VALUE_MAX:
            raise ParseError("too many digest parameters, or too long")
        rule = _RULES.get(name)
        if rule is not None and rule.fullmatch(value) is None:
            raise ParseError(f"malformed digest parameter {name}")
        parameters[name] = value
    return parameters


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server wants proved. `qop` is what we would answer: "" for a server of RFC 2069's days."""

    realm: str
    nonce: str
    algorithm: Algorithm
    qop: str = ""
    opaque: str | None = None
    stale: bool = False

    @staticmethod
    def parse(text: str) -> Challenge | None:
        """Read a WWW-Authenticate or Proxy-Authenticate; None where scheme, algorithm or qop is none of ours."""
        found = read_parameters(text)
        if found is None:
            return None
        if "realm" not in found or "nonce" not in found:
            raise ParseError("a challenge without realm or nonce")
        algorithm = _BY_NAME.get(found.get("algorithm", "MD5").lower())
        offered = [part.strip(" \t").lower() for part in found.get("qop", "").split(",")]
        qop = next((kind for kind in ("auth", "auth-int", "") if kind in offered), None)
        if algorithm is None or qop is None:
            return None
        stale = found.get("stale", "").lower() == "true"
        return Challenge(found["realm"], found["nonce"], algorithm, qop, found.get("opaque"), stale)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client says of itself: the value of Authorization or Proxy-Authorization."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str = field(repr=False)
    algorithm: Algorithm
    qop: str
    nc: str
    cnonce: str

    @staticmethod
    def parse(text: str) -> Proof | None:
        """Read credentials; None where the scheme or the algorithm is none of ours."""
        found = read_parameters(text)
        if found is None:
            return None
        algorithm = _BY_NAME.get(found.get("algorithm", "MD5").lower())
        if algorithm is None:
            return None
        qop, nc, cnonce = found.get("qop", "").lower(), found.get("nc", ""), found.get("cnonce", "")
        if qop not in ("", "auth", "auth-int") or (qop and not (nc and cnonce)):
            raise ParseError("credentials with half a qop")
        try:
            return Proof(
                found["username"], found["realm"], found["nonce"], found["uri"], found["response"].lower(),
                algorithm, qop, nc, cnonce,
            )  # fmt: skip
        except KeyError as error:
            raise ParseError(f"credentials without {error.args[0]}") from error

    def expected(self, secret: str, method: str, body: bytes) -> str:
        """The `response` that whoever knows `secret` would have sent."""
        return proof(
            self.algorithm, secret, method=method, uri=self.uri, nonce=self.nonce,
            qop=self.qop, nc=self.nc, cnonce=self.cnonce, body=body,
        )  # fmt: skip
