"""Who calls, and what number: from what is proved of the peer, and from what is said by those who are believed.

    a trunk            what it asserts (P-Asserted-Identity, RFC 3325), read as it writes numbers
    an account         its number, else its name in From: its password has proved it
    a trusted network  its From
    anybody else       its From, which is anybody's invention: shown, and nothing more

Who asks not to be shown (RFC 3323) is shown to nobody, whoever says it. A number that was dialled is the Request-URI's user;
where that is none of ours a trunk's Diversion or History-Info may say which it was, before the call was forwarded to us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from bridge.config.values import within
from bridge.gate import trunk_of
from bridge.service.directory import NOBODY, Directory
from bridge.service.numbering import Writing, known_as
from bridge.service.origin import Origin, origin
from bridge.trunks.callers import caller_of
from sip.identity import diversions, number_of, wants_privacy

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from sip.events import IncomingCall

ANONYMOUS: Final = "anonymous"
"""What is shown of a number that is withheld."""


class Caller(NamedTuple):
    """Who calls, as far as the switchboard needs it."""

    shown: str
    """The number or name for logs and consoles."""
    trusted_number: str
    """Where it is believed: E.164, or an extension."""
    display: str
    """The name that a trunk gives, or ""."""
    private: bool
    origin: Origin


class Callers:
    """Reads them off the calls that come."""

    __slots__ = ("_config", "_directory", "_trunks")

    def __init__(self, config: Config, directory: Directory = NOBODY) -> None:
        self._config = config
        self._directory = directory
        self._trunks = {trunk.name: trunk for trunk in config.trunks}

    def of(self, event: IncomingCall) -> Caller:
        """Who makes this call."""
        numbering = self._config.dial_out.numbering
        peer, (host, port) = event.flow.remote[0], event.flow.local
        trunk = self._trunks.get(trunk_of(event.identity))
        if trunk is not None:
            caller = caller_of(trunk, event.request, numbering)
            # Where the trunk says how it writes numbers, what is none is an extension, and not to be guessed at.
            guessed = trunk.callers == Writing.AUTO.value
            number = caller.number or (known_as(numbering, caller.written) if guessed else caller.written)
            return Caller(
                shown=ANONYMOUS if caller.withheld else caller.number or caller.written or ANONYMOUS,
                trusted_number=number,
                display="" if caller.withheld else caller.display,
                private=caller.withheld,
                origin=origin(peer=peer, listener="", caller=number, trusted=True),
            )
        said = event.from_.uri.decoded_user
        believed = bool(event.identity) or within(peer, self._config.server.trusted_networks)
        number = self._directory.number_of(event.identity)
        if believed and not number:
            number = known_as(numbering, said)
        return Caller(
            shown=said,
            trusted_number=number,
            display="",
            private=wants_privacy(event.request),
            origin=origin(
                peer=peer,
                listener=f"{host}:{port}",
                caller=event.identity or said,
                trusted=believed,
            ),
        )

    def dialled(self, event: IncomingCall, is_ours: Callable[[str], bool]) -> str:
        """What number was called; where that is none of ours, the one that the call was forwarded from."""
        user = event.request_uri.user or ""
        if not event.trusted or is_ours(user):
            return user
        candidates = [
            number_of(event.request_uri),
            *(number_of(each.uri) for each in diversions(event.request)),
        ]
        spelled = [form for each in candidates for form in (each, each.removeprefix("+"))]
        return next((each for each in spelled if each and is_ours(each)), user)
