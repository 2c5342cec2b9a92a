"""What a peer may have agreed on: by the trunk that it is, else by the transport that it comes by.

    a trunk           its codecs, its ways for keys, its rule for encryption; its gateways may be anywhere
    anybody else      the codecs of telephones, all ways for keys, and the rule of the listener

Only here is it known where random bytes come from, that keys are made of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.codecs import spoken
from bridge.config.values import within
from bridge.gate import trunk_of
from bridge.switchboard.negotiation import Negotiation
from bridge.trunks.capabilities import capabilities_of
from sip.errors import RemoteError
from sip.flow import is_ipv6
from sip.media_address import is_loopback
from sip.offer import Capabilities
from sip.uri import Uri

if TYPE_CHECKING:
    from bridge.config.settings import Config
    from bridge.config.trunks import Trunk
    from sip.events import IncomingCall
    from sip.flow import Flow
    from sip.securing import Entropy

_LOCALHOST: Final = "localhost"


class Terms:
    """Makes the negotiation of each call.

    Parameters
    ----------
    entropy : callable, optional
        `entropy(n)` returns n random bytes. Without it no audio is secured.

    Raises StartError where a list of codecs has none that can be spoken here.
    """

    __slots__ = ("_both_versions", "_config", "_entropy", "_of_telephones", "_of_trunks", "_trunks")

    def __init__(self, config: Config, entropy: Entropy | None = None) -> None:
        self._config = config
        self._entropy = entropy
        self._both_versions = {
            loopback: len({is_ipv6(host) for host in config.server.hosts(loopback=loopback)}) == 2
            for loopback in (True, False)
        }
        """Whether there is an address of ours in each IP version, for peers on this machine and for others."""
        self._trunks = {trunk.name: trunk for trunk in config.trunks}
        self._of_trunks = {trunk.name: capabilities_of(trunk, config.audio) for trunk in config.trunks}
        telephones = Capabilities(spoken(config.audio.codecs, config.audio))
        self._of_telephones = {
            rule: replace(telephones, srtp=rule) for rule in ("off", "optional", "mandatory")
        }
        """By the rule for encryption."""

    def of_caller(self, event: IncomingCall, session_id: int) -> Negotiation:
        """Take the offer of a call that comes; raises what `Negotiation` raises."""
        peer = event.flow.remote[0]
        trunk = self._trunks.get(trunk_of(event.identity))
        return Negotiation(
            event.offer,
            event.flow.local[0],
            session_id,
            self._by_transport(event.flow.transport) if trunk is None else self._of_trunks[trunk.name],
            entropy=self._entropy,
            peer=peer,
            trusted=event.trusted or trunk is not None or within(peer, self._config.server.trusted_networks),
            confirmed=False,
            tones=_sends_tones(trunk),
            both_versions=self._both_versions[is_loopback(peer)],
        )

    def of_called(
        self, local: str, session_id: int, *, trunk: str, uri: str, flow: Flow | None = None
    ) -> Negotiation:
        """Make ready to call: by `trunk`, or where that is empty a telephone at `uri`, or a registered one by its `flow`. Whom
        we call is trusted to say where its audio is, but for this machine, where it is on another.
        """
        named = self._trunks.get(trunk)
        if named is None:
            transport, host = _way(uri) if flow is None else (flow.transport, flow.remote[0])
            capabilities = self._by_transport(transport)
        else:
            host, capabilities = named.host, self._of_trunks[named.name]
        return Negotiation.calling(
            local,
            session_id,
            capabilities,
            entropy=self._entropy,
            peer=host,
            trusted=True,
            loopback=host == _LOCALHOST,
            tones=_sends_tones(named),
        )

    def _by_transport(self, transport: str) -> Capabilities:
        rules = self._config.server.srtp
        return self._of_telephones[getattr(rules, transport, rules.udp)]


def _sends_tones(trunk: Trunk | None) -> bool:
    """Whether keys are to be looked for in a trunk's audio, whatever else it agrees on. Where it agrees on no
    telephone-events they are in any case.
    """
    return trunk is not None and "inband" in trunk.dtmf


def _way(uri: str) -> tuple[str, str]:
    """By which transport a telephone is called, and at which host."""
    try:
        parsed = Uri.parse(uri)
    except RemoteError:
        return "udp", ""
    transport = "tls" if parsed.scheme == "sips" else (parsed.parameter("transport") or "udp").lower()
    return transport, parsed.host
