"""What caller and bridge have agreed to send each other: SDP on one side, the media plane's `Format` on the other.

`sip.offer` has the rules; this keeps what one leg needs of them between two messages, and that is little: our last
description as bytes, from which everything else can be read again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from media.control import Codec, Endpoint, Format
from sip import offer, sdp
from sip.offer import Capabilities, LocalDescription, Negotiated

if TYPE_CHECKING:
    from sip.sdp import Session

CAPABILITIES: Final = Capabilities()
CODECS: Final = {"PCMU": Codec.PCMU, "PCMA": Codec.PCMA}
"""What `CAPABILITIES` names, as the media plane names it."""

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

    __slots__ = ("_address", "_local", "_ours", "format", "remote")

    def __init__(self, offered: bytes | None, address: str, session_id: int) -> None:
        """Take the offer of an INVITE, None where it waits for ours. `address` is of the IP version we listen on."""
        self.format = UNTIL_ANSWERED
        self.remote: Endpoint | None = None
        self._address = address
        self._local = LocalDescription(session_id)
        self._ours: Session | None = None
        """A description of ours that still lacks our address."""
        if offered is not None:
            self._agree(
                offer.answer(
                    sdp.parse(offered),
                    CAPABILITIES,
                    address=address,
                    port=1,
                    session_id=session_id,
                    loopback=True,
                )
            )

    @classmethod
    def calling(cls, address: str, session_id: int) -> Negotiation:
        """Of a call that we place: our offer is to go."""
        made = cls(None, address, session_id)
        made.format = UNTIL_CALLED
        return made

    @property
    def late(self) -> bool:
        """Whether our offer is out, or is to go, and nothing has been agreed."""
        return self.format is UNTIL_ANSWERED or self.format is UNTIL_CALLED

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
        session_id, port = self._local.session_id, self._port
        if offered is None:
            return self._offer(port)
        self._agree(
            offer.answer(
                sdp.parse(offered),
                CAPABILITIES,
                address=self._address,
                port=port,
                session_id=session_id,
                loopback=True,
            )
        )
        assert self._ours is not None
        self._local = self._local.update(self._ours)
        self._ours = None
        return self._local.body

    def answered(self, answer: bytes) -> None:
        """Take the answer to an offer of ours."""
        self._agree(offer.accept_answer(sdp.parse(self._local.body), sdp.parse(answer), loopback=True))
        self._ours = None

    @property
    def _port(self) -> int:
        return next(media.port for media in sdp.parse(self._local.body).media if media.port)

    def _offer(self, port: int) -> bytes:
        session = offer.make_offer(
            CAPABILITIES,
            address=self._address,
            port=port,
            session_id=self._local.session_id,
            previous=sdp.parse(self._local.body) if self._local.body else None,
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
        self.format = Format(
            codec=CODECS[agreed.codec.name],
            payload_type=agreed.codec.payload_type,
            telephone_event=-1 if event is None else event,
            send=agreed.send,
            receive=agreed.receive and not held,
            tones=event is None,
        )
        if agreed.remote is not None:
            self.remote = Endpoint(*agreed.remote)
        self._ours = agreed.answer


def _placed(session: Session, host: str, port: int) -> Session:
    """Put our address into a description made before we had one."""
    return replace(
        session,
        origin=replace(session.origin, address=host),
        connection=host,
        media=tuple([replace(media, port=port) if media.port else media for media in session.media]),
    )
