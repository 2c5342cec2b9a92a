"""What happens to a bridge, made with few words: calls, descriptions, verdicts, and a voice that can be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bridge.config.audio import G711, Audio
from bridge.config.calling import DialOut, Prefix
from bridge.config.settings import AccessNumber, Config, Limits, OpenRoom, Service
from bridge.config.trunks import Trunk
from bridge.config.values import Address as HostPort
from bridge.dialogue.verdicts import Accepted
from bridge.service.origin import Origin
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.switchboard import Switchboard
from bridge.switchboard.legs import Leg
from bridge.switchboard.negotiation import Negotiation
from media.arena import Arena
from media.control import Codec, Endpoint, Format
from sip.events import IncomingCall
from sip.flow import Flow
from sip.headers import Address, Headers
from sip.message import Request
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from media.control import Segment
    from prompts.phrases import Utterance

ACCESS_NUMBER = "551130000000"
CALLER_HOST = "192.0.2.7"
TRUSTED_HOST = "127.0.0.1"
BRIDGE_HOST = "192.0.2.1"

PCMU = Format(codec=Codec.PCMU, payload_type=0, telephone_event=101)
UNCONFIRMED = structs.replace(PCMU, send=False)
"""The same before the caller's ACK: nothing is sent to who may not be where they say."""
CALLER_RTP = Endpoint(CALLER_HOST, 40_000)


def config(**changes: object) -> Config:
    """A bridge with one access number, in English, and `conf-{room}` open to loopback. It speaks G.711, wherever it is."""
    return replace(
        Config.with_open_rooms(),
        audio=Audio(codecs=G711),
        access_numbers=(AccessNumber(ACCESS_NUMBER, language="en"),),
        limits=Limits(calls=0, calls_per_source=0, calls_per_second=0),
        service=Service(attempts=3),
        **{"trunks": (CARRIER,), **changes},
    )


TRUNK = HostPort("192.0.2.9", 5060)
CARRIER = Trunk(name="carrier", address=str(TRUNK), ping_s=0)
PRICE = Decimal("0.10")


def dial_out(**changes: object) -> DialOut:
    """Calls may go to Brazil, at ten cents a minute."""
    given: dict[str, Any] = {
        "enabled": True,
        "prefixes": (Prefix("+55", PRICE),),
        "sip_domains": ("phones.example",),
        **changes,
    }
    return DialOut(**given)


def open_rooms() -> tuple[OpenRoom, ...]:
    return Config.with_open_rooms().open_rooms


def sdp(
    *,
    host: str = CALLER_HOST,
    port: int = 40_000,
    formats: str = "0 8 101",
    direction: str = "sendrecv",
    version: int = 1,
) -> bytes:
    """A description as a telephone would write it."""
    return (
        f"v=0\r\no=- 1 {version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    ).encode()


def incoming(
    call: int = 1,
    *,
    dialled: str = ACCESS_NUMBER,
    source: str = CALLER_HOST,
    offer: bytes | None = b"",
    caller: str = "",
    replaces: int = 0,
) -> IncomingCall:
    """A call; `offer` is a telephone's by default, None for a late one. With `replaces` it takes the place of another."""
    uri = Uri.parse(f"sip:{dialled}@{BRIDGE_HOST}")
    return IncomingCall(
        call=call,
        flow=Flow("udp", (BRIDGE_HOST, 5060), (source, 5060)),
        request_uri=uri,
        from_=Address.parse(f"<sip:{caller or f'caller{call}'}@{source}>;tag=1"),
        to=Address.parse(f"<sip:{dialled}@{BRIDGE_HOST}>"),
        offer=sdp(host=source) if offer == b"" else offer,
        call_id=f"call-{call}",
        request=Request("INVITE", uri, Headers()),
        replaces=replaces,
    )


def a_leg(number: int) -> Leg:
    """A row of the table, of a call that has just come."""
    return Leg(
        number=number,
        call=number,
        call_id=f"call-{number}",
        caller=f"caller{number}",
        dialled=ACCESS_NUMBER,
        source=CALLER_HOST,
        origin=Origin(CALLER_HOST, BRIDGE_HOST),
        negotiation=Negotiation(None, BRIDGE_HOST, number),
        came_at=0.0,
    )


def accepted(role: Role = Role.MODERATOR, *, pair: int = 7, **given: object) -> Accepted:
    """A good passcode's verdict. Settings are named beside the fields of the verdict."""
    names = Settings.__dataclass_fields__
    settings = {"language": "en", **{name: value for name, value in given.items() if name in names}}
    others = {name: value for name, value in given.items() if name not in names}
    return Accepted(pair=pair, role=role, settings=Settings(**settings), **others)


ARENA_FIRST = 1_000_000
"""Where recordings begin: beyond everything that `ReadableVoice` says."""


def board(
    configuration: Config | None = None, voice: ReadableVoice | None = None, **given: object
) -> Switchboard:
    """A switchboard in the morning, with room for some recordings."""
    made: dict[str, object] = {
        "new_id": ids(),
        "local_time": lambda now: datetime(2026, 1, 1, 10, tzinfo=UTC) + timedelta(seconds=now),
        "arena": Arena(ARENA_FIRST, 4_000_000),
    }
    return Switchboard(configuration or config(), voice or ReadableVoice(), **{**made, **given})  # type: ignore[arg-type]  # by name


def ids() -> Callable[[], str]:
    """Ids that a test can foresee: id-1, id-2 ..."""
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


@dataclass(frozen=True)
class Spoken:
    """What a segment of `ReadableVoice` says."""

    name: str
    values: tuple[tuple[str, object], ...]
    language: str


class ReadableVoice:
    """A library in which every utterance is one clip of a second, and the clip can be read back."""

    LENGTH = 8000

    def __init__(self) -> None:
        self._spoken: list[Spoken] = []

    def segments(self, utterance: Utterance, language: str) -> list[tuple[int, int]]:
        spoken = Spoken(utterance.name, utterance.values, language)
        if spoken not in self._spoken:
            self._spoken.append(spoken)
        return [(self._spoken.index(spoken) * self.LENGTH, self.LENGTH)]

    def read(self, segments: list[Segment]) -> list[Spoken]:
        return [self._spoken[segment.offset // self.LENGTH] for segment in segments]
