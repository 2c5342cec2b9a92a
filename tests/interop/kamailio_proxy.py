"""Kamailio in front of the bridge: telephones know it alone. It stays on the way of calls (Record-Route) and of registrations
(Path, RFC 3327), and asks nobody for anything: that is for whoever is behind it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from tests.interop.kamailio import MODULES
from tests.interop.sipp import is_heard_at
from tests.interop.started import LOOPBACK, PATIENCE_S, free_port, until

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
    absent = sorted(name for name in NEEDED if not (MODULES / f"{name}.so").exists())
    return f"kamailio has no {', '.join(absent)}" if absent else ""


class Proxy:
    """One, in front of a bridge at that port. `with` starts and ends it."""

    def __init__(self, folder: Path, bridge: int) -> None:
        self.port = free_port()
        self._folder = folder
        self._file, self._log = folder / "kamailio.cfg", folder / "kamailio.log"
        self._file.write_text(
            CONFIGURATION.format(
                host=LOOPBACK,
                port=self.port,
                bridge=bridge,
                modules=MODULES,
                load="\n".join(f'loadmodule "{name}.so"' for name in NEEDED),
            )
        )

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["kamailio", "-f", str(self._file), "-DD", "-E", "-m", "64", "-M", "8", "-Y", str(self._folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        until(lambda: is_heard_at(self.port) or self._process.poll() is not None, "kamailio to listen")
        assert self._process.poll() is None, self._log.read_text(errors="replace")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)
