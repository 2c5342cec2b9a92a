"""What caller and bridge have agreed to send each other: SDP on one side, the media plane's `Format` on the other.

`sip.offer` has the rules; this keeps what one leg needs of them between two messages, and that is little: our last
description as bytes, from which everything else can be read again, and the keys that were agreed.

Four things are decided here that SDP cannot know:

- A peer may name loopback as where its audio goes where it signals from there itself, and nobody else may.
- Where it names another host than the one it signals from, and is none whose gateways we trust, that host is heard before
  anything is sent to it (`Format.hear_first`): it may never have asked for our packets. Telephones behind NAT name their
  own address and are heard at once, at another one.
- Who calls is not sent to before their ACK (`confirm`). Anybody can write anybody's address on an INVITE; the ACK has the
  tag of our 200 in it, so it comes from where that went. Else one forged datagram of 450 bytes would have 275 kB of audio
  sent to whoever it names, until the call is given up after 32 s (64*T1, RFC 3261 13.3.1.4). Keys may come before.
- How much goes into a packet: what the peer likes, no more than it takes (a=ptime, a=maxptime). What is made of it is the media
  plane's affair: 20, 40 or 60 ms, never less. A peer that takes 10 ms at most gets 20 all the same: RFC 3551 section 4.2 has
  receivers take up to 200, and a call without audio helps nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from bridge.codecs import number_of
from media.codecs.terms import OpusTerms
from media.control import Codec, Endpoint, Format, Srtp, Suite
from sip import offer, sdp
from sip.media_address import is_loopback, literal
from sip.offer import Capabilities, LocalDescription, Negotiated

if TYPE_CHECKING:
    from sip.sdp import Session
    from sip.securing import Entropy, Secured

CAPABILITIES: Final = Capabilities()
PACKET_MS: Final = 20
"""How much is in a packet where the peer does not say what it likes (RFC 3551 section 4.2)."""

UNTIL_ANSWERED: Final = Format(
    codec=Codec.PCMU, payload_type=Codec.PCMU, telephone_event=CAPABILITIES.event_payload_type, send=False
)
"""A stream whose caller has our offer and has not answered it yet: it may send, we have no address to send to."""


UNTIL_CALLED: Final = Format(
    codec=Codec.PCMU,
    payload_type=Codec.PCMU,
    telephone_event=CAPABILITIES.event_payload_type,
    send=False,
    receive=False,
)
"""The same where we call: that nothing comes while it rings is no sign of anything."""


class Negotiation:
    """One leg's. A method that raises `sip.errors.RemoteError` has changed nothing."""

    __slots__ = (
        "_address", "_capabilities", "_codec", "_confirmed", "_entropy", "_format", "_late", "_local", "_loopback", "_ours", "_peer",
        "_secured", "_tones", "_trusted", "heard_early", "remote",
    )  # fmt: skip

    def __init__(
        self,
        offered: bytes | None,
        address: str,
        session_id: int,
        capabilities: Capabilities = CAPABILITIES,
        *,
        entropy: Entropy | None = None,
        peer: str = "",
        trusted: bool = False,
        loopback: bool = False,
        confirmed: bool = True,
        tones: bool = False,
        both_versions: bool = False,
    ) -> None:
        """Take the offer of an INVITE, None where it waits for ours.

        Parameters
        ----------
        address
            One of ours, of the IP version that the call came by.
        capabilities
            Of the trunk or listener.
        entropy
            Gives n random bytes, for keys. Without it nothing is secured.
        peer
            The address that the peer signals from; empty where that is not known: then it is taken by its word.
        trusted
            Its audio may come from and go to wherever it says: a carrier with gateways beside its servers.
        loopback
            It may be on this machine though it does not signal from there.
        tones
            Keys are looked for in its audio though it has agreed on telephone-events: some gateways agree, and send none.
        confirmed
            It has shown that it is where it says. Else nothing is sent to it until `confirm`.
        both_versions
            We have an address of the other IP version, too: telephones that have both may signal by one and speak by the other
            (RFC 6157 section 4.1). Once audio has its port it stays with its version.
        """
        self._capabilities = capabilities
        self._tones = tones
        self._entropy = entropy
        self._peer = peer
        self._trusted = trusted
        self._loopback = loopback or not peer or is_loopback(peer)
        self._secured: Secured | None = None
        self._confirmed = confirmed
        self.heard_early = True
        """Whether it is heard before it is confirmed: nobody hears it but who waits for its keys."""
        self._late = True
        # What comes before keys are agreed may be secured, and would be noise.
        self._format = UNTIL_ANSWERED if capabilities.srtp == "off" or entropy is None else UNTIL_CALLED
        self.remote: Endpoint | None = None
        self._codec = ""
        self._address = address
        self._local = LocalDescription(session_id)
        self._ours: Session | None = None
        """A description of ours that still lacks our address."""
        if offered is not None:
            self._agree(self._answer(offered, 1, both_versions=both_versions))

    @classmethod
    def calling(
        cls,
        address: str,
        session_id: int,
        capabilities: Capabilities = CAPABILITIES,
        *,
        entropy: Entropy | None = None,
        peer: str = "",
        trusted: bool = False,
        loopback: bool = False,
        tones: bool = False,
    ) -> Negotiation:
        """Of a call that we place: our offer is to go. Parameters are those of a call that came."""
        made = cls(
            None,
            address,
            session_id,
            capabilities,
            entropy=entropy,
            peer=peer,
            trusted=trusted,
            loopback=loopback,
            tones=tones,
        )
        made._format = UNTIL_CALLED
        return made

    @property
    def format(self) -> Format:
        """How the stream's RTP is written and read, as things stand."""
        agreed = self._format
        if self._confirmed:
            return agreed
        return msgspec.structs.replace(agreed, send=False, receive=agreed.receive and self.heard_early)

    def confirm(self) -> None:
        """The peer has got our answer where it says that it is."""
        self._confirmed = True

    @property
    def late(self) -> bool:
        """Whether our offer is out, or is to go, and nothing has been agreed."""
        return self._late

    @property
    def codec(self) -> str:
        """The codec that was agreed on, by the name that SDP has for it; empty: none was yet."""
        return self._codec

    @property
    def secured(self) -> str:
        """What secures the audio, by the name that SDP has for it; empty where it is plain."""
        return "" if self._secured is None else self._secured.suite.name

    def describe(self, host: str, port: int) -> bytes:
        """Return our answer to the INVITE's offer, or our offer where it had none."""
        self._address = host
        if self._ours is None:
            return self._offer(port)
        self._local = self._local.update(_placed(self._ours, host, port))
        self._ours = None
        return self._local.body

    def reoffered(self, offered: bytes | None) -> bytes:
        """Take the offer of a re-INVITE and return our answer; where it has none, return our offer."""
        port = self._port
        if offered is None:
            return self._offer(port)
        self._agree(self._answer(offered, port))
        assert self._ours is not None
        self._local = self._local.update(self._ours)
        self._ours = None
        return self._local.body

    def answered(self, answer: bytes) -> None:
        """Take the answer to an offer of ours."""
        ours, theirs = sdp.parse(self._local.body), sdp.parse(answer)
        self._agree(offer.accept_answer(ours, theirs, loopback=self._loopback))
        self._ours = None

    def _answer(self, offered: bytes, port: int, *, both_versions: bool = False) -> Negotiated:
        return offer.answer(
            sdp.parse(offered),
            self._capabilities,
            address=self._address,
            port=port,
            session_id=self._local.session_id,
            entropy=self._entropy,
            before=self._secured,
            loopback=self._loopback,
            both_versions=both_versions,
        )

    @property
    def _port(self) -> int:
        return next(media.port for media in sdp.parse(self._local.body).media if media.port)

    def _offer(self, port: int) -> bytes:
        session = offer.make_offer(
            self._capabilities,
            address=self._address,
            port=port,
            session_id=self._local.session_id,
            previous=sdp.parse(self._local.body) if self._local.body else None,
            entropy=self._entropy,
            before=self._secured,
        )
        self._local = self._local.update(session)
        return self._local.body

    def _agree(self, agreed: Negotiated) -> None:
        """Take what was agreed.

        Who no longer takes our audio has put us on hold: what still comes is music that a conference must not hear,
        and that nothing comes is no sign of a caller who is gone. A peer that only talks from the start is heard. Who
        has no telephone-events keys in the audio, if at all.
        """
        event = agreed.telephone_event
        held = not agreed.send and not self.late
        if agreed.remote is not None:
            self.remote = Endpoint(*agreed.remote)
        self._format = Format(
            codec=number_of(agreed.codec),
            payload_type=agreed.codec.payload_type,
            telephone_event=-1 if event is None else event,
            send=agreed.send,
            receive=agreed.receive and not held,
            tones=self._tones or event is None,
            srtp=None if agreed.secured is None else _keys(agreed.secured),
            hear_first=self._is_third_party(),
            ptime_ms=_packet_ms(agreed),
            opus=_opus(agreed),
            xr=agreed.xr,
            payload_type_in=_other(_number_in(agreed), agreed.codec.payload_type),
            telephone_event_in=_other(agreed.telephone_event_received, event),
        )
        self._codec = agreed.codec.name
        self._secured = agreed.secured
        self._late = False
        self._ours = agreed.answer

    def _is_third_party(self) -> bool:
        """Whether the peer's audio is to go to a host that has said nothing to us."""
        if self.remote is None or self._trusted or not self._peer or is_loopback(self._peer):
            return False
        return literal(self.remote.host) != literal(self._peer)


