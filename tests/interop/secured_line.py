"""A telephone whose audio is secured, by libsrtp and not by ourselves; and what hostile ones do beside it."""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable

from tests.interop.line import FRAME_S, HEADER_BYTES, SILENCE, Line
from tests.interop.phone import FRAME_BYTES, Phone, Reply, sdp

KEY_BYTES = 30


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


class SecuredPhone(Phone):
    """Offers RTP/SAVP with one key."""

    key = b""
    their_key = b""

    def offer(self, key: bytes, version: int = 1) -> str:
        """A description with this key."""
        self.key = key
        line = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}\r\n"
        plain = sdp(self.audio_port).replace("o=- 1 1", f"o=- 1 {version}")
        return plain.replace("RTP/AVP", "RTP/SAVP") + line

    def dial(self, number: str) -> Reply:
        self.send(self.request("INVITE", number, body=self.offer(new_key())))
        return self._answered()

    def renew(self, version: int) -> Reply:
        """A re-INVITE with another key; it is answered and acknowledged."""
        self.send(self.request("INVITE", body=self.offer(new_key(), version)))
        reply = self._answered()
        self.acknowledge()
        return reply

    def _answered(self) -> Reply:
        reply = self.final("INVITE")
        self.to_tag = reply.to_tag
        found = re.search(r"^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:(\S+)", reply.text, re.MULTILINE)
        self.their_key = base64.b64decode(found[1]) if found else b""
        return reply


class SecuredLine(Line):
    """Its owner talks all the time. What is sent for each packet may be changed, and is counted from `sequence` on."""

    phone: SecuredPhone

    def __init__(self, phone: SecuredPhone, frequency_hz: float = 0.0, *, sequence: int = 0) -> None:
        self.sequence = sequence
        self.opened = 0
        self.disguise: Callable[[bytes, bytes], Iterable[bytes]] = lambda _plain, sealed: [sealed]
        """What is sent instead: of the plain packet and the sealed one."""
        super().__init__(phone, frequency_hz)

    def take_keys(self) -> None:
        """Use those of the phone from now on, in contexts that begin anew, as telephones do."""
        self._sealing, self._opening = (
            session(self.phone.key, out=True),
            session(self.phone.their_key, out=False),
        )

    def call(self, number: str) -> None:
        self.phone.join(number)
        self.take_keys()
        self._in_call = True
        self._thread.start()

    def _talk(self) -> None:
        audio, number, start = self.phone.audio, 0, time.monotonic()
        while not self._over.is_set():
            at = number * FRAME_BYTES % max(1, len(self._said))
            said = self._said[at : at + FRAME_BYTES] or SILENCE
            sequence = (self.sequence + number) & 0xFFFF
            plain = struct.pack("!BBHII", 0x80, 0, sequence, number * FRAME_BYTES, self.phone.port) + said
            try:
                for data in self.disguise(plain, self._sealing.protect(plain)):
                    audio.send(data)
                while True:
                    self._take(audio.recv(2048))
            except OSError:  # nothing more has come
                pass
            number += 1
            time.sleep(max(0.0, start + number * FRAME_S - time.monotonic()))

    def _take(self, data: bytes) -> None:
        import pylibsrtp  # noqa: PLC0415 - the test that needs it is skipped where it is not

        try:
            self._heard.append(self._opening.unprotect(data)[HEADER_BYTES:])
        except pylibsrtp.Error:  # on its way while keys changed
            return
        self.opened += 1

    def to_reports(self, data: bytes) -> None:
        """Send something to where the bridge takes RTCP, from where ours would come."""
        host, port = self.phone.audio.getpeername()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reports:
            reports.bind((host, 0))
            reports.sendto(data, (host, port + 1))


def session(key: bytes, *, out: bool):
    """A context of libsrtp."""
    import pylibsrtp  # noqa: PLC0415 - likewise

    policy = pylibsrtp.Policy
    kind = policy.SSRC_ANY_OUTBOUND if out else policy.SSRC_ANY_INBOUND
    profile = policy.SRTP_PROFILE_AES128_CM_SHA1_80
    return pylibsrtp.Session(policy(key=key, ssrc_type=kind, srtp_profile=profile))
