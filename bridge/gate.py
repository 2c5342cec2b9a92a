"""Who may come in, all told: the guard first, then trunks by their address, then whoever proves it.

    guard          floods, scanners, banned sources, too much at once          dropped or refused
    trunk          comes from an address, or to a Contact, that is a trunk's   let in as `trunk:NAME`, believed
    challenger     claims to be one of our accounts, or registers              let in by its name, or asked for proof
    nobody         dials an access number: that is what the service is for     let in as nobody in particular

A trunk's address proves a call; it proves no account. So a REGISTER is asked for its password wherever it comes from, as
any other request is that has brought a proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sip.gate import Judgement, Pass

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.challenge import Challenger
    from sip.flow import Flow
    from sip.guard import Guard
    from sip.message import Request

TRUNK: Final = "trunk:"
"""What the identity of a trunk begins with. No account is called so: a colon ends the user part of an address."""


def trunk_of(identity: str) -> str:
    """The trunk that an identity names; empty where it is none's."""
    return identity.removeprefix(TRUNK) if identity.startswith(TRUNK) else ""


class Gate:
    """A `sip.gate.Gate` of guard, trunks and challenger.

    Parameters
    ----------
    find_trunk : callable
        The name of the trunk whose request this is, empty where it is none's.
    challenger : Challenger, optional
        Without one nobody registers, and nobody is asked for anything.
    """

    __slots__ = ("_challenger", "_find_trunk", "_guard")

    def __init__(
        self, guard: Guard, find_trunk: Callable[[Request, Flow], str], challenger: Challenger | None
    ) -> None:
        self._guard = guard
        self._find_trunk = find_trunk
        self._challenger = challenger

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:
        """Whether these bytes are read."""
        return self._guard.admits(flow, data, now)

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        """What becomes of a new request."""
        judgement = self._guard.judge(request, flow, now, inside=inside)
        if not isinstance(judgement, Pass):
            return judgement
        registers = request.method == "REGISTER"
        trunk = "" if registers else self._find_trunk(request, flow)
        if trunk:
            return Pass(TRUNK + trunk, trusted=True)
        if self._challenger is None:
            return judgement
        proof = self._challenger.judge(request, flow, now, inside=inside)
        if not isinstance(proof, Pass):
            return proof
        if not proof.identity:
            return judgement
        self._guard.vouch(flow, now)
        return proof

    def noticed(self, flow: Flow, what: str, now: float) -> None:
        """Somebody did what honest telephones seldom do."""
        self._guard.noticed(flow, what, now)

    def acknowledged(self, flow: Flow, now: float) -> None:
        """Somebody has got an answer of ours where their address says that they are."""
        self._guard.acknowledged(flow, now)
