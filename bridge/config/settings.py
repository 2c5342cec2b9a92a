"""What can be set: one frozen table per section of the file, each with safe defaults.

"Safe" means: nothing listens beyond this machine, nobody enters without a passcode, and every queue and table has a bound.
`roda.example.toml` says the same to the operator, key by key; a test keeps the two equal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from bridge.conference.keymap import Keymap
from bridge.conference.keymaps import MANUAL, find
from bridge.config.accounts import Registrar
from bridge.config.audio import Audio
from bridge.config.calling import HOST, Blast, DialOut, RingS
from bridge.config.listening import Server
from bridge.config.meeting import Conference, Names
from bridge.config.recording import Recording
from bridge.config.security import Security
from bridge.config.tracing import Trace
from bridge.config.trunks import Dns, Trunk
from bridge.config.values import Form, Network, OneOf, Range, within
from bridge.service.dialplan import DialPlan
from bridge.service.directory import NOBODY, Directory
from bridge.service.passcodes import DEFAULT_DIGITS, LONGEST_DIGITS, SHORTEST_DIGITS
from bridge.service.settings import DEFAULT_GRACE_S
from bridge.service.spending import Night, Spending

PORTS_PER_STREAM: Final = 2
"""RTP on an even port, RTCP on the next (RFC 3550 section 11)."""

LANGUAGES: Final = ("pt-BR", "en", "es")
"""Languages there are prompts in."""

Language = Annotated[str, OneOf(LANGUAGES)]
MaybeLanguage = Annotated[str, OneOf(("", *LANGUAGES))]
Port = Annotated[int, Range(1024, 65535)]


@dataclass(frozen=True, slots=True)
class Media:
    """How many people's audio, and on which ports."""

    workers: Annotated[int, Range(0, 256)] = 0
    """Media processes; 0 is one per core, less one for control, at least one (`worker_count`)."""
    streams_per_worker: Annotated[int, Range(1, 20_000)] = 4000
    port_low: Port = 16384
    port_high: Port = 32767
    rtp_timeout_s: Annotated[float, Range(5, 86_400)] = 60.0
    """How long a caller may be silent on the network (not: say nothing) before the call is given up."""

    @property
    def worker_count(self) -> int:
        return self.workers or max(1, (os.cpu_count() or 1) - 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused with 503 and Retry-After; 0 is no limit."""

    calls: Annotated[int, Range(0, 100_000)] = 8000
    calls_per_source: Annotated[int, Range(0, 100_000)] = 1000
    """Calls up at once from one network address. A telephone trunk is one address."""
    calls_per_second: Annotated[int, Range(0, 10_000)] = 200


@dataclass(frozen=True, slots=True)
class Store:
    """Where things are kept."""

    url: Annotated[
        str,
        Form(
            re.compile(r"sqlite:///.+|sqlite://|postgresql(\+psycopg)?://.+"),
            'an address such as "sqlite:///var/roda.db" or "postgresql://user@host/roda"',
        ),
    ] = "sqlite:///var/roda.db"
    directory: Path = Path("var")
    """The state directory: the key of the passcode digests, records that wait for an absent database."""


@dataclass(frozen=True, slots=True)
class Service:
    """Rules for callers that a passcode pair does not set for itself."""

    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/Sao_Paulo"))
    """Whose time of day counts for the hours of level 1."""
    language: Language = "pt-BR"
    """Of the prompts, where neither the access number nor the pair names one."""
    passcode_length: Annotated[int, Range(SHORTEST_DIGITS, LONGEST_DIGITS)] = DEFAULT_DIGITS
    attempts: Annotated[int, Range(1, 10)] = 3
    """A3: how often a caller may key a wrong passcode in one call."""
    grace_s: Annotated[float, Range(0, 3600)] = DEFAULT_GRACE_S
    """C5: from the warning after the last moderator left until everyone is disconnected."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """What callers hear."""

    directory: Path | None = None
    """Recordings found here replace ours of the same name."""


@dataclass(frozen=True, slots=True)
class Control:
    """Where `roda conferences`, `roda kick` and their like speak to the running bridge."""

    socket: Annotated[str, Form(re.compile(r"[^\0]*"), "a path in quotes")] = "control.sock"
    """A Unix socket, relative to the state directory, for its owner alone; empty: none."""


@dataclass(frozen=True, slots=True)
class Log:
    """Where lines for the operator go."""

    format: Annotated[str, OneOf(("auto", "console", "json"))] = "auto"
    """auto: for people on a terminal, JSON lines otherwise."""
    level: Annotated[str, OneOf(("debug", "info", "warning", "error"))] = "info"
    file: Path | None = None
    """None is standard output."""


@dataclass(frozen=True, slots=True)
class AccessNumber:
    """A1: a number that callers dial to be asked for their passcode."""

    number: Annotated[
        str,
        Form(
            re.compile(r"\+?[0-9A-Za-z][0-9A-Za-z._-]{0,63}"),
            "a telephone number or the user part of a SIP address, without spaces",
        ),
    ]
    label: str = ""
    country: Annotated[
        str, Form(re.compile(r"|[A-Z]{2}"), 'a country of ISO 3166, two capital letters such as "BR"')
    ] = ""
    language: MaybeLanguage = ""
    key_map: Annotated[str, Form(re.compile(r"[A-Za-z0-9_-]{0,32}"), "the name of a key map")] = ""
    """What callers of this number key in a conference; empty: the manual's keys."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A telephone at which somebody helps (O2, O3)."""

    name: Annotated[
        str,
        Form(
            re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}"),
            "1 to 32 letters, digits, dots and hyphens, a letter first",
        ),
    ]
    address: Annotated[
        str,
        Form(
            re.compile(
                r"sip:(?:[A-Za-z0-9._+-]{1,64}@)?" + HOST + r"(?::[0-9]{1,5})?(?:;transport=(?:udp|tcp))?"
                r"|account:[A-Za-z0-9][A-Za-z0-9._+-]{0,63}"
            ),
            'a SIP address, such as "sip:ana@10.0.0.5:5070", or an account, such as "account:ana"',
        ),
    ]
    """What the bridge calls: an address, or wherever the telephone of an account has registered."""
    language: MaybeLanguage = ""
    """Of what is said to the operator; empty: `service.language`."""


