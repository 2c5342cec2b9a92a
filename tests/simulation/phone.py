"""A telephone: a real SIP agent, a mouth and fingers that make RTP, an ear, and somebody who uses them.

It does what telephones do and nothing else: it dials and is called (`Manners` says what becomes of that), answers
re-INVITEs by refusing them, sends 20 ms packets from the 200 on, sends no audio while a key is down (or, where it knows
no telephone-events, the key's tones), and falls silent at BYE. What it is told is kept for tests to ask.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from dsp import g711
from sip import events, offer, sdp
from sip.agent import Agent, AgentSettings, Credentials, Way
from sip.dialog import Dialog
from sip.flow import Flow
from sip.headers import Address
from sip.message import Response
from sip.parser import parse
from sip.replaces import Replaces
from sip.uri import Uri
from tests.simulation import voice
from tests.simulation.clock import Alarm, Clock
from tests.simulation.hearing import HEARD_DBOV, SAID, Ear
from tests.simulation.network import BRIDGE, SIP_PORT, Line, Network
from tests.support.roster_phone import RosterPhone

RTP_PORT: Final = 40_000
EVENT_TYPE: Final = 101
KEY_MS: Final = 100
GAP_MS: Final = 80
"""A key is held so long, and so long is nothing pressed: a quick hand."""
TENTHS: Final = 5
COMFORT_NOISE: Final = 13
COMFORT_EVERY: Final = 100
"""Packet times from one word of comfort noise to the next (RFC 3389): two seconds."""
OK: Final = 200
_PACKET_S: Final = 0.020
_MS_PER_PACKET: Final = 20


class State(Enum):
    """Of a phone's one call."""

    IDLE = "idle"
    CALLING = "calling"
    RINGING = "ringing"
    """Somebody calls it."""
    TALKING = "talking"
    OVER = "over"


@dataclass(frozen=True)
class Manners:
    """What a phone does when it is called."""

    rings_s: float | None = 1.0
    """So long before it answers, or rejects; None: for ever."""
    status: int = 200
    """Any other is how it rejects."""
    early_hz: int = 0
    """Heard while it rings: 183 with a session in place of 180."""
    crosses_cancel: bool = False
    """It is picked up in the moment in which the CANCEL comes: 200 and CANCEL cross."""
    keys: str = ""
    """Pressed a second after it is picked up."""
    hangs_up_after_s: float | None = None
    """From when it is picked up."""


NEVER_ANSWERS: Final = Manners(rings_s=None)
BUSY: Final = Manners(rings_s=0.1, status=486)
PRESSES_AFTER_S: Final = 1.0


