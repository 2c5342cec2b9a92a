"""What the operator sets: one TOML file, safe defaults, every fault told with its line.

- **settings** what can be set, with defaults and ranges: `Config` and its tables, frozen
- **calling**, **meeting** the tables of calls that go out, and of conferences
- **trunks**, **trunk_faults** carriers and PBXs, and what can be wrong with them as a whole
- **values** how one TOML value becomes a typed one, and the words for what was expected
- **lines** on which line of the text each key stands
- **check** a whole file: `load(path) -> Config`, `check(text) -> list[Fault]`
"""

from bridge.config.check import ConfigError, Fault, check, load, read
from bridge.config.settings import AccessNumber, Config, OpenRoom, Operator
from bridge.config.values import Address, Network

__all__ = [
    "AccessNumber",
    "Address",
    "Config",
    "ConfigError",
    "Fault",
    "Network",
    "OpenRoom",
    "Operator",
    "check",
    "load",
    "read",
]
