"""Offer and answer (RFC 3264, with RFC 6337 for the doubtful cases): two descriptions become one agreement.

The rules, as we keep them:

- An answer has the m-lines of the offer, same number, same order. The first audio line we can use is taken;
  every other (video, image, DTLS, a second audio) is refused by port 0.
- Whether audio is secured is `securing`'s affair, and where it may be sent to `media_address`'s.
- Codecs stand in our order of preference, under the offer's payload type numbers. We answer with the one
  codec we choose and its telephone-event, so that the peer cannot change codec in mid-call; whoever wants
  all common ones in the answer says so in `Capabilities`. The offer has an order, too, and RFC 3264 section 6.1 recommends
  it unless there is a reason: few people have ever set that of their telephone, most come with G.711 first, and whoever
  runs the bridge has set ours and knows machine and network. Who answers us goes by their order.
- A codec's parameters (a=fmtp) are said by each end of itself and need not match. Here they are text, carried both ways.
- Directions are told as `send` and `receive`, seen from us. What the peer calls sendonly we answer by
  recvonly; a connection address of 0.0.0.0 (the hold of RFC 2543) means that we must not send.
- We take packets of any length. What we announce is what the peer says of itself, so that it goes on so.
- The o= line keeps its session-id for the whole dialog, and counts one up exactly when the text changes:
  `LocalDescription` sees to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from sip import media_address, sdes, sdp, securing
from sip.codec import PCMA, PCMU, TELEPHONE_EVENT, Codec, event_for, events_for, is_event, number, same
from sip.errors import LocalError, ParseError, RemoteError
from sip.media_address import UNSPECIFIED
from sip.sdes import Crypto, Suite
from sip.sdp import Format, Media, Origin, Session
from sip.securing import Entropy, Secured

LONGEST_PTIME_MS = 60
"""The longest packets that fit where they are received (media plane); what a peer says of longer ones is not repeated."""

_ANSWER_DIRECTION = {
    (True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly", (False, False): "inactive",
}  # fmt: skip


RTCP_XR: Final = "rtcp-xr"
VOIP_METRICS: Final = "voip-metrics"
"""Of the blocks of RFC 3611 the one that is about conversations."""


class NotAcceptable(RemoteError):  # noqa: N818 - the name of the status
    """Nothing is common: 488, with the text of a Warning header (RFC 3261 section 20.43)."""

    def __init__(self, code: int, text: str, agent: str) -> None:
        super().__init__(text, 488)
        self.warning = f'{code} {agent} "{text}"'


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What we can do, codecs in the order of our preference.

    `events` is the range of RFC 4733 events we take ("" for none), offered under `event_payload_type` with a clock of 8000, and
    under a dynamic number with each other clock of the codecs.
    """

    codecs: tuple[Codec, ...] = (PCMU, PCMA)
    events: str = "0-16"
    event_payload_type: int = 101
    ptime_ms: int = 20
    answer_all: bool = False
    srtp: securing.Rule = "off"
    suites: tuple[Suite, ...] = sdes.SUITES
    """What secures audio, in the order of our preference."""


@dataclass(frozen=True, slots=True)
class Negotiated:
    """An agreement: what to write to the peer, and what both have agreed on."""

    answer: Session
    """The answer: ours to send from `answer`, the peer's from `accept_answer`."""
    codec: Codec
    """What we send, with the peer's payload type number."""
    accepted: tuple[Codec, ...]
    """All the peer may send us, with the numbers it will use; one, unless an offer of ours left the choice. Who answers it by
    several may change between them at any packet (RFC 3264 section 7), though phones keep to the first, which is `codec`."""
    telephone_event: int | None
    """Payload type to send telephone-events with; None: the peer takes none."""
    telephone_event_received: int | None
    """Payload type the peer's telephone-events come with; differs from the other only if it answered so."""
    remote: tuple[str, int] | None
    """Where the peer takes RTP; None where it gave no IP address (a host name, or 0.0.0.0)."""
    remote_rtcp: tuple[str, int] | None
    """Where the peer takes RTCP: the next port, or what a=rtcp says (RFC 3605)."""
    send: bool
    """We may send: the peer takes audio."""
    receive: bool
    """The peer may send; False while it neither talks nor plays music to us."""
    ptime_ms: int | None = None
    """How long the packets are that the peer likes, where it says."""
    maxptime_ms: int | None = None
    """How long the packets are that the peer takes at most, where it says."""
    fmtp: str = ""
    """What the peer says in a=fmtp of the codec; empty: nothing."""
    secured: Secured | None = None
    """The keys; None: audio is plain."""
    xr: bool = False
    """The peer asks how good it sounds here (RFC 3611 section 5: a=rtcp-xr with voip-metrics)."""


