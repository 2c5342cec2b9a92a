"""What can be set of trunks: the carriers and PBXs that calls go to and come from, and the DNS that finds them.

Everything a carrier wants to be told differently than the next one stands in its own `[[trunks]]`. Which numbers may be
called at all, and for how much, is not here but in `[dial_out]` (`config.calling`): a trunk is a way, no permission.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

from bridge.config.audio import G711, Codecs
from bridge.config.calling import HOST
from bridge.config.values import Address, Form, Network, OneOf, Range
from bridge.errors import StartError
from sip.uri import Uri

LONGEST_PASSWORD: Final = 256
"""Characters of a password. A file with more holds something else, and is not sent to a carrier."""

TEMPLATE: Final = re.compile(
    r"sips?:(?=[^@]*\{(?:number|e164|national)\}[^@]*@)"
    r"(?:[A-Za-z0-9._+*#-]|\{(?:number|e164|national|carrier)\})+@"
    r"(?:\{trunk\}|" + HOST + r"(?::[0-9]{1,5})?)(?:;[a-z-]+=[A-Za-z0-9.-]+)*"
)
"""How a number becomes an address."""

HostPort = Annotated[
    str,
    Form(re.compile(HOST + r"(?::[0-9]{1,5})?"), 'a host, or a host and a port, such as "sip.example.com"'),
]
MaybeHostPort = Annotated[
    str, Form(re.compile(r"|" + HOST + r"(?::[0-9]{1,5})?"), "a host, or a host and a port")
]
MaybeUser = Annotated[
    str, Form(re.compile(r"|[A-Za-z0-9+][A-Za-z0-9._+-]{0,63}"), "the user part of a SIP address, or empty")
]
MaybeDigits = Annotated[str, Form(re.compile(r"\+?[0-9]{0,15}"), 'digits, with or without "+" before them')]
Count = Annotated[int, Range(0, 100_000)]


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier or a PBX."""

    name: Annotated[
        str,
        Form(
            re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}"),
            "1 to 32 letters, digits, dots and hyphens, a letter first",
        ),
    ]
    address: HostPort
    """Where its calls go. A name without a port is looked for as RFC 3263 says: NAPTR, SRV, addresses."""
    transport: Annotated[str, OneOf(("udp", "tcp", "tls"))] = "udp"
    verify: bool = True
    """Over TLS: whether its certificate must be good for its name."""
    networks: tuple[Network, ...] = ()
    """From where its calls come. Empty: from the addresses that `address` leads to, and no others."""
    username: Annotated[
        str, Form(re.compile(r"[^\s\"\\\x00-\x1f]{0,128}"), "a user name without spaces and quotes")
    ] = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    """A file whose first line is the password."""
    password_env: Annotated[
        str, Form(re.compile(r"|[A-Za-z_][A-Za-z0-9_]*"), "the name of an environment variable")
    ] = ""
    realm: Annotated[str, Form(re.compile(r"[^\"\\\x00-\x1f]{0,128}"), "a text without quotes")] = ""
    """Only challenges of this realm are answered; empty: any realm that the trunk itself names."""
    register: bool = False
    """Whether we register there, so that it knows where to send our calls."""
    registrar: MaybeHostPort = ""
    """Where we register; empty: `address`."""
    contact: MaybeUser = ""
    """The user part by which it calls us; empty: `username`, else the trunk's name."""
    expires_s: Annotated[int, Range(60, 86_400)] = 3600
    """How long a registration holds that we ask for."""
    ping_s: Annotated[int, Range(0, 3600)] = 30
    """Seconds from one OPTIONS to the next; 0: none, and the trunk counts as up."""
    from_user: MaybeUser = ""
    """The user part of From, where the carrier wants its account there; empty: the number that is shown."""
    from_domain: MaybeHostPort = ""
    """The host of From; empty: our own address."""
    caller_id: Annotated[
        str, Form(re.compile(r"|\+?[0-9A-Za-z][0-9A-Za-z._-]{0,63}"), "a telephone number, without spaces")
    ] = ""
    """The number that is shown; empty: `dial_out.caller_id`."""
    send_identity: Annotated[str, OneOf(("from", "pai", "rpid"))] = "from"
    """Where the number stands: in From alone, or also in P-Asserted-Identity (RFC 3325) or Remote-Party-ID."""
    privacy: bool = False
    """Whether the called person sees no number (RFC 3323): the carrier alone does."""
    codecs: Codecs = G711
    """What is offered and taken, the liked best first. Few carriers have more, and some refuse a call that offers it."""
    dtmf: Annotated[tuple[Annotated[str, OneOf(("rtp", "info", "inband"))], ...], Range(1)] = ("rtp", "info")
    """The ways keys are taken, the first that a call has being the way they are sent. INFO is always taken. Tones are listened
    for where a call has agreed on no telephone-events; with "inband" also where it has, for gateways that agree and send none.
    """
    srtp: Annotated[str, OneOf(("off", "optional", "mandatory"))] = "off"
    uri: Annotated[
        str,
        Form(
            TEMPLATE,
            'a SIP address with {e164}, {number} or {national} in it, such as "sip:{e164}@{trunk}"',
        ),
    ] = "sip:{e164}@{trunk}"
    """How it wants a number written. {e164} +551140028922, {number} 551140028922, {national} 1140028922 (abroad:
    the international prefix, country and number), {carrier} 15 or nothing, {trunk} the trunk's address."""
    callers: Annotated[str, OneOf(("auto", "e164", "national", "international", "asis"))] = "auto"
    """How it writes who calls us: whole with or without "+"; as dialled in the country; with the international prefix;
    as it stands; or any of these, and we guess."""
    strip: MaybeDigits = ""
    """Taken off a caller's number where it begins so, before it is read."""
    prepend: MaybeDigits = ""
    """Put before it then."""
    prefixes: tuple[
        Annotated[
            str, Form(re.compile(r"\+[1-9][0-9]{0,14}"), 'the beginning of numbers with "+", such as "+5511"')
        ],
        ...,
    ] = ()
    """The numbers it takes, by how they begin; empty: all. Of several trunks the longest beginning is tried first."""
    calls_out: Count = 0
    """Calls that we place there, at once; 0: no limit of its own."""
    calls_in: Count = 0
    calls_per_second: Annotated[int, Range(0, 10_000)] = 0
    """Calls that we place there in one second; 0: no limit of its own."""
    redirects: bool = False
    """Whether a 3xx of its is followed, to its own hosts and no others (interop.md 1.2, 7)."""

    @property
    def host(self) -> str:
        """The host of its address, an IPv6 address without brackets."""
        return self.target.host

    @property
    def target(self) -> Uri:
        """Its address as a URI, with its transport, for `sip.locating`."""
        return self._uri(self.address)

    @property
    def registrar_uri(self) -> Uri:
        """Where we register."""
        return self._uri(self.registrar or self.address)

    def _uri(self, host: str) -> Uri:
        found = Uri.parse(f"sip:{host}")
        return Uri("sip", None, found.host, found.port, (("transport", self.transport),))

    @property
    def contact_user(self) -> str:
        return self.contact or self.username or self.name

    @property
    def numeric(self) -> str | None:
        """Its address, where that is numeric and needs no DNS."""
        try:
            return str(ip_address(self.host))
        except ValueError:
            return None

    def fits(self, e164: str) -> int:
        """How many characters of the number it names as its own; 0: it takes all; -1: it does not take this one."""
        if not self.prefixes:
            return 0
        return max((len(each) for each in self.prefixes if e164.startswith(each)), default=-1)

    def dialled(self, *, e164: str, national: str, carrier: str) -> str:
        """The address that the number is called at; `e164` with "+"."""
        written = self.uri.format(
            e164=e164, number=e164.removeprefix("+"), national=national, carrier=carrier, trunk=self.address
        )
        return (
            written
            if self.transport == "udp" or ";transport=" in written
            else f"{written};transport={self.transport}"
        )

    def secret(self, directory: Path, environment: Mapping[str, str] = os.environ) -> str:
        """The password, "" where there is none; raises `StartError` where it cannot be had."""
        if self.password_file is not None:
            path = directory / self.password_file
            try:
                with path.open(encoding="utf-8") as file:
                    found = file.readline(LONGEST_PASSWORD + 2).rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                words = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise StartError(
                    f'trunk "{self.name}": {self.password_file} cannot be read: {words}'
                ) from error
            if not 0 < len(found) <= LONGEST_PASSWORD:
                raise StartError(
                    f'trunk "{self.name}": the first line of {self.password_file} is no password'
                    f" of 1 to {LONGEST_PASSWORD} characters"
                )
            return found
        if self.password_env:
            if not environment.get(self.password_env):
                raise StartError(f'trunk "{self.name}": the environment has no {self.password_env}')
            return environment[self.password_env]
        return self.password


@dataclass(frozen=True, slots=True)
class Dns:
    """Who is asked for names."""

    servers: tuple[Address, ...] = ()
    """Name servers; empty: those of the machine (/etc/resolv.conf)."""
