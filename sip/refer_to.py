"""What a REFER asks for (RFC 3515): whom to contact, how, in whose place, and on whose word.

`Refer-To: <sip:bob@host;method=BYE>` names the method (INVITE where it names none); the header part of the URI may hold a
Replaces (RFC 3891 section 6.1), which asks for an attended transfer. Other headers there are dropped: whoever writes a
REFER would be writing headers of ours. `Refer-Sub: false` asks for no NOTIFYs (RFC 4488).
"""

from dataclasses import dataclass, replace
from typing import Final

from sip.draft import Fields
from sip.errors import ParseError
from sip.grammar import TOKEN, printable, split_commas
from sip.headers import Address
from sip.message import Request
from sip.replaces import REPLACES_LENGTH, parse_replaces, unescaped

REFER_TO_LENGTH: Final = 1024
"""Characters of a Refer-To, and of a Referred-By: an address of 256 with a Replaces of as much, all escaped. Beyond: 400."""
NO_SUBSCRIPTION: Final[Fields] = (("Refer-Sub", "false"),)
"""In the answer: there will be no NOTIFY, as was asked (RFC 4488 section 4)."""


@dataclass(frozen=True, slots=True)
class Referral:
    """The wish, read."""

    to: Address
    """Without the method and without headers: what is left can be put into a message of ours."""
    method: str = "INVITE"
    replaces: str = ""
    """The value of a Replaces header that has been found good; "" without."""
    referred_by: str = ""
    """The URI of whoever asks, by their own word (RFC 3892); for the record, and no proof."""
    quiet: bool = False
    """No NOTIFYs are wanted."""


def parse_referral(request: Request) -> Referral:
    """Read a REFER. Exactly one Refer-To is wanted (RFC 3515 section 2.4.2); a ParseError tells what is wrong."""
    headers = request.headers
    values = [value for line in headers.get_all("Refer-To") for value in _addresses(line)]
    if len(values) != 1:
        raise ParseError("a REFER needs exactly one Refer-To")
    if len(values[0]) > REFER_TO_LENGTH:
        raise ParseError("Refer-To is too long")
    address = Address.parse(values[0])
    uri = address.uri
    method = uri.parameter("method")
    if method is not None and not TOKEN.fullmatch(method):
        raise ParseError("Refer-To with a method that is none")
    parameters = tuple([each for each in uri.parameters if each[0] != "method"])
    return Referral(
        to=Address(address.display, replace(uri, parameters=parameters, headers="")),
        method="INVITE" if method is None else method.upper(),
        replaces=_replaces_in(uri.headers),
        referred_by=_referred_by(headers.get("Referred-By")),
        quiet=(headers.get("Refer-Sub") or "").partition(";")[0].strip().lower() == "false",
    )


def format_refer_to(to: Address, replaces: str = "") -> str:
    """Write the Refer-To of a REFER of ours."""
    uri = replace(to.uri, headers=f"Replaces={parse_replaces(replaces).escaped}" if replaces else "")
    return str(Address(to.display, uri))


def _addresses(line: str) -> list[str]:
    """Without angle brackets a comma would be the URI's; nobody writes two addresses so (RFC 3515 section 2.1)."""
    return split_commas(line) if "<" in line else [line]


def _replaces_in(headers: str) -> str:
    """The Replaces in the header part of a URI: `name=value&name=value`, escaped."""
    found = [
        value
        for name, _, value in [part.partition("=") for part in headers.split("&")]
        if unescaped(name).lower() == "replaces"
    ]
    if not found:
        return ""
    if len(found) > 1 or len(found[0]) > 3 * REPLACES_LENGTH:
        raise ParseError("Refer-To with more than one Replaces")
    return str(parse_replaces(unescaped(found[0])))


def _referred_by(text: str | None) -> str:
    if text is None or len(text) > REFER_TO_LENGTH:
        return ""
    try:
        return printable(str(Address.parse(text).uri))
    except ParseError:
        return ""
