"""Dialogs (RFC 3261 12): who talks with whom, by which way, at which number.

A dialog keeps header text as it stood, so that a request in it is written by putting strings together.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address

from sip.draft import Draft, Fields
from sip.errors import ParseError
from sip.flow import DEFAULT_PORTS, WEB, Flow
from sip.headers import Address
from sip.message import Request, Response
from sip.proving import Prover
from sip.uri import Uri

_BROADCAST = IPv4Address("255.255.255.255")


class Dialog:
    """Peer state between two user agents, seen from us: local is ours, remote the peer's."""

    __slots__ = (
        "call_id", "flow", "local", "local_cseq", "local_tag", "prover", "relayed", "remote", "remote_cseq", "remote_tag",
        "routes", "target",
    )  # fmt: skip

    def __init__(
        self,
        *,
        call_id: str,
        local: str,
        local_tag: str,
        remote: str,
        remote_tag: str,
        target: str,
        routes: tuple[str, ...],
        flow: Flow,
        local_cseq: int,
        remote_cseq: int | None,
        relayed: bool = False,
    ) -> None:
        self.call_id = call_id
        self.local = local
        """From of our requests, with our tag."""
        self.local_tag = local_tag
        self.remote = remote
        """To of our requests, with the peer's tag."""
        self.remote_tag = remote_tag
        self.target = target
        self.routes = routes
        self.flow = flow
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.prover: Prover | None = None
        """Proves who we are, in a dialog that came of a call of ours."""
        self.relayed = relayed
        """Proxies brought the peer to us, or us to the peer, that may not want to hear the rest."""

    @classmethod
    def of_request(cls, request: Request, flow: Flow, tag: str) -> "Dialog":
        """The dialog that our answer to this INVITE opens (12.1.1)."""
        headers = request.headers
        return cls(
            call_id=request.call_id,
            local=f"{headers.get('To')};tag={tag}",
            local_tag=tag,
            remote=headers.get("From") or "",
            remote_tag=request.from_.tag or "",
            target=contact_of(request) or str(request.from_.uri),
            routes=tuple(headers.values("Record-Route")),
            flow=flow,
            local_cseq=0,
            remote_cseq=request.cseq.number,
            relayed=_relayed(request),
        )

    @classmethod
    def of_response(cls, response: Response, draft: Draft, flow: Flow, tag: str) -> "Dialog":
        """The dialog that a response to our INVITE opened (12.1.2)."""
        headers = response.headers
        target = contact_of(response) or draft.uri
        return cls(
            call_id=draft.call_id,
            local=draft.from_,
            local_tag=tag,
            remote=headers.get("To") or draft.to,
            remote_tag=response.to.tag or "",
            target=target,
            routes=tuple(reversed(headers.values("Record-Route"))),
            flow=flow,
            local_cseq=draft.cseq,
            remote_cseq=None,
            # Responses do not tell how many handed them on. A public address in the Contact is meant to be used.
            relayed=_is_public(_uri_of(f"<{target}>")),
        )

    def matches(self, request: Request) -> bool:
        """Whether a request that names our tag comes from this peer in this call (12.2.2)."""
        return request.call_id == self.call_id and (request.from_.tag or "") == self.remote_tag

    def in_order(self, number: int) -> bool:
        """Whether a request's CSeq is above all before it; if so it is the new mark (12.2.2)."""
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh(self, message: Request | Response) -> None:
        """Take over the Contact of a re-INVITE or its 2xx (12.2.1.2)."""
        self.target = contact_of(message) or self.target

    def request(
        self,
        method: str,
        *,
        sent_by: str,
        branch: str,
        cseq: int | None = None,
        fields: Fields = (),
        body: bytes = b"",
    ) -> Draft:
        """A request in this dialog (12.2.1.1). An ACK names the `cseq` of its INVITE, all others take the next."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        uri, routes = self._way()
        return Draft(
            method, uri, sent_by, branch, routes, self.local, self.remote, self.call_id, cseq, fields, body
        )

    def _way(self) -> tuple[str, tuple[str, ...]]:
        """Request-URI and Route set: through loose routers, or the strict ones of RFC 2543 (12.2.1.1)."""
        if not self.routes:
            return self.target, ()
        first = _uri_of(self.routes[0])
        if first is None or first.parameter("lr") is not None:
            return self.target, self.routes
        strict = Uri(first.scheme, first.user, first.host, first.port, first.parameters)
        return str(strict), (*self.routes[1:], f"<{self.target}>")

    @property
    def uri(self) -> str:
        """Request-URI of our next request."""
        return self._way()[0]

    def next_flow(self, *, broken: bool) -> Flow:
        """The flow for a request of ours.

        The way the peer's messages come by is the way that works: behind NAT its Contact lies. Where proxies stand
        between, they say themselves whether they want to hear the rest: a Record-Route names who does, and without one
        the Contact is asked, as it is when a connection is `broken`. Names are left to a resolver; only addresses are
        followed here, and of those none that leads into this machine or to many: strangers write these headers, too.
        """
        flow = self.flow
        if flow.transport in WEB:
            return flow  # nobody is called by WebSocket, and a browser's Contact is `.invalid` (RFC 7118 5)
        if self.routes:
            way = _uri_of(self.routes[0])
        elif broken or self.relayed:
            way = _uri_of(f"<{self.target}>")
        else:
            return flow
        if way is None or not _may_be_followed(way.host, flow.remote[0]):
            return flow
        remote = (way.host, way.port or DEFAULT_PORTS[flow.transport])
        if not broken:
            transport = (way.parameter("transport") or "udp").lower()
            # The port a stream comes from is never the one that its peer listens on.
            same = way.host == flow.remote[0] if flow.reliable else remote == flow.remote
            if same or transport != flow.transport:
                return flow
        # Over TLS it has to be the same peer, wherever its next proxy is.
        return Flow(flow.transport, flow.local, remote, peer=flow.peer)


def _relayed(request: Request) -> bool:
    """Whether a request came over proxies: each adds a Via."""
    vias = request.headers.get_all("Via")
    return len(vias) > 1 or "," in vias[0]


def contact_of(message: Request | Response) -> str | None:
    """URI text of the first Contact."""
    text = message.headers.get("Contact")
    if text is None:
        return None
    if text.startswith("<"):  # nearly always, and the parser has seen that it is whole
        return text[1 : text.index(">")].strip(" \t")
    contacts = message.contacts
    return str(contacts[0].uri) if contacts else None


def _uri_of(address: str) -> Uri | None:
    try:
        return Address.parse(address).uri
    except ParseError:
        return None


def _is_public(uri: Uri | None) -> bool:
    address = None if uri is None else _address(uri.host)
    return address is not None and address.is_global


def _may_be_followed(host: str, peer: str) -> bool:
    """Whether a request of ours may go to an address because somebody at `peer` has written it into a header."""
    address, here = _address(host), _address(peer)
    if address is None or address.is_multicast or address.is_unspecified or address == _BROADCAST:
        return False
    return here is not None and here.is_loopback if address.is_loopback else True


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
