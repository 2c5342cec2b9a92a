"""Drives linphonec, the console client of Linphone: what it is told stands on its standard input, a command a line.

What it took a while to find out: without ~/.local/share/linphone it never listens, and says nothing; without a sound card it
plays and records files; a line that is a key is that key, once a call is up. It reads a line a second.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from tests.interop.baresip import RATE_HZ, write_tone
from tests.interop.started import LOOPBACK, PATIENCE_S, free_port, until

CONFIGURATION = """\
[sip]
sip_port={sip}
sip_tcp_port={sip}
sip_tls_port=-1
use_ipv6={ipv6}
ipv6_migration_done=1
contact="{name}" <sip:{name}@{host}>
use_info=0
use_rfc2833=1
guess_hostname=1
media_encryption={encryption}
media_encryption_mandatory={mandatory}
{default}
[rtp]
audio_rtp_port={rtp}
[video]
enabled=0
automatically_initiate=0
automatically_accept=0
"""

ACCOUNT = """\
[proxy_0]
reg_proxy=<sip:{host}:{port}>
reg_identity=sip:{name}@{host}:{port}
reg_expires=60
reg_sendregister=1
[auth_info_0]
username={name}
passwd={password}
realm={realm}
"""


class Linphone:
    """One that says a steady tone. `with` starts and ends it; with a `registrar` (its port, the password, the realm) it
    registers.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        frequency_hz: float,
        *,
        encryption: str = "none",
        ipv6: bool = False,
        registrar: tuple[int, str, str] | None = None,
        port: int = 0,
    ) -> None:
        self.name = name
        self.folder = folder / name
        (self.folder / ".local/share/linphone").mkdir(parents=True)
        self._recording = self.folder / "heard.wav"
        write_tone(self.folder / "speech.wav", frequency_hz)
        text = CONFIGURATION.format(
            sip=port or free_port(),
            rtp=free_port(),
            name=name,
            host=LOOPBACK,
            encryption=encryption,
            ipv6=int(ipv6),
            mandatory=int(encryption != "none"),
            default="" if registrar is None else "default_proxy=0",
        )
        if registrar is not None:
            port, password, realm = registrar
            text += ACCOUNT.format(host=LOOPBACK, port=port, name=name, password=password, realm=realm)
        (self.folder / "rc").write_text(text)

    def __enter__(self) -> Self:
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            ["linphonec", "-c", "rc", "-d", "6", "-l", "debug"],
            cwd=self.folder, env=os.environ | {"HOME": str(self.folder)},
            stdin=subprocess.PIPE, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        until(lambda: "Ready" in self.said or "linphonec>" in self.said, "linphonec to be ready")
        for line in ("soundcard use files", f"play {self.folder}/speech.wav", f"record {self._recording}"):
            self.command(line)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.command("quit")
            try:
                self._process.wait(PATIENCE_S / 3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(PATIENCE_S)
        self._process.stdin.close()
        self._log.close()

    def command(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def dial(self, uri: str) -> None:
        """Call, and be answered."""
        self.command(f"call {uri}")
        until(lambda: "connected" in self.said, "linphonec to be answered")

    def call_beside(self, uri: str) -> None:
        """Put the call that is on on hold, and have another one answered."""
        self.command("pause 1")
        until(lambda: "paused" in self.said.lower(), "linphonec to be on hold")
        self.command(f"call {uri}")
        until(lambda: self.said.count("connected") >= 2, "linphonec to be answered once more")

    def key(self, keys: str) -> None:
        """Press keys, one a second."""
        self.command(keys)

    def hang_up(self) -> None:
        self.command("terminate")
        until(lambda: "ended" in self.said, "linphonec to hang up")

    @property
    def said(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def heard(self) -> np.ndarray:
        """What it has heard, float, full scale 1: to be read once it has ended. Of what it has recorded at a higher rate every so
        manieth sample: the tones lie low.
        """
        samples, rate_hz = soundfile.read(self._recording)
        return samples[:: rate_hz // RATE_HZ]
