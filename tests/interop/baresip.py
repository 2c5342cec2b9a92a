"""Drives baresip by its control port: a softphone that many people use, with an RTP stack and a clock of its own.

What it took a while to find out: `net_interface` must be an address; the module stdio must stay away; the WAV that it
speaks must have the rate of the codec, and where the file ends baresip hangs up.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import wave
from pathlib import Path
from typing import Any, Self

import numpy as np
import soundfile

from tests.interop.ears import Ears
from tests.interop.started import LOOPBACK, PATIENCE_S, free_port, until

RATE_HZ = 8000
SPEECH_S = 120
RTP_PORTS = 22
"""A pair for each call that it may have, and more."""
HEADER_BYTES = 44
"""Of a WAV file."""
MODULES = Path("/usr/lib/baresip/modules")

CONFIGURATION = """\
sip_listen {host}:{sip}
net_interface {host}
rtp_ports {rtp}-{rtp_end}
rtcp_mux no
call_local_timeout 120
audio_source aufile,{speech}
audio_player aubridge,player
audio_alert aubridge,alert
audio_channels 1
snd_path {folder}
ctrl_tcp_listen {host}:{control}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""


def missing() -> str:
    """What of baresip is not there, if anything."""
    needed = {line.split()[1] for line in CONFIGURATION.splitlines() if line.startswith("module")} - {
        "{modules}"
    }
    absent = sorted(name for name in needed if not (MODULES / name).exists())
    return f"baresip has no {', '.join(absent)}" if absent else ""


class Baresip(Ears):
    """One softphone that says a steady tone. `with` starts and ends it. With a port of its own it answers who calls."""

    def __init__(self, folder: Path, name: str, frequency_hz: float, codec: str, *, port: int = 0) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self._events: list[dict[str, Any]] = []
        self._pending = b""
        self._control = free_port()
        speech = self.folder / "speech.wav"
        write_tone(speech, frequency_hz)
        rtp = free_port(RTP_PORTS)
        (self.folder / "config").write_text(
            CONFIGURATION.format(
                host=LOOPBACK,
                sip=port or free_port(),
                rtp=rtp,
                rtp_end=rtp + RTP_PORTS - 1,
                speech=speech,
                folder=self.folder,
                control=self._control,
                modules=MODULES,
            )
        )
        account = f"<sip:{name}@{LOOPBACK}>;regint=0;audio_codecs={codec}/{RATE_HZ}/1"
        if port:
            account += ";answermode=auto"
        (self.folder / "accounts").write_text(account + "\n")

    def __str__(self) -> str:
        return self.name

    def __enter__(self) -> Self:
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            ["baresip", "-4", "-s", "-f", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._socket = until(self._connect, "baresip's control port")
        self._socket.settimeout(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._log.close()

    def _connect(self) -> socket.socket | None:
        try:
            return socket.create_connection((LOOPBACK, self._control))
        except ConnectionRefusedError:
            return None

    # Doing

    def command(self, name: str, parameters: str = "") -> None:
        text = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        self._socket.sendall(b"%d:%s," % (len(text), text))
        until(
            lambda: self._read() or self._find(lambda event: event.get("token") == name), f"baresip to {name}"
        )
        self._events = [event for event in self._events if event.get("token") != name]

    def dial(self, uri: str) -> None:
        """Call, and be answered."""
        self.command("dial", uri)
        self.wait_for("CALL_ESTABLISHED")

    def key(self, keys: str) -> None:
        """Press keys, one after another, as fast as a quick hand does."""
        for key in keys:
            self.command("sndcode", key)
            time.sleep(0.12)

    def hang_up(self) -> None:
        self.command("hangup")
        self.wait_for("CALL_CLOSED")

    def forget(self) -> None:
        """What has happened so far is not waited for again."""
        self._read()
        self._events.clear()

    def wait_for(self, kind: str) -> None:
        until(
            lambda: self._read() or self._find(lambda event: event.get("type") == kind), f"{kind} of baresip"
        )

    # Hearing

    @property
    def trace(self) -> str:
        """All SIP that it sent and received."""
        return (self.folder / "log").read_text(errors="replace")

    def heard_s(self) -> float:
        """How much it has recorded so far."""
        return sum(max(0, file.stat().st_size - HEADER_BYTES) / 2 / RATE_HZ for file in self._recordings())

    def heard(self) -> np.ndarray:
        """What it has heard, float, full scale 1: to be read once it has hung up."""
        (recording,) = self._recordings()
        samples, rate_hz = soundfile.read(recording)
        assert rate_hz == RATE_HZ
        return samples

    def mark(self) -> int:
        """Of the call that is on."""
        return max(0, self._latest().stat().st_size - HEADER_BYTES) // 2 if self._recordings() else 0

    def since(self, mark: int) -> np.ndarray:
        if not self._recordings():  # it is still to answer
            return np.zeros(0)
        with self._latest().open("rb") as file:
            file.seek(HEADER_BYTES + 2 * mark)
            said = file.read()
        return np.frombuffer(said[: len(said) // 2 * 2], "<i2") / 32_768

    def _latest(self) -> Path:
        return max(self._recordings(), key=lambda file: file.stat().st_mtime_ns)

    def _recordings(self) -> list[Path]:
        return list(self.folder.glob("dump-*-dec.wav"))

    def _find(self, wanted: Any) -> dict[str, Any] | None:
        return next((event for event in self._events if wanted(event)), None)

    def _read(self) -> None:
        """Take netstrings off the control port."""
        try:
            self._pending += self._socket.recv(65536)
        except TimeoutError:
            return
        while (colon := self._pending.find(b":")) > 0:
            length = int(self._pending[:colon])
            if len(self._pending) < colon + 1 + length + 1:
                return
            self._events.append(json.loads(self._pending[colon + 1 : colon + 1 + length]))
            self._pending = self._pending[colon + 2 + length :]


def write_tone(path: Path, frequency_hz: float) -> None:
    time_s = np.arange(SPEECH_S * RATE_HZ) / RATE_HZ
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((8000 * np.sin(2 * np.pi * frequency_hz * time_s)).astype("<i2").tobytes())
