"""A whole configuration file: every fault of it at once, each with its line, or the `Config` it says.

tomllib stops at the first fault of syntax; then that is the only one told. Once the text is TOML, every key is looked at:
unknown ones get the nearest known one, wrong values what they must be, and at last what only the whole can say (ports
that overlap, numbers given twice) is checked on the tables that are sound.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

from bridge.conference import keymaps
from bridge.config import certificates, trunk_faults
from bridge.config.audio import LOUDEST_COMFORT_DBOV
from bridge.config.lines import Path as KeyPath
from bridge.config.lines import locate
from bridge.config.settings import PORTS_PER_STREAM, Config
from bridge.config.values import Address, MisfitsError, Range, read_value
from sip.errors import ParseError
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.conference.keymap import Keymap

MAX_FILE_BYTES: Final = 1_000_000
"""A configuration is a few kilobytes; what is larger is the wrong file, and is not read."""

_KEY_MAP_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
"""What both an access number and a passcode pair can name."""

_POSITION: Final = re.compile(r"\s*\(at (?:line (?P<line>\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong on which line (from 1)."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class ConfigError(Exception):
    """A configuration that cannot be used: `faults` are all of its faults."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{path}:{fault.line}: {fault.text}" for fault in faults))
        self.path = path
        self.faults = faults


def check(text: str, *, directory: Path = Path()) -> list[Fault]:
    """Every fault of the configuration `text`, in the order of lines; none where it may be used."""
    return read(text, directory=directory)[1]


def load(path: Path) -> Config:
    """The configuration in the file at `path`; raises `ConfigError` with every fault."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(
                path, [Fault(1, f"the file is larger than {MAX_FILE_BYTES} bytes: is it the right one?")]
            )
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(path, [Fault(1, f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, [Fault(1, "is not UTF-8 text")]) from error
    config, faults = read(text, directory=path.parent)
    if faults:
        raise ConfigError(path, faults)
    return config


def read(text: str, *, directory: Path = Path()) -> tuple[Config, list[Fault]]:
    """The configuration that `text` says, with defaults where it says nothing or nothing sound, and every fault."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Config(directory=directory), [_syntax_fault(str(error), text)]
    except RecursionError:
        return Config(directory=directory), [Fault(1, "brackets are nested too deeply")]
    reader = _Reader(locate(text.replace("\r\n", "\n")))
    config: Config = reader.table(Config, document, (), known={"directory": directory})
    reader.consistency(config)
    return config, sorted(set(reader.faults))


