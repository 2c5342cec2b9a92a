"""What can go wrong: we misuse the stack, or the peer sends what SIP does not allow.

Nothing else leaves this package. A caller who feeds bytes from the network catches `RemoteError`;
a `LocalError` is a bug on our side and should be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class SipError(Exception):
    """Anything the package raises."""


class LocalError(SipError):
    """We asked the stack for something SIP does not allow (say, a header value with a line break)."""


class RemoteError(SipError):
    """The peer sent nonsense.

    `status` is the SIP status the standards name for the answer (400, 413, 488, 505, 513), or 0 where
    the only right answer is silence.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class ParseError(RemoteError):
    """A message, or a part of one, does not follow the grammar.

    `partial` is a `sip.message.Request` (this ground floor knows no floor above it, hence Any) with enough in
    it (Via and CSeq) to answer `status`; None where no answer can or may be sent. Its topmost Via is good, or what
    of it was; all else may be missing or the very trouble, so an answer copies text (`headers.get`) and does not ask for the
    typed views. Its Request-URI may be a placeholder, its body is empty, and it is never
    an ACK.

    `parsed` holds what a `StreamParser` had already read from the same chunk: treat it before the error.
    """

    def __init__(
        self,
        reason: str,
        status: int = 400,
        *,
        partial: Any = None,
        parsed: Sequence[Any] = (),
    ) -> None:
        super().__init__(reason, status)
        self.partial = partial
        self.parsed = parsed
