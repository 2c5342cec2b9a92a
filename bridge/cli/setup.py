"""`roda init`: a first configuration, a store, a demo conference, and words about how to call it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bridge.cli.terminal import DEFAULT_FILE, UserError, local, say, store
from bridge.config import Config, load
from bridge.config.listening import SIP_PORT

if TYPE_CHECKING:
    from bridge.demo import Demo

ACCESS_NUMBER: Final = "1000"
"""What the demo conference is dialled by."""

LOOPBACK: Final = "127.0.0.1"

_FIRST: Final = """\
# The configuration of this bridge, made by `roda init`. Every setting is explained in roda.example.toml;
# `roda check -c {name}` says what is wrong with it.

[server]
{why}
udp = ["{listen}:{port}"]
tcp = ["{listen}:{port}"]
advertised = "{advertised}"

[[access_numbers]]
number = "{number}"
label = "Demo"
"""


def init(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", help="The file to make.")
    ] = DEFAULT_FILE,
) -> None:
    """Make what is not there yet: a configuration, the store, a demo conference; say how to call it."""
    from bridge import demo  # it brings the store, which the other commands do without
    from bridge.cli.issuing import issuer
    from bridge.service.digests import Digests
    from bridge.service.pairs import end_of_life

    if not config.exists():
        _write(config, own_address())
    with store(config) as opened:
        chosen = opened.config
        made = demo.ensure(
            opened.connection,
            issuer(opened),
            Digests(opened.key()),
            chosen.state_directory,
            language=chosen.service.language,
            at=opened.now,
            expires_at=end_of_life(local(opened.now, chosen)).timestamp(),
        )
    say(told(chosen, made))
    if not chosen.access_numbers:
        say(f"{config} names no [[access_numbers]]: nobody can dial a passcode yet.")


def told(config: Config, made: Demo) -> str:
    """What to dial, the codes, and how to reach it with a softphone."""
    _, _, listening = next(config.server.listeners())
    host = config.server.advertised or (LOOPBACK if listening.host == "0.0.0.0" else listening.host)  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    port = "" if listening.port == SIP_PORT else f":{listening.port}"
    number = config.access_numbers[0].number if config.access_numbers else ACCESS_NUMBER
    lines = [
        "",
        f"  Dial              sip:{number}@{host}{port}",
        f"  Moderator code    {made.moderator} #",
        f"  counter-password  {made.counter_password} #",
        f"  Participant code  {made.participant} #",
        "",
        "  With a softphone (Linphone, Zoiper, MicroSIP, baresip): it needs no account; call the address above, then key",
        "  the code and # when asked. Participants hear music until the moderator is in.",
        "",
    ]
    return "\n".join(lines)


def own_address() -> str:
    """The address by which this machine reaches others, or loopback where it reaches nobody. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address that is nobody's
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])


def _write(path: Path, address: str) -> None:
    alone = address == LOOPBACK
    text = _FIRST.format(
        name=path,
        why="# This machine has no network: only programs on it can call."
        if alone
        else "# Every address of this machine; callers are told the advertised one: mend it when it changes.",
        listen=LOOPBACK if alone else "0.0.0.0",  # noqa: S104 - said to the user, who may change it
        port=SIP_PORT,
        advertised="" if alone else address,
        number=ACCESS_NUMBER,
    )
    try:
        with path.open("x") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    load(path)
    say(
        f"{path} is made: "
        + (
            "listening on this machine alone."
            if alone
            else f"listening on port {SIP_PORT} of every address, known as {address}."
        )
    )