def _syntax_fault(message: str, text: str) -> Fault:
    found = _POSITION.search(message)
    line = int(found["line"]) if found and found["line"] else max(1, len(text.splitlines()))
    said = _POSITION.sub("", message)
    return Fault(line, f"this is not TOML: {said[:1].lower()}{said[1:]}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


class _Reader:
    def __init__(self, lines: Mapping[KeyPath, int]) -> None:
        self.lines = lines
        self.faults: list[Fault] = []

    def fault(self, path: KeyPath, text: str) -> None:
        while path and path not in self.lines:
            path = path[:-1]
        self.faults.append(Fault(self.lines.get(path, 1), text))

    def table(self, kind: type, values: Mapping[str, Any], path: KeyPath, known: Mapping[str, Any]) -> Any:
        """`values` as a `kind`; what does not fit is told and left at its default. None where no default is left."""
        hints = _hints(kind)
        settable = [each for each in fields(kind) if each.name not in known]
        names = {each.name for each in settable}
        for key in values:
            if key not in names:
                moved = trunk_faults.MOVED.get(_name((*path, key)))
                words = (
                    _unknown(key, path, names) if moved is None else moved.format(value=_show(values[key]))
                )
                self.fault((*path, key), words)
        taken = dict(known)
        for each in settable:
            if each.name in values:
                read = self._key_maps if get_origin(hints[each.name]) is Mapping else self._value
                value = read(hints[each.name], values[each.name], (*path, each.name))
                if value is not None:
                    taken[each.name] = value
            elif _is_needed(each):
                self.fault(path, f"{_name(path)} needs the key {each.name}")
        if any(_is_needed(each) and each.name not in taken for each in settable):
            return None
        return kind(**taken)

    def _value(self, hint: Any, value: object, path: KeyPath) -> Any:
        if hasattr(hint, "__dataclass_fields__") and hint is not Address:
            if isinstance(value, dict):
                return self.table(hint, value, path, known={})
            self.fault(path, f"{_name(path)} must be a table: [{_name(path)}]")
            return None
        item = get_args(hint)[0] if get_origin(hint) is tuple else None
        if hasattr(item, "__dataclass_fields__") and item is not Address:
            return self._tables(item, value, path)
        try:
            found = read_value(hint, value)
        except ValueError as fault:
            misfits = fault.items if isinstance(fault, MisfitsError) else {None: (str(fault), value)}
            for index, (words, told) in misfits.items():
                self.fault(
                    path if index is None else (*path, index),
                    f"{_name(path)} must be {words}, not {_show(told)}",
                )
            return None
        bounds = next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Range)), None)
        if isinstance(found, tuple) and bounds is not None and not bounds.holds(len(found)):
            self.fault(path, f"{_name(path)} must have at least {bounds.lower:g} entry")
            return None
        return found

    def _tables(self, kind: Any, value: object, path: KeyPath) -> Any:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.fault(path, f"{_name(path)} must be tables, each under its own [[{_name(path)}]]")
            return None
        found = [self.table(kind, each, (*path, index), known={}) for index, each in enumerate(value)]
        return tuple(each for each in found if each is not None)

    def _key_maps(self, _hint: Any, value: object, path: KeyPath) -> dict[str, Keymap] | None:
        if not isinstance(value, dict):
            self.fault(path, f"{_name(path)} must be tables, each a map of its own: [{_name(path)}.sales]")
            return None
        found: dict[str, Keymap] = {}
        for name, table in value.items():
            place = (*path, name)
            if not _KEY_MAP_NAME.fullmatch(name):
                self.fault(
                    place,
                    f'"{name}" is no name of a key map: 1 to 32 letters, digits, hyphens and underscores',
                )
            elif not isinstance(table, dict):
                self.fault(place, f"{_name(place)} must be a table of keys and commands: [{_name(place)}]")
            else:
                found[name], faults = keymaps.read(table)
                for fault in faults:
                    self.fault((*place, *fault.path), f"{_name(place)}: {fault}")
        return found

    def consistency(self, config: Config) -> None:
        """What only the whole configuration can say."""
        self._listening(config)
        self._ports(config)
        self._repeated("access_numbers", "number", [each.number for each in config.access_numbers])
        self._repeated("open_rooms", "pattern", [each.pattern for each in config.open_rooms])
        self._repeated("operators", "name", [each.name for each in config.operators])
        self._calling(config)
        if len(set(config.audio.codecs)) < len(config.audio.codecs):
            self.fault(("audio", "codecs"), "audio.codecs names something twice")
        if LOUDEST_COMFORT_DBOV < config.audio.comfort_noise_dbov < 0:
            text = f"audio.comfort_noise_dbov must be from -90 to {LOUDEST_COMFORT_DBOV}, or 0 for none"
            self.fault(("audio", "comfort_noise_dbov"), text)
        for key, text in config.registrar.faults():
            self.fault(("registrar", key), text)
        for index, number in enumerate(config.access_numbers):
            if keymaps.find(number.key_map, config.key_maps) is None:
                known = {*config.key_maps, *keymaps.SHIPPED}
                self.fault(
                    ("access_numbers", index, "key_map"),
                    f'there is no key map "{number.key_map}"{_near(number.key_map, known)}',
                )
        if config.prompts.directory and not config.resolve(config.prompts.directory).is_dir():
            self.fault(
                ("prompts", "directory"), f"prompts.directory: there is no folder {config.prompts.directory}"
            )
        if config.log.file and not config.resolve(config.log.file).parent.is_dir():
            self.fault(("log", "file"), f"log.file: there is no folder {config.log.file.parent}")

    def _listening(self, config: Config) -> None:
        server = config.server
        seen: dict[tuple[bool, Address], str] = {}
        for transport, index, address in server.listeners():
            place = ("server", transport, index)
            # Whatever is not UDP is TCP below.
            before = seen.setdefault((transport == "udp", address), transport)
            if address in server.of(transport)[:index]:
                self.fault(place, f"server.{transport} names {address} twice")
            elif before != transport:
                self.fault(place, f"server.{transport} {address}: server.{before} listens there")
        if not seen:
            self.fault(
                ("server", "udp"), "no address in udp, tcp, tls, ws and wss of [server]: nobody could call"
            )
        listeners = {address for _, address in seen}
        for index, each in enumerate(server.mapped):
            if each.listener not in listeners:
                self.fault(
                    ("server", "mapped", index, "listener"),
                    f"server.mapped: nothing listens on {each.listener}",
                )
        for path, text in certificates.faults(server, config.resolve):
            self.fault(path, text)

    def _calling(self, config: Config) -> None:
        dial_out = config.dial_out
        for index, domain in enumerate(dial_out.sip_domains):
            self._sip_address(("dial_out", "sip_domains", index), f"sip:{domain}")
        for index, operator in enumerate(config.operators):
            if not operator.address.startswith("account:"):
                self._sip_address(("operators", index, "address"), operator.address)
        seen: set[str] = set()
        for index, each in enumerate(dial_out.prefixes):
            if each.prefix in seen:
                self.fault(
                    ("dial_out", "prefixes", index, "prefix"),
                    f'dial_out.prefixes: prefix "{each.prefix}" is given twice',
                )
            seen.add(each.prefix)
        for path, text in trunk_faults.faults(config):
            self.fault(path, text)

    def _sip_address(self, path: KeyPath, text: str) -> None:
        """What has the form of a SIP address may still have no such host or port."""
        try:
            Uri.parse(text)
        except ParseError as error:
            self.fault(path, f"{_name(path)}: {error}")

    def _ports(self, config: Config) -> None:
        media = config.media
        if media.port_high - media.port_low + 1 < PORTS_PER_STREAM:
            self.fault(
                ("media", "port_high"),
                f"media.port_high ({media.port_high}) must be above media.port_low ({media.port_low})",
            )
            return
        for index, address in enumerate(config.server.udp):
            if media.port_low <= address.port <= media.port_high:
                self.fault(
                    ("server", "udp", index),
                    f"server.udp {address} lies within the media ports {media.port_low} to {media.port_high}",
                )

    def _repeated(self, table: str, key: str, values: Iterable[str]) -> None:
        seen: set[str] = set()
        for index, value in enumerate(values):
            if value in seen:
                self.fault((table, index, key), f'{table}: {key} "{value}" is given twice')
            seen.add(value)


def _is_needed(each: Field[Any]) -> bool:
    """Whether the file must say it: there is no default."""
    return each.default is MISSING and each.default_factory is MISSING


def _unknown(key: str, path: KeyPath, names: set[str]) -> str:
    where = f" in [{_name(path)}]" if path else ""
    return f'there is no key "{key}"{where}{_near(key, names)}'


def _near(name: str, known: Iterable[str]) -> str:
    """A question that ends a sentence, where one of the `known` is much like `name`."""
    near = get_close_matches(name, known, 1)
    return f': did you mean "{near[0]}"?' if near else ""


def _name(path: KeyPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _show(value: object) -> str:
    """A value as TOML has it, shortened: it is the operator's own text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    return "a date or time"
