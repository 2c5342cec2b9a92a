"""What a trace must not show: proofs of passwords, keys of audio, digits keyed.

Each secret is overwritten by as many `x`, so that lengths stay right and a dissector still finds its way. What stays
visible is what a fault is looked for in: who claimed to be whom, in which realm, by which algorithm.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BLANK: Final = b"x"

_CREDENTIALS: Final = re.compile(
    rb"^(?:proxy-)?authorization[ \t]*:(?:[^\r\n]|\r?\n[ \t])*|^authentication-info[ \t]*:(?:[^\r\n]|\r?\n[ \t])*",
    re.IGNORECASE | re.MULTILINE,
)
_DIGEST: Final = re.compile(rb"[^:]*:\s*digest\s", re.IGNORECASE)
_PROOF: Final = re.compile(rb'\b((?:response|rspauth)\s*=\s*"?)([^",\s]+)', re.IGNORECASE)
_WHOLE: Final = re.compile(rb"(:\s*(?:[A-Za-z]+\s+)?)(.*)", re.DOTALL)
_URI_PASSWORD: Final = re.compile(rb"(\bsips?:[^@:;<>\s]+:)([^@<>\s]+)(?=@)", re.IGNORECASE)
_SDES: Final = re.compile(rb"(inline:)([^|\s;]+)", re.IGNORECASE)
_SDP_KEY: Final = re.compile(rb"(^k=)([^\r\n]+)", re.MULTILINE)
_DIGIT_TYPE: Final = re.compile(
    rb"^(?:content-type|c)[ \t]*:[ \t]*application/dtmf", re.IGNORECASE | re.MULTILINE
)
_SIGNAL: Final = re.compile(rb"(signal\s*=\s*)([^\r\n]+)", re.IGNORECASE)
_ANYTHING: Final = re.compile(rb"()([^\r\n]+)")
_END: Final = re.compile(rb"\r?\n\r?\n")


def blanked(data: bytes) -> bytes:
    """The message `data` without its secrets, as long as before."""
    end = _END.search(data)
    head, body = (data, b"") if end is None else (data[: end.end()], data[end.end() :])
    secret_digits = _DIGIT_TYPE.search(head) is not None
    head = _CREDENTIALS.sub(_without_proof, head)
    head = _URI_PASSWORD.sub(_second_blank, head)
    if secret_digits:
        # The relay type names the digit; the plain type is nothing but the digit.
        body = (_SIGNAL if _SIGNAL.search(body) else _ANYTHING).sub(_second_blank, body)
    elif body:
        body = _SDP_KEY.sub(_second_blank, _SDES.sub(_second_blank, body))
    return head + body


def _second_blank(match: re.Match[bytes]) -> bytes:
    return match[1] + BLANK * len(match[2])


def _without_proof(match: re.Match[bytes]) -> bytes:
    header = match[0]
    told: Callable[[re.Match[bytes]], bytes] = _second_blank
    if header[:20].lower().startswith(b"authentication-info") or _DIGEST.match(header):
        return _PROOF.sub(told, header)
    # Another scheme, and nobody knows what in it is secret: a Basic password is all of it.
    return _WHOLE.sub(told, header, count=1)
