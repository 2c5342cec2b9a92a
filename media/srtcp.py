"""Secured RTCP (RFC 3711 section 3.4, RFC 7714 section 9): a packet every few seconds, so one at a time.

    | header, 8 bytes | rest of the compound packet, encrypted | tag of GCM | E | index, 31 bits | MKI | tag of HMAC |

The index stands in the packet; E says that it is encrypted. What was not proved to be the peer's is dropped without a
word: baresip sends unsecured reports for a while, and whoever likes may send anything.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.hmac import HMAC

from media.control import Suite
from media.replay import Window
from media.srtp_keys import SHAPES, Keys

_HEADER: Final = 8
_ENCRYPTED: Final = 1 << 31
_WORD: Final = 4
LAST_INDEX: Final = _ENCRYPTED - 1
"""With it a key is used up (RFC 3711 section 9.2): after 340 years of reports no more are sent."""

MAX_SOURCES: Final = 8
"""SSRCs of the peer whose reports are counted under one key; a phone has one. The one heard first makes room."""


class ReportCipher:
    """The reports of one direction of a stream, with the keys of `srtp_keys.report_keys`."""

    __slots__ = ("_keys", "_mki", "_salt", "_shape")

    def __init__(self, suite: Suite, keys: Keys, mki: bytes = b"") -> None:
        self._shape = SHAPES[suite]
        self._keys = keys
        self._salt = int.from_bytes(self._keys.salt, "big")
        self._mki = mki

    def seal(self, report: bytes, index: int) -> bytes:
        """Secure a compound packet."""
        header, rest = report[:_HEADER], report[_HEADER:]
        word = (_ENCRYPTED | index).to_bytes(_WORD, "big")
        if self._shape.aead:
            nonce = self._nonce(header, index)
            return (
                header + AESGCM(self._keys.encryption).encrypt(nonce, rest, header + word) + word + self._mki
            )
        proved = header + self._crypt(header, rest, index) + word
        return proved + self._mki + self._tag(proved)

    def open(self, packet: bytes) -> tuple[bytes, int, int] | None:
        """The plain packet with its source and index; None where it is none of the peer's."""
        overhead = self._shape.report_tag + _WORD + len(self._mki)
        if len(packet) < _HEADER + overhead:
            return None
        header = packet[:_HEADER]
        ssrc = int.from_bytes(header[4:], "big")
        if self._shape.aead:
            body = packet[: len(packet) - len(self._mki)]
            word, sealed = body[-_WORD:], body[_HEADER:-_WORD]
        else:
            proved = packet[: len(packet) - self._shape.report_tag - len(self._mki)]
            if not hmac.compare_digest(self._tag(proved), packet[-self._shape.report_tag :]):
                return None
            word, sealed = proved[-_WORD:], proved[_HEADER:-_WORD]
        number = int.from_bytes(word, "big")
        index = number & LAST_INDEX
        if self._shape.aead:
            rest = self._open_aead(header, sealed, word, index, encrypted=bool(number & _ENCRYPTED))
            return None if rest is None else (header + rest, ssrc, index)
        rest = self._crypt(header, sealed, index) if number & _ENCRYPTED else sealed
        return header + rest, ssrc, index

    def _open_aead(
        self, header: bytes, sealed: bytes, word: bytes, index: int, *, encrypted: bool
    ) -> bytes | None:
        cipher, nonce = AESGCM(self._keys.encryption), self._nonce(header, index)
        try:
            if encrypted:
                return cipher.decrypt(nonce, sealed, header + word)
            plain, tag = sealed[: -self._shape.report_tag], sealed[-self._shape.report_tag :]
            cipher.decrypt(nonce, tag, header + plain + word)
        except InvalidTag:
            return None
        return plain

    def _nonce(self, header: bytes, index: int) -> bytes:
        ssrc = int.from_bytes(header[4:], "big")
        return (self._salt ^ ssrc << 48 ^ index).to_bytes(12, "big")

    def _crypt(self, header: bytes, data: bytes, index: int) -> bytes:
        ssrc = int.from_bytes(header[4:], "big")
        first = self._salt << 16 ^ ssrc << 64 ^ index << 16
        return Cipher(AES(self._keys.encryption), CTR(first.to_bytes(16, "big"))).encryptor().update(data)

    def _tag(self, proved: bytes) -> bytes:
        mac = HMAC(self._keys.authentication, SHA1())  # noqa: S303 - RFC 3711
        mac.update(proved)
        return mac.finalize()[: self._shape.report_tag]


class ReportsIn:
    """What reports of a peer have come. `next_` is one more than the highest index that another worker heard."""

    __slots__ = ("_cipher", "_taken_over", "_windows", "next")

    def __init__(self, cipher: ReportCipher, next_: int = 0) -> None:
        self._cipher = cipher
        self._windows: dict[int, Window] = {}
        self._taken_over = next_
        self.next = next_
        """One more than the index of the report that was taken last."""

    def open(self, packet: bytes) -> bytes | None:
        """The plain packet; None where it is none of the peer's, or has come before."""
        opened = self._cipher.open(packet)
        if opened is None:
            return None
        report, ssrc, index = opened
        window = self._windows.get(ssrc)
        if window is None:
            window = Window.taken_over(self._taken_over)
            self._taken_over = 0
        if window.has(index):
            return None
        if ssrc not in self._windows and len(self._windows) >= MAX_SOURCES:
            del self._windows[next(iter(self._windows))]
        self._windows[ssrc] = window
        window.note(index)
        self.next = window.next
        return report