@dataclass(frozen=True, slots=True)
class Help:
    """`*0` (O3)."""

    ring_s: RingS = 20.0
    """How long one operator's telephone rings before the next one's."""
    wait_s: Annotated[float, Range(10, 7200)] = 600.0
    """How long a caller waits in the queue until told that nobody is free."""


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A pattern of numbers that trusted networks may dial straight into a room, without a passcode."""

    pattern: Annotated[
        str,
        Form(
            re.compile(r"[A-Za-z0-9+._-]*\{room\}[A-Za-z0-9+._-]*"),
            'a number with "{room}" once in it, such as "conf-{room}"',
        ),
    ]
    networks: Annotated[tuple[Network, ...], Range(1)]
    """Who may: never everyone by omission."""

    def room(self, number: str, source: str) -> str | None:
        """The room that `number`, dialled from the address `source`, means; None where it means none or may not."""
        before, _, after = self.pattern.partition("{room}")
        name = number[len(before) : len(number) - len(after)]
        if not (number.startswith(before) and number.endswith(after) and _ROOM_NAME.fullmatch(name)):
            return None
        return name if within(source, self.networks) else None


_ROOM_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""64: a room's name is kept in records and logs; a longer one is no room."""

LOOPBACK_NETWORKS: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration. Relative paths are relative to `directory`, where the file is."""

    server: Server = field(default_factory=Server)
    media: Media = field(default_factory=Media)
    audio: Audio = field(default_factory=Audio)
    limits: Limits = field(default_factory=Limits)
    store: Store = field(default_factory=Store)
    service: Service = field(default_factory=Service)
    prompts: Prompts = field(default_factory=Prompts)
    names: Names = field(default_factory=Names)
    conference: Conference = field(default_factory=Conference)
    recording: Recording = field(default_factory=Recording)
    dial_out: DialOut = field(default_factory=DialOut)
    dns: Dns = field(default_factory=Dns)
    blast: Blast = field(default_factory=Blast)
    help: Help = field(default_factory=Help)
    registrar: Registrar = field(default_factory=Registrar)
    security: Security = field(default_factory=Security)
    control: Control = field(default_factory=Control)
    trace: Trace = field(default_factory=Trace)
    log: Log = field(default_factory=Log)
    access_numbers: tuple[AccessNumber, ...] = ()
    open_rooms: tuple[OpenRoom, ...] = ()
    operators: tuple[Operator, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    key_maps: Mapping[str, Keymap] = field(default_factory=dict)
    """The operator's own, by name; the bridge's are in `conference.keymaps`."""
    directory: Path = Path()

    @staticmethod
    def with_open_rooms() -> Config:
        """What `roda serve --open-rooms` means: the defaults, and `conf-{room}` for this machine alone.

        One address makes all the calls of a load test, as fast as it can: the limits per source and second are off.
        """
        return Config(
            limits=replace(Limits(), calls_per_source=0, calls_per_second=0),
            open_rooms=(OpenRoom("conf-{room}", LOOPBACK_NETWORKS),),
        )

    def resolve(self, path: Path) -> Path:
        """`path` as seen from where the configuration is."""
        return self.directory / path

    @property
    def state_directory(self) -> Path:
        return self.resolve(self.store.directory)

    @property
    def control_socket(self) -> Path | None:
        """Where commands come in; None where they do not."""
        return self.state_directory / self.control.socket if self.control.socket else None

    @property
    def recordings_folder(self) -> Path:
        """Where files of recordings go."""
        return self.state_directory / self.recording.folder

    def dial_plan(self, directory: Directory = NOBODY) -> DialPlan:
        """Where calls may go. Without a trunk no number may be called."""
        out = self.dial_out
        ours = [str(address) for _, _, address in self.server.listeners()]
        advertised = (self.server.advertised, *(each.advertised for each in self.server.mapped))
        ours += [f"[{host}]" if ":" in host else host for host in advertised if host]
        return DialPlan(
            enabled=out.enabled,
            numbering=out.numbering,
            takes=lambda e164: any(trunk.fits(e164) >= 0 for trunk in self.trunks),
            prefixes=out.prefixes,
            emergency=out.emergency,
            premium=out.premium,
            sip_domains=out.sip_domains,
            accounts={operator.name: operator.address for operator in self.operators},
            own_numbers=[number.number for number in self.access_numbers],
            own_addresses=ours,
            account_of=(directory if out.internal else NOBODY).account_of,
        )

    def spending(self) -> Spending:
        """What calls may cost, with nothing spent yet."""
        out = self.dial_out
        return Spending(
            per_pair=out.per_pair,
            per_customer=out.per_customer,
            overall=out.overall,
            night=Night(out.night_from_hour, out.night_until_hour),
            maximum_call_s=out.maximum_call_s,
        )

    @property
    def realm(self) -> str:
        """Of passwords of accounts: changed, and all of them need new ones."""
        return self.registrar.realm or self.server.advertised or self.server.node

    @property
    def caller_id(self) -> str:
        """What a called person sees of us. RFC 3323 section 4.1.1.3 has the word for nothing."""
        first = self.access_numbers[0].number if self.access_numbers else "anonymous"
        return self.dial_out.caller_id or first

    @property
    def store_url(self) -> str:
        """The store's address with a relative SQLite path resolved."""
        prefix = "sqlite:///"
        if not self.store.url.startswith(prefix):
            return self.store.url
        return prefix + str(self.resolve(Path(self.store.url.removeprefix(prefix))))

    def access_number(self, dialled: str) -> AccessNumber | None:
        return next((number for number in self.access_numbers if number.number == dialled), None)

    def key_map(self, *names: str) -> Keymap:
        """The first of the named maps that there is: a pair's, else its access number's; or the manual's."""
        found = (find(name, self.key_maps) for name in (*names, MANUAL) if name)
        return next(keymap for keymap in found if keymap is not None)

    def operator(self, name: str) -> Operator | None:
        return next((operator for operator in self.operators if operator.name == name), None)