def _number_in(agreed: Negotiated) -> int:
    """The payload type that the peer sends the codec under, which may be another than it wants it under."""
    chosen = agreed.codec
    return next(
        (each.payload_type for each in agreed.accepted if each.name == chosen.name), chosen.payload_type
    )


def _other(number: int | None, usual: int | None) -> int:
    """A number, or -1 where there is none or it is the usual one."""
    return -1 if number is None or number == usual else number


def _keys(secured: Secured) -> Srtp:
    ours, theirs = secured.ours.key, secured.theirs
    return Srtp(
        Suite[secured.suite.name],
        key_in=theirs.material,
        key_out=ours.material,
        mki_in_bytes=theirs.mki_bytes,
        mki_out=ours.mki.to_bytes(ours.mki_bytes, "big"),
    )


def _packet_ms(agreed: Negotiated) -> int:
    """How much the peer wants in a packet."""
    liked = agreed.ptime_ms or PACKET_MS
    return min(liked, agreed.maxptime_ms or liked)


def _opus(agreed: Negotiated) -> OpusTerms | None:
    """What the peer asks of our Opus, and no more than we have said of it ourselves; None of another codec."""
    if number_of(agreed.codec) is not Codec.OPUS:
        return None
    theirs, ours = OpusTerms.from_fmtp(agreed.fmtp), OpusTerms.from_fmtp(agreed.codec.fmtp)
    return msgspec.structs.replace(theirs, max_playback_hz=min(theirs.max_playback_hz, ours.max_capture_hz))


def _placed(session: Session, host: str, port: int) -> Session:
    """Put our address into a description made before we had one."""
    return replace(
        session,
        origin=replace(session.origin, address=host),
        connection=host,
        media=tuple([replace(media, port=port) if media.port else media for media in session.media]),
    )
