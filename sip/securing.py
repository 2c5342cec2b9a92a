"""How offer and answer agree on secure audio (RFC 4568 section 7), under one of three rules of ours.

    srtp        a plain offer   RTP/AVP with a=crypto   RTP/SAVP          we offer
    off         plain           plain                   refused (488)     RTP/AVP
    optional    plain           secured                 secured           RTP/AVP with a=crypto
    mandatory   refused (488)   secured                 secured           RTP/SAVP

Keys beside RTP/AVP are no RFC's: it is what phones and PBXs do whose setting is called "optional" (baresip, pjsip,
Asterisk, Grandstream). We offer the same where we would rather be secured: who does not know a=crypto skips a line that it
does not understand, as RFC 8866 bids it. Two m-lines, one SAVP and one AVP, would be by the book, but carriers take them
for two streams and answer 488 or both. We take such offers (linphone makes them): the first line that can be used.

RTP/SAVPF and RTP/AVPF (RFC 5124, 4585) are taken as SAVP and AVP: feedback is what we may send and do not. The
answer has the profile's name as it was offered. DTLS (UDP/TLS/RTP/SAVPF) is another profile, and not spoken here.

Who offers the same key again has the same key from us, and both go on counting. A new key begins anew in both
directions, since most phones reset both when one changes; a stale count would leave them deaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from sip import sdes
from sip.errors import ParseError
from sip.sdes import Crypto, Key, Suite

if TYPE_CHECKING:
    from sip.sdp import Media

Rule = Literal["off", "optional", "mandatory"]
Entropy = Callable[[int], bytes]

AVP: Final = "RTP/AVP"
SAVP: Final = "RTP/SAVP"
_BASE: Final = {AVP: AVP, "RTP/AVPF": AVP, SAVP: SAVP, "RTP/SAVPF": SAVP}


@dataclass(frozen=True, slots=True)
class Secured:
    """An agreement on keys: the line that we wrote, and the key that the peer sends with."""

    ours: Crypto
    theirs: Key = field(repr=False)

    @property
    def suite(self) -> Suite:
        return self.ours.suite


class Unusable(Exception):  # noqa: N818 - it is no error: another m-line may do
    """Why an m-line can have no audio of ours: what to say in a Warning header."""


def base(protocol: str) -> str | None:
    """RTP/AVP or RTP/SAVP, whichever a profile is at bottom; None where it is none of ours."""
    return _BASE.get(protocol.upper())


def lines(media: Media) -> list[Crypto]:
    """The crypto lines of an m-line that we can do."""
    return sdes.read([value for name, value in media.attributes if name.lower() == sdes.ATTRIBUTE])


def answer(
    media: Media, rule: Rule, suites: Sequence[Suite], entropy: Entropy | None, before: Secured | None
) -> Secured | None:
    """Choose the line of an offered m-line that we take; None where its audio is plain.

    Raises
    ------
    Unusable
        where the rule and the offer do not meet.
    """
    profile = base(media.protocol)
    if profile is None or (profile == SAVP and (rule == "off" or entropy is None)):
        spoken = AVP if rule == "off" else f"{AVP} and {SAVP} with a=crypto"
        raise Unusable(f"Only {spoken} is spoken here")
    if rule == "off" or entropy is None:
        return None
    try:
        offered = lines(media)
    except ParseError as fault:
        raise Unusable(str(fault)) from None
    offered = [line for suite in suites for line in offered if line.suite is suite]
    if offered:
        return _take(offered, entropy, before)
    if profile == SAVP or rule == "mandatory":
        names = ", ".join([suite.name for suite in suites])
        raise Unusable(f"Audio is secured here, by a=crypto with {names}")
    return None


def _take(offered: list[Crypto], entropy: Entropy, before: Secured | None) -> Secured:
    for line in offered:
        if before is not None and line.suite is before.suite and line.key == before.theirs:
            return Secured(Crypto(line.tag, line.suite, before.ours.key), line.key)
    line = offered[0]
    # Where they have an MKI in their packets they look for one in ours, too.
    mki_bytes = line.key.mki_bytes
    ours = Key(entropy(line.suite.bytes), None, 1 if mki_bytes else 0, mki_bytes)
    return Secured(Crypto(line.tag, line.suite, ours), line.key)


def offer(
    rule: Rule,
    suites: Sequence[Suite],
    entropy: Entropy | None,
    before: Secured | None,
    profile: str | None = None,
) -> tuple[str, list[Crypto]]:
    """The profile and the crypto lines of an offer of ours.

    What was agreed `before` is offered again, key and all, under the `profile` that the m-line has had.
    """
    if before is not None:
        return profile or AVP, [before.ours]
    if rule == "off" or entropy is None:
        return profile or AVP, []
    lines = [Crypto(tag, suite, Key(entropy(suite.bytes))) for tag, suite in enumerate(suites, 1)]
    return SAVP if rule == "mandatory" else profile or AVP, lines


def accept(offered: Media, answered: Media) -> Secured | None:
    """Read what the answer to an offer of ours has taken; None where it is plain audio that we offered, too.

    Raises
    ------
    Unusable
        where it answers something else than was asked.
    """
    profile = base(answered.protocol) if answered.port else base(offered.protocol)
    if profile != base(offered.protocol):
        raise Unusable(f"{offered.protocol} was offered, not {answered.protocol}")
    try:
        ours, theirs = lines(offered), lines(answered)
    except ParseError as fault:
        raise Unusable(str(fault)) from None
    for line in theirs:
        for mine in ours:
            if (mine.tag, mine.suite) == (line.tag, line.suite):
                return Secured(mine, line.key)
    # In plain RTP, a=crypto that answers nothing of ours may be somebody's habit; in SAVP there must be a key.
    if profile == SAVP or (ours and theirs):
        raise Unusable("No key of the offer was taken")
    return None