@dataclass(frozen=True, slots=True)
class LocalDescription:
    """What we told the peer last, for the version number of what we tell it next."""

    session_id: int
    version: int = 1
    body: bytes = field(default=b"", repr=False)  # there may be a key in it

    def update(self, session: Session) -> LocalDescription:
        """Give a description of ours its o= version: the last one if its text is the same, else one more."""
        body = self._encode(session, self.version)
        if self.body in (b"", body):
            return LocalDescription(self.session_id, self.version, body)
        version = self.version + 1
        return LocalDescription(self.session_id, version, self._encode(session, version))

    def _encode(self, session: Session, version: int) -> bytes:
        origin = session.origin
        if origin.session_id != self.session_id or origin.version != version:
            session = replace(session, origin=replace(origin, session_id=self.session_id, version=version))
        return sdp.encode(session)


def make_offer(
    capabilities: Capabilities,
    *,
    address: str,
    port: int,
    session_id: int,
    version: int = 1,
    previous: Session | None = None,
    direction: str = "sendrecv",
    entropy: Entropy | None = None,
    before: Secured | None = None,
) -> Session:
    """Offer all we can.

    `previous` is the last description of ours in the dialog: its m-lines stay in their places (a stream once
    there is never taken out, RFC 3264 section 8) and payload types keep their meaning (section 8.3.2).
    `entropy(n)` gives n random bytes, for keys; without it nothing is secured. `before` are the keys in use.
    """
    lines = list(previous.media) if previous is not None else []
    index = next((index for index, media in enumerate(lines) if media.kind == "audio" and media.port), None)
    known = lines[index].payload_formats() if index is not None else []
    codecs = []
    for codec in capabilities.codecs:
        codecs.append(codec.under(number(codec, known)))
        known.append(Format(codecs[-1].payload_type, codec.name, codec.clock_rate, codec.channels))
    events = []
    if capabilities.events:
        for clock_rate in sorted({codec.clock_rate for codec in codecs}):
            event = Format(capabilities.event_payload_type, TELEPHONE_EVENT, clock_rate)
            events.append(replace(event, payload_type=number(event, known)))
            known.append(events[-1])
    profile, keys = securing.offer(
        capabilities.srtp,
        capabilities.suites,
        entropy,
        before,
        None if index is None else lines[index].protocol,
    )
    ptime_ms = (None if index is None else lines[index].milliseconds("ptime")) or capabilities.ptime_ms
    audio = _audio(profile, capabilities.events, codecs, events, port, direction, ptime_ms, keys)
    lines = [_refused(media) for media in lines]
    if index is None:
        lines.append(audio)
    else:
        lines[index] = audio
    return Session(Origin(session_id, version, address), tuple(lines), address)


