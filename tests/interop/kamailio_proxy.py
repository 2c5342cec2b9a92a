"""Kamailio in front of the bridge: telephones know it alone. It stays on the way of calls (Record-Route) and of registrations
(Path, RFC 3327), and asks nobody for anything: that is for whoever is behind it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from tests.interop.kamailio_process import MODULES, kamailio, lacking
from tests.interop.started import LOOPBACK, free_port

NEEDED = ("tm", "sl", "rr", "pv", "maxfwd", "siputils", "textops", "path", "kex")

CONFIGURATION = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=2
listen=udp:{host}:{port}
mpath="{modules}/"
{load}
modparam("rr", "enable_full_lr", 1)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("REGISTER")) {{ add_path(); $du = "sip:{host}:{bridge}"; t_relay(); exit; }}
    record_route();
    if ($sp == {bridge}) {{ loose_route(); t_relay(); exit; }}
    $du = "sip:{host}:{bridge}";
    t_relay();
}}
"""


def missing() -> str:
    """What of Kamailio is not there, if anything."""
    return lacking(NEEDED)


class Proxy:
    """One, in front of a bridge at that port. `with` starts and ends it."""

    def __init__(self, folder: Path, bridge: int) -> None:
        self.port = free_port()
        self._folder = folder
        self._configuration = CONFIGURATION.format(
            host=LOOPBACK,
            port=self.port,
            bridge=bridge,
            modules=MODULES,
            load="\n".join(f'loadmodule "{name}.so"' for name in NEEDED),
        )
        self._running: AbstractContextManager[Path]

    def __enter__(self) -> Self:
        self._running = kamailio(self._folder, self._configuration, self.port)
        self._running.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)
