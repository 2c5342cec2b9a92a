"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966), and the others as opaque text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote_to_bytes

from sip.errors import ParseError
from sip.grammar import Parameters, excerpt, find_parameter, format_parameters

MAX_PORT = 65535

REMEMBERED = 4096
"""URIs that need not be parsed again: those of a dialog come with each message, those of a trunk with each call. The one
least recently used is forgotten; at most some 4 MB."""

REMEMBERED_LENGTH = 128
"""Characters of a URI that is remembered; a longer one is rare, and is parsed each time."""

# userinfo: unreserved and user-unreserved. Beyond the ABNF: '#' of star codes dialled as they are, a few
# brackets, and raw UTF-8; phones of every make send those. Octets that are not UTF-8 are refused.
_USER_UNESCAPED = r"A-Za-z0-9\-_.!~*'()&=+$,;?/"
_USER_TOLERATED = "#^|{}\\[\\]`\x80-\ud7ff\ue000-\U0010ffff"
_ESCAPED = "%[0-9A-Fa-f]{2}"
_USER = rf"(?:[{_USER_UNESCAPED}{_USER_TOLERATED}]++|{_ESCAPED})++"
_PASSWORD = rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,]++|{_ESCAPED})*+"
# The underscore is no part of a host name, but of many container names.
HOST = r"[A-Za-z0-9][A-Za-z0-9\-_.]*+|\[[0-9A-Fa-f:.]{2,45}\]"
_URI_PARAMETER = r"[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]++"
_SIP = re.compile(
    rf"(?:({_USER})(?::({_PASSWORD}))?@)?"
    rf"({HOST})"
    r"(?::([0-9]{1,5}))?"
    rf"((?:;{_URI_PARAMETER}(?:=(?:{_URI_PARAMETER})?+)?+)*+)"
    r"(?:\?([!$-;=A-~]*+))?"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+")
_TEL = re.compile(r"(\+?[0-9A-Fa-f*#\-.()]++)((?:;[!$-:=A-~]++)*+)")
_OPAQUE = re.compile("[\x21\x23-\x3b=\x3f-\x7e]++")
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_ESCAPE_USER = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{_USER_UNESCAPED}%]", re.DOTALL)
_PLAIN_ESCAPE = re.compile("%(3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[DdEe]|5[Ff])")


def parse_host(text: str) -> str:
    """Normalise a host: lower case, an IPv6 reference without its brackets.

    RFC 3261's grammar let a third colon into IPv6 references with an IPv4 tail; RFC 5118 section 4.10 asks
    to read those all the same.
    """
    if text[0] != "[":
        return text.lower()
    literal = text[1:-1].lower().replace(":::", "::")
    try:
        IPv6Address(literal)
    except AddressValueError as error:
        raise ParseError(f"not an IPv6 address: {excerpt(text)}") from error
    return literal


def format_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def parse_port(text: str) -> int:
    port = int(text)
    if not 0 < port <= MAX_PORT:
        raise ParseError(f"port out of range: {port}")
    return port


def _escape(match: re.Match[str]) -> str:
    return "".join([f"%{octet:02X}" for octet in match.group().encode("utf-8", "surrogateescape")])


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI taken apart.

    `user` stands as on the wire, except that needless escapes are resolved ("%31" is "1"), so that it can
    be compared; `decoded_user` resolves all. A tel URI has the number in `user` and an empty `host`; of any
    other scheme the whole rest is in `user`. `host` is in lower case, IPv6 without brackets. `headers` is
    the text after the question mark.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    parameters: Parameters = ()
    headers: str = ""
    password: str | None = None

    @staticmethod
    def parse(text: str) -> Uri:
        return _parse(text) if len(text) <= REMEMBERED_LENGTH else _parse.__wrapped__(text)

    def parameter(self, name: str) -> str | None:
        """Value of a URI parameter: "" where it has none, None where it is absent."""
        return find_parameter(self.parameters, name)

    @property
    def decoded_user(self) -> str:
        """The user with all escapes resolved; "" where there is none."""
        user = self.user or ""
        return unquote_to_bytes(user).decode("utf-8", "replace") if "%" in user else user

    def __str__(self) -> str:
        if not self.host:
            return f"{self.scheme}:{self.user}{format_parameters(self.parameters)}"
        userinfo = ""
        if self.user is not None:
            user = _ESCAPE_USER.sub(_escape, self.user)
            userinfo = f"{user}@" if self.password is None else f"{user}:{self.password}@"
        port = "" if self.port is None else f":{self.port}"
        parameters = format_parameters(self.parameters) if self.parameters else ""
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{userinfo}{format_host(self.host)}{port}{parameters}{headers}"


@lru_cache(REMEMBERED)
def _parse(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    if scheme not in ("sip", "sips"):
        scheme = scheme.lower()
    if scheme in ("sip", "sips"):
        return _parse_sip(scheme, rest)
    if not colon or _SCHEME.fullmatch(scheme) is None:
        raise ParseError(f"not a URI: {excerpt(text)}")
    if scheme == "tel":
        return _parse_tel(rest)
    if _OPAQUE.fullmatch(rest) is None:
        raise ParseError(f"not a URI: {excerpt(text)}")
    return Uri(scheme, rest, "")


def _parse_sip(scheme: str, rest: str) -> Uri:
    match = _SIP.fullmatch(rest)
    if match is None:
        raise ParseError(f"malformed {scheme} URI: {excerpt(rest)}")
    user, password, host, port, parameters, headers = match.groups()
    if "%" in rest:
        if _BAD_ESCAPE.search(rest):
            raise ParseError(f"broken escape in URI: {excerpt(rest)}")
        user = user and _unescape_plain(user)
        parameters = _unescape_plain(parameters)
    return Uri(
        scheme,
        user,
        parse_host(host),
        None if port is None else parse_port(port),
        _split_parameters(parameters) if parameters else (),
        headers or "",
        password,
    )


def _parse_tel(rest: str) -> Uri:
    match = _TEL.fullmatch(rest)
    if match is None:
        raise ParseError(f"malformed tel URI: {excerpt(rest)}")
    number, parameters = match.groups()
    return Uri("tel", number, "", None, _split_parameters(parameters))


def _unescape_plain(text: str) -> str:
    """Resolve escapes of unreserved characters, which are equal to the characters (RFC 3261 section 19.1.4)."""
    return _PLAIN_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)


def _split_parameters(text: str) -> Parameters:
    """Split URI parameters, whose shape the caller has checked: they know neither quotes nor spaces."""
    return tuple(
        [(name.lower(), value) for name, _, value in [part.partition("=") for part in text.split(";")[1:]]]
    )