def answer(
    offer: Session,
    capabilities: Capabilities,
    *,
    address: str,
    port: int,
    session_id: int,
    version: int = 1,
    entropy: Entropy | None = None,
    before: Secured | None = None,
    loopback: bool = False,
    both_versions: bool = False,
) -> Negotiated:
    """Answer an offer.

    `entropy(n)` gives n random bytes, for keys; without it nothing is secured. `before` are the keys in use.
    `loopback`: the peer may be on this machine. `both_versions`: we have an address of either IP version for audio, and the
    `address` given here is none of them yet; else audio has to be of its version.

    Raises
    ------
    NotAcceptable
        where no audio line can be used (status 488).
    ParseError
        where the one to be used contradicts itself (status 400).
    """
    index, formats, common, secured = _choose(
        offer, capabilities, address, entropy, before, loopback=loopback, both_versions=both_versions
    )
    media = offer.media[index]
    codecs = common if capabilities.answer_all else common[:1]
    events = events_for(codecs, formats) if capabilities.events else []
    event = event_for(codecs[0].clock_rate, events)
    host = offer.connection_of(media)
    direction = offer.direction_of(media)
    send = direction in ("sendrecv", "recvonly") and host not in UNSPECIFIED
    receive = direction in ("sendrecv", "sendonly")
    audio = _audio(
        media.protocol,
        capabilities.events,
        codecs,
        events,
        port,
        _ANSWER_DIRECTION[send, receive],
        _ptime(media, capabilities.ptime_ms),
        [] if secured is None else [secured.ours],
    )
    xr = _wants_xr(offer, media)
    if xr:
        audio = replace(audio, attributes=(*audio.attributes, (RTCP_XR, VOIP_METRICS)))
    lines = [audio if place == index else _refused(line) for place, line in enumerate(offer.media)]
    remote, remote_rtcp = media_address.remote(media, host, loopback=loopback)
    return Negotiated(
        Session(Origin(session_id, version, address), tuple(lines), address),
        codecs[0],
        tuple(codecs),
        None if event is None else event.payload_type,
        None if event is None else event.payload_type,
        remote,
        remote_rtcp,
        send,
        receive,
        media.milliseconds("ptime"),
        media.milliseconds("maxptime"),
        media.parameters(codecs[0].payload_type),
        secured,
        xr,
    )


def accept_answer(our_offer: Session, answer: Session, *, loopback: bool = False) -> Negotiated:
    """Read the answer to an offer of ours; `loopback` as in `answer`.

    The payload type numbers of the answer are what the peer wants to get, those of our offer what it sends
    (RFC 3264 section 5.1); nearly always they are the same.

    Raises
    ------
    NotAcceptable
        where the answer takes nothing of the offer, or is none to it.
    ParseError
        where the one line to be used contradicts itself (status 400).
    """
    agent = our_offer.origin.address
    index = next((index for index, media in enumerate(our_offer.media) if media.port), None)
    if index is None:
        raise LocalError("our offer has no stream in use")
    offered = our_offer.media[index]
    if len(answer.media) != len(our_offer.media) or answer.media[index].kind != offered.kind:
        raise NotAcceptable(399, "The answer has other media lines than the offer", agent)
    media = answer.media[index]
    try:
        secured = securing.accept(offered, media)
    except securing.Unusable as fault:
        raise NotAcceptable(302, str(fault), agent) from None
    ours = offered.payload_formats()
    theirs = media.payload_formats() if media.port else []
    pairs = [
        (mine, format_) for format_ in theirs for mine in ours if same(mine, format_) and not is_event(mine)
    ]
    if not pairs:
        raise NotAcceptable(305, "No codec of the offer was taken", agent)
    accepted = [
        Codec(
            mine.name,
            mine.clock_rate,
            mine.payload_type,
            mine.channels,
            offered.parameters(mine.payload_type),
        )
        for mine, _ in pairs
    ]
    codec = accepted[0].under(pairs[0][1].payload_type)
    host = answer.connection_of(media)
    if host is None:
        raise ParseError("no c= line")
    if why := media_address.refusal(host, media.port, loopback=loopback):
        raise NotAcceptable(399, why, agent)
    event = event_for(codec.clock_rate, theirs)
    received = None if event is None else event_for(event.clock_rate, ours)
    offered_direction = our_offer.direction_of(offered)
    direction = answer.direction_of(media)
    remote, remote_rtcp = media_address.remote(media, host, loopback=loopback)
    return Negotiated(
        answer,
        codec,
        tuple(accepted),
        None if event is None else event.payload_type,
        None if received is None else received.payload_type,
        remote,
        remote_rtcp,
        offered_direction in ("sendrecv", "sendonly")
        and direction in ("sendrecv", "recvonly")
        and host not in UNSPECIFIED,
        offered_direction in ("sendrecv", "recvonly") and direction in ("sendrecv", "sendonly"),
        media.milliseconds("ptime"),
        media.milliseconds("maxptime"),
        media.parameters(codec.payload_type),
        secured,
        _wants_xr(answer, media),
    )


