"""Kamailio as a carrier: it wants an account to register and to call, stays on the way of every call (Record-Route), hands
numbers on to whoever answers behind it, and other names to where they registered.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from tests.interop.started import LOOPBACK, PATIENCE_S, until

MODULES = Path("/usr/lib/x86_64-linux-gnu/kamailio/modules")
NEEDED = (
    "tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "sanity", "usrloc", "registrar", "auth", "kex", "xlog",
)  # fmt: skip
REALM = "carrier.example"
PASSWORD = "sesame-carrier"

CONFIGURATION = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=2
listen=udp:{host}:{port}
listen=tcp:{host}:{port}
mpath="{modules}/"
{load}
modparam("rr", "enable_full_lr", 1)
modparam("registrar", "min_expires", {min_expires})

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (!sanity_check()) exit;
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "0"); exit; }}
        xlog("L_ERR", "registers $tu for $hdr(Expires) s at $ct\\n");
        save("location");
        exit;
    }}
    if ($rU =~ "^\\+") {{
        if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{ proxy_challenge("{realm}", "0"); exit; }}
        consume_credentials();
        xlog("L_ERR", "calls $rU for $au who shows $fU $hdr(P-Asserted-Identity)\\n");
        record_route();
        $du = "sip:{host}:{behind}";
        t_relay();
        exit;
    }}
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay();
}}
"""


def missing() -> str:
    """What of Kamailio is not there, if anything."""
    absent = sorted(name for name in NEEDED if not (MODULES / f"{name}.so").exists())
    return f"kamailio has no {', '.join(absent)}" if absent else ""


class Kamailio:
    """One, at `port`, with somebody `behind` it at that port. `with` starts and ends it."""

    def __init__(self, folder: Path, port: int, behind: int, *, min_expires: int = 60) -> None:
        self.port = port
        self._file = folder / "kamailio.cfg"
        self._log = folder / "kamailio.log"
        self._folder = folder
        self._file.write_text(
            CONFIGURATION.format(
                host=LOOPBACK,
                port=port,
                behind=behind,
                modules=MODULES,
                load="\n".join(f'loadmodule "{name}.so"' for name in NEEDED),
                realm=REALM,
                password=PASSWORD,
                min_expires=min_expires,
            )
        )

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["kamailio", "-f", str(self._file), "-DD", "-E", "-m", "64", "-M", "8", "-Y", str(self._folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        until(lambda: self._is_heard() or self._process.poll() is not None, "kamailio to listen")
        assert self._process.poll() is None, self.log
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_S)

    def _is_heard(self) -> bool:
        table = Path("/proc/net/udp").read_text().splitlines()[1:]
        return any(int(line.split()[1].partition(":")[2], 16) == self.port for line in table)

    def uri(self, user: str) -> str:
        return f"sip:{user}@{LOOPBACK}:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")
