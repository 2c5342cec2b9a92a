"""What commands share that make or change pairs: codes drawn and told once, profiles and key maps looked up."""

from __future__ import annotations

import os
from collections.abc import Callable

from bridge.cli.terminal import Store, UserError, say
from bridge.conference import keymaps
from bridge.service.digests import Digests
from bridge.service.passcodes import PasscodeError
from bridge.service.profiles import apply
from bridge.service.settings import Settings, SettingsError
from bridge.store.issuance import CODED, Issued, Issuer
from bridge.store.people import People
from bridge.store.profiles import Profiles


def issuer(opened: Store) -> Issuer:
    """What gives out codes in this command's transaction."""
    return Issuer(
        opened.connection,
        Digests(opened.key()),
        digits=opened.config.service.passcode_length,
        entropy=os.urandom,
    )


def drawn(make: Callable[[], Issued]) -> Issued:
    """What `make` draws, or what to do where no code is free."""
    try:
        return make()
    except PasscodeError as error:
        raise UserError(f"{error}; see service.passcode_length") from error


def profiled(opened: Store, settings: Settings, profile: str | None, customer: int) -> Settings:
    """`settings` with those of a profile, where one is asked for (C7)."""
    if profile is None:
        return settings
    found = Profiles(opened.connection).find(profile, customer=customer)
    if found is None:
        raise UserError(f'there is no profile "{profile}": see roda profile list')
    try:
        return apply(found, settings)
    except SettingsError as error:
        raise UserError(f'profile "{profile}": {error}') from error


def known_keys(opened: Store, settings: Settings) -> Settings:
    """`settings`, whose keys there are: the bridge would take its default for others, and nobody would know why."""
    own = opened.config.key_maps
    if settings.key_map and keymaps.find(settings.key_map, own) is None:
        names = ", ".join(sorted({*own, *keymaps.SHIPPED}))
        raise UserError(f'there is no key map "{settings.key_map}": use one of {names}')
    return settings


def told(opened: Store, issued: Issued) -> list[str]:
    """What is to be said once the store has kept it, and not before."""
    lines = []
    for role in CODED:
        code, password = issued.codes.get(role), issued.counter_passwords.get(role)
        said = ([code] if code else []) + ([f"counter-password {password}"] if password else [])
        if said:
            lines.append(f"  {role.value:<12} {'  '.join(said)}")
    for person, password in issued.own.items():
        known = People(opened.connection).get(person)
        lines.append(f"  {known.name if known else person}: counter-password {password}")
    return lines


def tell(lines: list[str]) -> None:
    """Say codes, this once."""
    for line in lines:
        say(line)
    if lines:
        say("Write them down: they are kept as digests and never shown again.")