def _choose(
    offer: Session,
    capabilities: Capabilities,
    address: str,
    entropy: Entropy | None,
    before: Secured | None,
    *,
    loopback: bool,
    both_versions: bool,
) -> tuple[int, list[Format], list[Codec], Secured | None]:
    """Find the first audio line we can use, what its payload types mean, the common codecs in our order, and keys."""
    refusal = (304, "No audio is offered")
    for index, media in enumerate(offer.media):
        if media.kind != "audio" or media.port == 0:
            continue
        try:
            secured = securing.answer(media, capabilities.srtp, capabilities.suites, entropy, before)
        except securing.Unusable as fault:
            refusal = (302, str(fault))
            continue
        host = offer.connection_of(media)
        if host is None:
            raise ParseError("no c= line")
        other = (":" in host) != (":" in address)
        if other and not both_versions and host not in UNSPECIFIED:
            refusal = (301, "The address is of the other IP version")
            continue
        if unsafe := media_address.refusal(host, media.port, loopback=loopback):
            refusal = (399, unsafe)
            continue
        formats = media.payload_formats()
        common = [
            codec.under(format_.payload_type)
            for codec in capabilities.codecs
            for format_ in formats
            if same(codec, format_)
        ]
        if common:
            return index, formats, common, secured
        names = ", ".join([codec.name for codec in capabilities.codecs])
        refusal = (305, f"No codec in common; {names} are spoken here")
    code, text = refusal
    raise NotAcceptable(code, text, address)


def _audio(
    protocol: str,
    events: str,
    codecs: list[Codec],
    telephone_events: list[Format],
    port: int,
    direction: str,
    ptime_ms: int,
    keys: list[Crypto],
) -> Media:
    formats = [str(codec.payload_type) for codec in codecs]
    attributes: list[tuple[str, str]] = []
    for codec in codecs:
        attributes.append(("rtpmap", codec.rtpmap))
        if codec.fmtp:
            attributes.append(("fmtp", f"{codec.payload_type} {codec.fmtp}"))
    for event in telephone_events:
        formats.append(str(event.payload_type))
        attributes.append(("rtpmap", f"{event.payload_type} {TELEPHONE_EVENT}/{event.clock_rate}"))
        attributes.append(("fmtp", f"{event.payload_type} {events}"))
    attributes += [(sdes.ATTRIBUTE, sdes.encode(line)) for line in keys]
    attributes.append(("ptime", str(ptime_ms)))
    attributes.append((direction, ""))
    return Media("audio", port, protocol, tuple(formats), None, tuple(attributes))


def _ptime(media: Media, ours: int) -> int:
    """The packet length that we announce: the peer's own, where it is one that we take."""
    theirs = media.milliseconds("ptime") or ours
    theirs = min(theirs, media.milliseconds("maxptime") or theirs)
    return theirs if theirs <= LONGEST_PTIME_MS and theirs % 10 == 0 else ours


def _wants_xr(session: Session, media: Media) -> bool:
    """Whether a peer asks for reports on how good it sounds, in its m-line or for all of them."""
    asked = media.attribute(RTCP_XR)
    formats = session.attribute(RTCP_XR) if asked is None else asked
    return formats is not None and VOIP_METRICS in formats.lower().split()


def _refused(media: Media) -> Media:
    return Media(media.kind, 0, media.protocol, media.formats)