class Phone:
    """One telephone and its user."""

    def __init__(
        self,
        clock: Clock,
        network: Network,
        line: Line,
        *,
        name: str,
        host: str,
        seed: int,
        law: g711.Law,
        late_offer: bool,
    ) -> None:
        self.name, self.host, self.line, self.law = name, host, line, law
        self.late_offer = late_offer
        self.ear = Ear()
        self.ear.law = law
        self.state = State.IDLE
        self.vanished = False
        self.ended: events.CallEnded | None = None
        self.answer: offer.Negotiated | None = None
        """What was agreed last."""
        self.refusal: Response | None = None
        """The last final response that was no 2xx."""
        self.received: list[str] = []
        """First lines of the SIP messages that came."""
        self.answered_at = 0.0
        self.frequency_hz = 0
        self.amplitude = voice.AMPLITUDE
        """How loudly it is said."""
        self.in_syllables = False
        """Said as words are, louder and softer; else it is a hum."""
        self.noise = 0.0
        """The root mean square of a noise where it is."""
        self.manners = Manners()
        self.calls_came = 0
        """How often it was called."""
        self.called_by = ""
        """The number that it was told calls."""
        self.saves_silence = False
        """Sends no packets while nothing is said (RFC 3551 section 4.1), but for a word of comfort noise now and then."""
        self.keys_sound = False
        """It knows no telephone-events: what is pressed sounds in its audio (ITU-T Q.23)."""
        self.pressed_at: list[tuple[float, str]] = []
        """When which key went down, of those that travel by RTP."""
        self.referred: list[int] = []
        """What was said to its REFERs, and reported of them."""
        self.focus = ""
        """By what name its call is known as a conference."""
        self.sent_to = ""
        """Where it was asked to call by REFER."""
        self.gets_there = OK
        """What it then reports."""
        self.roster: RosterPhone | None = None
        """Its screen, once it watches who is in."""
        self._clock, self._network = clock, network
        self._chance = random.Random(f"{seed} {host} phone")
        self.agent = Agent(settings=AgentSettings(user=name), entropy=self._chance.randbytes)
        self._alarm = Alarm(clock, self._due)
        self._flow = Flow("udp", (host, SIP_PORT), (BRIDGE, SIP_PORT))
        self.credentials: Credentials | None = None
        """Of the account that it has, if any."""
        self.says: tuple[tuple[str, str], ...] = ()
        """Header fields of its INVITE besides: an exchange's, that passes calls on."""
        self.registered = 0
        """What its REGISTER was answered last."""
        self._call = 0
        self._calls = 0
        self._early = False
        self._offer = self._late_answer = b""
        self._ours = b""
        """Our answer to the bridge's offer, the same in 183 and 200 (RFC 3261 section 13.2.1)."""
        self._bridge_port = 0
        self._sends = False
        self._beating = False
        self._phase_s = self._chance.random() * _PACKET_S
        self._ssrc = self._sequence = self._timestamp = self._beats = 0
        self._keys: deque[tuple[str, int, int]] = deque()
        self._key_at = 0
        self._key_timestamp = 0
        network.sip_receivers[host, SIP_PORT] = self._arrives
        network.rtp_receivers[host, RTP_PORT] = self._hears

    # What its user does

    def dial(self, number: str, *, instead_of: Phone | None = None) -> None:
        """Place a call, maybe to take the place of another phone's (RFC 3891); the last one, if any, is over."""
        assert self.state in {State.IDLE, State.OVER}
        self._calls += 1
        self.state, self.ended, self.answer, self.refusal = State.CALLING, None, None, None
        self._keys.clear()
        self._key_at = 0
        self._offer = self._description("sendrecv")
        self._call = self.agent.invite(
            Uri.parse(f"sip:{number}@{BRIDGE}"),
            from_=Address.parse(f"<sip:{self.name}@{self.host}>"),
            sdp=b"" if self.late_offer else self._offer,
            ways=[Way(self._flow)],
            now=self._clock.now,
            headers=self.says,
            credentials=self.credentials,
            replaces="" if instead_of is None else instead_of.dialog_as_the_bridge_names_it(),
        )
        self._transmit()

    def dialog_as_the_bridge_names_it(self) -> str:
        """What whoever is to take over its call is told."""
        dialog = self.agent._core.calls[self._call].dialog
        return str(Replaces(dialog.call_id, dialog.remote_tag, dialog.local_tag))

    def register(self, credentials: Credentials) -> None:
        """Say where it is, and that it is the account's (RFC 3261 section 10)."""
        self.credentials = credentials
        address = Address.parse(f"<sip:{credentials.username}@{BRIDGE}>")
        web = ";transport=ws" if self._flow.transport == "ws" else ""
        self.agent.request(
            "REGISTER",
            Uri("sip", None, BRIDGE),
            from_=address,
            to=address,
            flow=self._flow,
            now=self._clock.now,
            headers=(("Contact", f"<sip:{self.name}@{self.host}{web}>;expires=600"),),
            credentials=credentials,
        )
        self._transmit()

    def connect(self) -> None:
        """Be a page in a browser: all that it says goes over a WebSocket from now on (RFC 7118)."""
        self._flow = Flow("ws", (self.host, SIP_PORT), (BRIDGE, SIP_PORT), 1)
        self.agent.flow_opened(replace(self._flow, connection=0), self._flow, self._clock.now)

    def pick_up(self) -> None:
        """Answer, if it still rings."""
        if self.state is State.RINGING:
            self.agent.accept(self._call, self._ours, self._clock.now)
            self._agree(self._offer, self._ours, bridge=self._offer)
            self._begin()
            self._transmit()
            call = self._call
            if self.manners.keys:
                self._clock.after(
                    PRESSES_AFTER_S, lambda: self._still(call) and self.press(self.manners.keys)
                )
            if self.manners.hangs_up_after_s is not None:
                self._clock.after(self.manners.hangs_up_after_s, lambda: self._still(call) and self.hang_up())

    def decline(self, status: int = 603) -> None:
        """Reject the call that rings."""
        if self.state is State.RINGING:
            self.agent.reject(self._call, status, self._clock.now)
            self._transmit()

    def say(self, frequency_hz: int) -> None:
        """Speak in a tone of one's own; 0 is silence."""
        self.frequency_hz = frequency_hz

    def press(self, keys: str, *, key_ms: int = KEY_MS, gap_ms: int = GAP_MS) -> None:
        """Press keys one after another (RFC 4733). It takes as long as it takes."""
        for key in keys:
            self._keys.append((key, key_ms // _MS_PER_PACKET, gap_ms // _MS_PER_PACKET))

    def press_by_info(self, keys: str) -> None:
        """Press keys that travel by INFO (application/dtmf-relay), one at a time."""
        for index, key in enumerate(keys):
            self._clock.after(0.2 * index, lambda key=key: self._info(key))

    def hang_up(self) -> None:
        """BYE, or CANCEL where nobody has answered; whoever is called declines."""
        self.decline()
        if self.state in {State.CALLING, State.TALKING}:
            self.agent.hang_up(self._call, self._clock.now)
            self._transmit()

    def hold(self, direction: str = "sendonly", *, music: bool = False) -> None:
        """Re-INVITE. Some phones play music to those who are held (here: go on with their tone), others send nothing."""
        self._sends = music
        self._reoffer(direction)

    def resume(self) -> None:
        self._sends = True
        self._reoffer("sendrecv")

    def refer(self, to: str, *, replaces: str = "") -> None:
        """Press "transfer": ask the other side to call somebody, or (`;method=BYE`) to put them out. What is to be replaced
        there is named where the two have talked already.
        """
        self.agent.refer(self._call, Address.parse(f"<{to}>"), self._clock.now, replaces=replaces)
        self._transmit()

    def watch(self, expires_s: int = 3600, *, apart: bool = False) -> RosterPhone:
        """Show on the screen who is in; once more: for longer, or (0) no more. With `apart` the focus is asked by its name, as
        a page beside the telephone would, in a dialog of its own.
        """
        if self.roster is None:
            dialog = self.agent._core.calls[self._call].dialog
            self.focus = dialog.target
            self.roster = RosterPhone(self.agent, self._beside(dialog) if apart else dialog)
        self.roster.subscribe(expires_s, self._clock.now)
        self._transmit()
        return self.roster

    def vanish(self) -> None:
        """The battery is empty, the train is in the tunnel."""
        self.vanished = True
        self.line.cut()

    def lose(self, direction: str, first_bytes: bytes, times: int = 1) -> None:
        """Have the next SIP messages that begin so be lost; "up" is towards the bridge."""
        self.line.lost_on_purpose.extend([(direction, first_bytes)] * times)

    @property
    def pressing(self) -> bool:
        """Whether some keys are still to be pressed."""
        return bool(self._keys)

    @property
    def both_ways(self) -> bool:
        """Whether it was agreed last that both sides talk: nobody holds."""
        return self.answer is not None and self.answer.send and self.answer.receive

    # What its user hears

    def level(self, frequency_hz: float, seconds: float = 0.2) -> float:
        """Of a tone in the last `seconds`, in dBov."""
        return self.ear.level(frequency_hz, self._clock.now - seconds, self._clock.now)

    def hears(self, other: Phone, seconds: float = 0.2) -> bool:
        """Whether the other one's tone has been there in the last `seconds`."""
        return self.level(other.frequency_hz, seconds) > HEARD_DBOV

    def tenths_heard(self, frequency_hz: float) -> int:
        """In how many of the last `TENTHS` tenths of a second a tone was there: a voice in all of them, a prompt in some."""
        now = self._clock.now
        return sum(
            self.ear.level(frequency_hz, now - ago / 10, now - (ago - 1) / 10) > HEARD_DBOV
            for ago in range(1, TENTHS + 1)
        )

    def hears_silence(self, seconds: float = 0.2) -> bool:
        return self.ear.silent(self._clock.now - seconds, self._clock.now)

    def hears_music(self, seconds: float = 0.3) -> bool:
        """Whether the hold music is what is heard."""
        return self.ear.music_at(self._clock.now - seconds, self._clock.now) is not None

    def hears_only_music(self, seconds: float = 0.3) -> bool:
        """Whether it is bit by bit."""
        return self.ear.only_music(self._clock.now - seconds, self._clock.now)

    def heard(self, prompt: str, within_s: float = 10.0, **values: int | str) -> bool:
        """Whether a prompt was said within the last seconds, all of it (or as much as tells it apart)."""
        now = self._clock.now
        return self.ear.how_much_of(now - within_s, now, prompt, values) > SAID

    # SIP

    def _description(self, direction: str) -> bytes:
        name, number = (self.law.value, 0 if self.law is g711.Law.MU else 8)
        formats, events = f"{number} {EVENT_TYPE}", f"a=rtpmap:{EVENT_TYPE} telephone-event/8000\r\n"
        events += f"a=fmtp:{EVENT_TYPE} 0-16\r\n"
        if self.keys_sound:
            formats, events = f"{number}", ""
        return (
            f"v=0\r\no=- {self._calls} {self._clock.now * 1000:.0f} IN IP4 {self.host}\r\ns=-\r\n"
            f"c=IN IP4 {self.host}\r\nt=0 0\r\nm=audio {RTP_PORT} RTP/AVP {formats}\r\n"
            f"a=rtpmap:{number} {name}/8000\r\n{events}a={direction}\r\n"
        ).encode()

    def _reoffer(self, direction: str) -> None:
        self._offer = self._description(direction)
        self.agent.reoffer(self._call, self._offer, self._clock.now)
        self._transmit()

    def _info(self, key: str) -> None:
        session = self.agent._core.calls.get(self._call)
        if session is not None and self.state is State.TALKING:
            body = f"Signal={key}\r\nDuration={KEY_MS}\r\n".encode()
            fields = (("Content-Type", "application/dtmf-relay"),)
            self.agent._core.request(session.dialog, "INFO", self._clock.now, fields=fields, body=body)
            self._transmit()

    def _arrives(self, source: tuple[str, int], data: bytes) -> None:
        if self.vanished:
            return
        self.received.append(data.partition(b"\r\n")[0].decode())
        if self.manners.crosses_cancel and data.startswith(b"CANCEL "):
            self.pick_up()
        if data.startswith(b"SIP/2.0") and data[8:9] in b"3456":
            message = parse(data)
            assert isinstance(message, Response)
            self.refusal = message
        web = self._flow.transport == "ws"
        flow = self._flow if web else Flow("udp", (self.host, SIP_PORT), source)
        answer = None if self.roster is None else self.roster.takes(data, flow)
        if answer is None:
            self.agent.receive(flow, data, self._clock.now)
        else:
            self._network.send_sip(flow.local, source, answer)
        self._transmit()

    def _due(self) -> None:
        self.agent.advance(self._clock.now)
        self._transmit()

    def _transmit(self) -> None:
        while happened := self.agent.events():
            for event in happened:
                self._happens(event)
        for out in self.agent.outgoing():
            data = out.data
            if self.late_offer and data.startswith(b"ACK ") and self._late_answer:
                data = _with_body(data, self._late_answer)
            self._network.send_sip(out.flow.local, out.flow.remote, data)
        self._alarm.set(self.agent.next_deadline())

    def _happens(self, event: events.Event) -> None:
        match event:
            case events.IncomingCall():
                self._rings(event)
            case events.CallAnswered(call, answer) if call == self._call:
                assert answer is not None
                if self.late_offer:  # then the 200 has the bridge's offer, and our answer goes with the ACK
                    self._late_answer = self._description("sendrecv")
                    self._agree(answer, self._late_answer, bridge=answer)
                else:
                    self._agree(self._offer, answer, bridge=answer)
                self._begin()
            case events.AnswerReceived(call, answer) if call == self._call:
                self._agree(self._offer, answer, bridge=answer)
            case events.OfferReceived(call):
                self.agent.reject_offer(call, 488, self._clock.now)
            case events.ReferReceived(refer):
                self.sent_to = str(event.to.uri)
                self.agent.accept_refer(refer, self._clock.now)
                self._clock.after(PRESSES_AFTER_S, lambda: self._got_there(refer))
            case events.ReferAnswered(call, status) | events.ReferProgress(call, status) if (
                call == self._call
            ):
                self.referred.append(status)
            case events.RequestAnswered():
                self.registered = event.status
            case events.CallEnded(call) if call == self._call:
                self.ended, self.state = event, State.OVER
                self._sends = self._early = False

    def _beside(self, call: Dialog) -> Dialog:
        return Dialog(
            call_id=f"{call.call_id}-roster",
            local=f"<sip:{self.name}@{self.host}>;tag=roster",
            local_tag="roster",
            remote=f"<{call.target}>",
            remote_tag="",
            target=call.target,
            routes=(),
            flow=call.flow,
            local_cseq=0,
            remote_cseq=None,
        )

    def _got_there(self, refer: int) -> None:
        self.agent.refer_progress(refer, self.gets_there, "", self._clock.now)
        self._transmit()

    def _rings(self, event: events.IncomingCall) -> None:
        self.calls_came += 1
        if self.state not in {State.IDLE, State.OVER}:
            status = 486 if self.manners.status == OK else self.manners.status
            self.agent.reject(event.call, status, self._clock.now)
            return
        assert event.offer is not None
        self._calls += 1
        self._keys.clear()
        self._key_at = 0
        self.state, self.ended, self.answer, self.refusal = State.RINGING, None, None, None
        self._call, self._offer = event.call, event.offer
        self._ours = self._description("sendrecv")
        self.called_by = event.from_.uri.user or ""
        manners = self.manners
        if manners.early_hz:
            self.agent.progress(event.call, self._ours, self._clock.now)
            self._agree(self._offer, self._ours, bridge=self._offer)
            self._early = True
            self._start_sending()
        else:
            self.agent.ring(event.call, self._clock.now)
        if manners.rings_s is not None:
            self._clock.after(manners.rings_s, lambda: self._decide(event.call))

    def _decide(self, call: int) -> None:
        if self.state is State.RINGING and self._call == call:
            if self.manners.status == OK:
                self.pick_up()
            else:
                self.decline(self.manners.status)

    def _still(self, call: int) -> bool:
        """Whether this call is the one that is up."""
        return self.state is State.TALKING and self._call == call

    def _agree(self, offered: bytes, answered: bytes, *, bridge: bytes) -> None:
        """Both descriptions are known, one of them the bridge's."""
        self.answer = offer.accept_answer(sdp.parse(offered), sdp.parse(answered))
        self._bridge_port = next(media.port for media in sdp.parse(bridge).media if media.port)

    # RTP

    def _begin(self) -> None:
        self.state = State.TALKING
        self.answered_at = self._clock.now
        self._start_sending()

    def _start_sending(self) -> None:
        if self._sends:  # the same stream goes on that began with early media
            return
        self._sends = True
        self._ssrc = self._chance.getrandbits(32)
        self._sequence = self._chance.getrandbits(16)
        self._timestamp = self._chance.getrandbits(32)
        self._beats = 0
        if not self._beating:
            self._beating = True
            self._clock.after(self._phase_s, self._beat)

    def _beat(self) -> None:
        """20 ms more of audio, or of a key."""
        if not (self.state is State.TALKING or self._early) or self.vanished:
            self._beating = False
            return
        if self._sends:
            if self._keys:
                self._press()
            elif self.saves_silence and not self.frequency_hz:
                if self._beats % COMFORT_EVERY == 0:
                    self._send(COMFORT_NOISE, self._timestamp, b"\x40")
            else:
                talks = self.state is State.TALKING
                frequency_hz = self.frequency_hz if talks else self.manners.early_hz
                if self.noise and talks:
                    street = voice.street(frequency_hz, self.law, self.amplitude, self.noise)
                    payload = street[self._beats % 50]
                elif not frequency_hz:
                    payload = voice.silence(self.law)
                elif self.in_syllables:
                    payload = voice.syllables(frequency_hz, self.law, self.amplitude)[self._beats % 50]
                else:
                    payload = voice.tone(frequency_hz, self.law, self.amplitude)[self._beats % 50]
                self._send(0 if self.law is g711.Law.MU else 8, self._timestamp, payload)
        self._beats += 1
        self._timestamp = (self._timestamp + 160) & 0xFFFFFFFF
        self._clock.after(_PACKET_S, self._beat)

    def _press(self) -> None:
        key, packets, gap = self._keys[0]
        if self._key_at == 0:
            self._key_timestamp = self._timestamp
            self.pressed_at.append((self._clock.now, key))
        self._key_at += 1
        if self._key_at <= packets and self.keys_sound:
            payload = voice.key(key, packets, self.law)[self._key_at - 1]
            self._send(0 if self.law is g711.Law.MU else 8, self._timestamp, payload)
            return
        if self._key_at <= packets:
            last = self._key_at == packets
            marker = 0x80 if self._key_at == 1 else 0
            for _ in range(3 if last else 1):
                payload = voice.event(key, 160 * self._key_at, end=last)
                self._send(EVENT_TYPE | marker, self._key_timestamp, payload)
            return
        self._send(0 if self.law is g711.Law.MU else 8, self._timestamp, voice.silence(self.law))
        if self._key_at >= packets + gap:
            self._keys.popleft()
            self._key_at = 0

    def _send(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        data = voice.packet(payload_type, self._sequence, timestamp, self._ssrc, payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._network.send_rtp_up((self.host, RTP_PORT), self._bridge_port, data)

    def _hears(self, source: tuple[str, int], data: bytes, at: float) -> None:
        if not self.vanished and data[1] & 0x7F in (0, 8):
            stamp = int.from_bytes(data[4:8], "big")
            self.ear.receive(at, int.from_bytes(data[2:4], "big"), stamp, data[12:])


def _with_body(data: bytes, body: bytes) -> bytes:
    """A message without body, with one."""
    head = data.partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    lines += [b"Content-Type: application/sdp", b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
