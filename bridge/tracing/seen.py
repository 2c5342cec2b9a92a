"""One message of a trace, as all who show it want it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sip.trace import Traced

Place = tuple[str, int]
"""Address and port."""

_FIRST_LINE: Final = re.compile(rb"[ \t\r\n]*([^\r\n]*)")
_CSEQ: Final = re.compile(rb"^cseq[ \t]*:[ \t]*[0-9]+[ \t]+([A-Za-z]+)", re.IGNORECASE | re.MULTILINE)
_SDP: Final = re.compile(rb"^(?:content-type|c)[ \t]*:[ \t]*application/sdp", re.IGNORECASE | re.MULTILINE)
TITLE_LONGEST: Final = 60
"""Characters of a title: what somebody else wrote may be of any length."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message on its way."""

    at: float
    """Seconds of the Unix epoch."""
    source: Place
    target: Place
    transport: str
    call_id: str
    data: bytes

    @property
    def title(self) -> str:
        """What it is, in a few words: `INVITE (SDP)`, `200 OK (INVITE, SDP)`."""
        found = _FIRST_LINE.match(self.data)
        line = b"" if found is None else found[1]
        words = line.decode("utf-8", "replace").split(" ", 2)
        more = ["SDP"] if _SDP.search(self.data) else []
        if words[0].upper().startswith("SIP/") and len(words) > 1:
            asked = _CSEQ.search(self.data)
            # A provisional answer to an INVITE is known by itself.
            if asked is not None and not (words[1].startswith("1") and asked[1] == b"INVITE"):
                more.insert(0, asked[1].decode())
            title = " ".join(words[1:])
        else:
            title = words[0] or "(nothing)"
        title = "".join(letter if letter.isprintable() else "\ufffd" for letter in title[:TITLE_LONGEST])
        return f"{title} ({', '.join(more)})" if more else title


def seen(message: Traced, epoch_s: float, here: Place) -> Seen:
    """What a trace has kept; `epoch_s` is the Unix time at which the trace's clock stood at zero, `here` our end of the flow."""
    flow = message.flow
    source, target = (here, flow.remote) if message.outward else (flow.remote, here)
    return Seen(message.at + epoch_s, source, target, flow.transport, message.call_id, message.data)


def written(place: Place) -> str:
    """An address and a port as people read them."""
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
