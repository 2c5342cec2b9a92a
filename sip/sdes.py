"""The a=crypto lines of a description (RFC 4568): which cipher a stream is to have, and under which key.

    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4 WSH=128
             |  suite                         master key and salt, base64          |    |    session parameters
             tag                                                              lifetime  MKI:its length

Each side says the key of what *it* sends. An answer repeats tag and suite of the one line it takes.

What a line may say, and what becomes of it:

- A suite that we do not speak, or a session parameter that we would have to obey and do not (UNENCRYPTED_SRTP and its
  kin, a key derivation rate, FEC, anything unknown that does not begin with "-"): the line is not for us.
- A line that breaks the grammar, or whose key has another length than its suite: `ParseError`. It is skipped, too.
- Two lines with one tag: nobody could tell which of them an answer means. Then none is taken.
- Several keys in a line are told apart by their MKI in each packet. We keep one key a stream: not for us.
- A lifetime counts the packets of whoever gave the key, and so it is theirs to keep.

Keys are in no `repr`: descriptions of things end in logs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sip.errors import ParseError
from sip.grammar import excerpt

ATTRIBUTE: Final = "crypto"

MAX_LINES: Final = 32
"""Crypto lines of one m-line that are looked at; the longest offers seen have 12. Those beyond are not read."""

MAX_LINE: Final = 1_024
"""Characters of a line; one with the longest key, an MKI and every parameter has 200. Beyond: ParseError."""

MAX_KEYS: Final = 16
"""Inline keys of one line. Beyond: ParseError."""

MAX_MKI_BYTES: Final = 4
"""Bytes of an MKI that we carry in packets. RFC 4568 section 6.1 allows 128, for nobody who has one key: such a line is not for us."""

LONGEST_MKI_BYTES: Final = 128
MOST_PACKETS: Final = 2**48
"""A lifetime cannot be longer: the packet index has 48 bits (RFC 3711 section 9.2). Beyond: ParseError."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A crypto-suite by the name that SDP has for it, and the lengths of its master key and salt in bytes."""

    name: str
    key_bytes: int
    salt_bytes: int

    @property
    def bytes(self) -> int:
        """What stands behind "inline:"."""
        return self.key_bytes + self.salt_bytes


AEAD_AES_128_GCM: Final = Suite("AEAD_AES_128_GCM", 16, 12)
AEAD_AES_256_GCM: Final = Suite("AEAD_AES_256_GCM", 32, 12)
AES_CM_128_HMAC_SHA1_80: Final = Suite("AES_CM_128_HMAC_SHA1_80", 16, 14)
AES_CM_128_HMAC_SHA1_32: Final = Suite("AES_CM_128_HMAC_SHA1_32", 16, 14)

SUITES: Final = (AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32)
"""In the order of our preference: RFC 7714 before RFC 3711 (one pass over the packet, and cheaper), longer tags before shorter."""

_BY_NAME: Final = {suite.name: suite for suite in SUITES}

_LINE: Final = re.compile(
    r"([0-9]{1,9})[ \t]++([A-Za-z0-9_]{1,64})[ \t]++([^ \t]++)((?:[ \t]++[^ \t]++)*+)[ \t]*+"
)
_KEY: Final = re.compile(
    r"(?i:inline):([A-Za-z0-9+/]{1,256}={0,2})(?:\|(2\^)?([0-9]{1,15}))?(?:\|([0-9]{1,39}):([0-9]{1,3}))?"
)
_UNDERSTOOD: Final = re.compile(r"-.*|(?i:WSH)=[0-9]{2,9}|(?i:KDR)=0")
"""Session parameters that change nothing: our replay window is what it is, keys are derived once, and "-" is a wish."""


@dataclass(frozen=True, slots=True)
class Key:
    """What stands behind one "inline:". `material` is the master key and behind it the salt."""

    material: bytes = field(repr=False)
    lifetime: int | None = None
    """Packets, where it is said."""
    mki: int = 0
    mki_bytes: int = 0
    """Length of the MKI in each packet; 0: there is none."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """A line that we understand and can do."""

    tag: int
    suite: Suite
    key: Key


def parse(text: str) -> Crypto | None:
    """Read the value of a=crypto. None: well-formed, and not for us.

    Raises
    ------
    ParseError
        where it follows no grammar, or where a key is not as long as the suite says.
    """
    match = _LINE.fullmatch(text) if len(text) <= MAX_LINE else None
    if match is None:
        raise ParseError("malformed crypto line")  # never quoted: there may be a key in it
    suite = _BY_NAME.get(match[2].upper())
    if suite is None:
        return None
    keys = _parse_keys(match[3], suite)
    if len(keys) > 1 or keys[0].mki_bytes > MAX_MKI_BYTES:
        return None
    if any(_UNDERSTOOD.fullmatch(parameter) is None for parameter in match[4].split()):
        return None
    return Crypto(int(match[1]), suite, keys[0])


def _parse_keys(text: str, suite: Suite) -> list[Key]:
    parts = text.split(";")
    if len(parts) > MAX_KEYS:
        raise ParseError(f"{len(parts)} keys in a crypto line")
    keys = [_parse_key(part, suite) for part in parts]
    lengths = {key.mki_bytes for key in keys}
    if len(keys) > 1 and (len(lengths) > 1 or 0 in lengths):
        raise ParseError("several keys in a crypto line without an MKI of one length")
    return keys


def _parse_key(text: str, suite: Suite) -> Key:
    match = _KEY.fullmatch(text)
    if match is None:
        raise ParseError("malformed key of a crypto line")
    encoded = match[1].rstrip("=")
    try:
        material = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ParseError("a key of a crypto line is no base64") from None
    if len(material) != suite.bytes:
        raise ParseError(f"{suite.name} with a key of {len(material)} bytes")
    return Key(material, _lifetime(match[2], match[3]), *_mki(match[4], match[5]))


def _lifetime(power: str | None, digits: str | None) -> int | None:
    if digits is None:
        return None
    number = int(digits)
    lifetime = number if power is None else 2 ** min(number, 64)
    if not 0 < lifetime <= MOST_PACKETS:
        raise ParseError(f"lifetime of a key: {excerpt(digits)}")
    return lifetime


def _mki(value: str | None, length: str | None) -> tuple[int, int]:
    if value is None or length is None:
        return 0, 0
    size = int(length)
    if not 0 < size <= LONGEST_MKI_BYTES or int(value) >= 256**size:
        raise ParseError(f"MKI {excerpt(value)} of {size} bytes")
    return int(value), size


def read(values: Iterable[str]) -> list[Crypto]:
    """The lines of one m-line that we can do, in the order they were offered.

    Raises
    ------
    ParseError
        where two of them have one tag (RFC 4568 section 4.1).
    """
    lines: list[Crypto] = []
    tags: set[int] = set()
    for text in list(values)[:MAX_LINES]:
        tag = text.split(maxsplit=1)[0] if text.strip() else ""
        if tag.isascii() and tag.isdigit() and len(tag) <= 9:
            if int(tag) in tags:
                raise ParseError("two crypto lines with one tag")
            tags.add(int(tag))
        try:
            line = parse(text)
        except ParseError:
            continue
        if line is not None:
            lines.append(line)
    return lines


def encode(line: Crypto) -> str:
    """Write the value of a=crypto."""
    key = line.key
    material = base64.b64encode(key.material).decode()
    lifetime = "" if key.lifetime is None else f"|{key.lifetime}"
    mki = f"|{key.mki}:{key.mki_bytes}" if key.mki_bytes else ""
    return f"{line.tag} {line.suite.name} inline:{material}{lifetime}{mki}"
