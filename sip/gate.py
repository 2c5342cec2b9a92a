"""Who is let in: what the agent asks before it spends anything on what somebody sent.

Twice: `admits` for every datagram or piece of a stream, before a byte of it is parsed, and `judge` for every new request
but ACK and CANCEL, after repetitions have been absorbed and before anything is kept. What the gate is made of (limits,
addresses, passwords) is the business of whoever builds it; the agent obeys. `OPEN` lets everything in.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from sip.draft import Fields
from sip.flow import Flow
from sip.message import Request


@dataclass(frozen=True, slots=True)
class Pass:
    """Come in."""

    identity: str = ""
    """Account or trunk that was proved; "" is nobody in particular."""
    trusted: bool = False
    """Its word on who calls (P-Asserted-Identity, Diversion, ...) is believed."""
    real: bool = True
    """It is where its address says, as far as anybody knows. Else the address may be a victim's, who is not to be flooded."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """An answer, and nothing is kept but the answer itself while it waits for `after_s`."""

    status: int
    fields: Fields = ()
    reason: str | None = None
    after_s: float = 0.0
    """How long the answer is held back, so that guessing costs time. How many wait at once is bounded by the agent."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing is sent; it is counted as `dropped:<why>`."""

    why: str


Judgement = Pass | Refuse | Ignore
PASS: Final = Pass()
"""Nobody in particular, and that is all right."""
PASS_DOUBTFUL: Final = Pass(real=False)
"""The same, from an address that may be invented."""


class Gate(Protocol):
    """What an `Agent` asks. Nothing here may raise, whatever the bytes are."""

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:
        """Whether a datagram, or a piece of a stream, is looked at: asked before parsing. Dropped and counted if not."""
        ...

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        """What becomes of a new request; `inside` says that it belongs to a living dialog."""
        ...

    def noticed(self, flow: Flow, what: str, now: float) -> None:
        """Something odd came from there ("malformed", "unknown number", ...): for whoever counts offenders."""
        ...

    def acknowledged(self, flow: Flow, now: float) -> None:
        """An ACK came from there with the tag of an answer that went there: its address is not invented."""
        ...


class _Open:
    """Everybody is welcome."""

    __slots__ = ()

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:  # noqa: ARG002 - the shape of Gate
        return True

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:  # noqa: ARG002
        return PASS

    def noticed(self, flow: Flow, what: str, now: float) -> None:  # noqa: ARG002
        return

    def acknowledged(self, flow: Flow, now: float) -> None:  # noqa: ARG002
        return


OPEN: Final[Gate] = _Open()
"""The gate of an agent that was given none."""
