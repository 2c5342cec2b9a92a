"""Kamailio as a carrier: it wants an account to register and to call, stays on the way of every call (Record-Route), hands
numbers on to whoever answers behind it, and other names to where they registered.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from tests.interop.kamailio_process import MODULES, kamailio, lacking
from tests.interop.started import LOOPBACK

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
    return lacking(NEEDED)


class Kamailio:
    """One, at `port`, with somebody `behind` it at that port. `with` starts and ends it."""

    def __init__(self, folder: Path, port: int, behind: int, *, min_expires: int = 60) -> None:
        self.port = port
        self._folder = folder
        self._configuration = CONFIGURATION.format(
            host=LOOPBACK,
            port=port,
            behind=behind,
            modules=MODULES,
            load="\n".join(f'loadmodule "{name}.so"' for name in NEEDED),
            realm=REALM,
            password=PASSWORD,
            min_expires=min_expires,
        )
        self._running: AbstractContextManager[Path]

    def __enter__(self) -> Self:
        self._running = kamailio(self._folder, self._configuration, self.port)
        self._log = self._running.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)

    def uri(self, user: str) -> str:
        return f"sip:{user}@{LOOPBACK}:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")
