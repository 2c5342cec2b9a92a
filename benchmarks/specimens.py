"""Messages as they come: what telephones, a browser and a carrier write, for whoever measures how long it takes to read one.

Taken from the wire of baresip 1.0.0 and linphonec 5.1.65; JsSIP's as version 3.10 with Chrome writes it, the carrier's as
session border controllers do. Addresses are those of documentation (RFC 5737), names nobody's.
"""

from __future__ import annotations

from typing import Final


def _wire(head: str, body: str = "") -> bytes:
    """End lines as SIP does, and say how long the body is."""
    content = body.strip("\n").replace("\n", "\r\n") + "\r\n" if body else ""
    lines = head.strip("\n").replace("\n", "\r\n")
    return f"{lines}\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


BARESIP: Final = _wire(
    """
INVITE sip:conf-1@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:15998;branch=z9hG4bK1be0b3658e038eca;rport
Contact: <sip:ana-0x55eae8f0e550@198.51.100.7:15998>
Max-Forwards: 70
To: <sip:conf-1@192.0.2.1>
From: <sip:ana@192.0.2.1>;tag=2c189b3e5387a8b9
Call-ID: 935c81bfb79a7f25
CSeq: 40598 INVITE
User-Agent: baresip v1.0.0 (x86_64/linux)
Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,NOTIFY,SUBSCRIBE,INFO,MESSAGE,REFER
Supported:
Content-Type: application/sdp
""",
    """
v=0
o=- 2500486152 224691578 IN IP4 198.51.100.7
s=-
c=IN IP4 198.51.100.7
t=0 0
a=tool:baresip 1.0.0
m=audio 12126 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=label:1
a=rtcp-rsize
a=ssrc:3071687629 cname:sip:ana@192.0.2.1
a=minptime:20
a=ptime:20
""",
)

LINPHONE: Final = _wire(
    """
INVITE sip:conf-1@192.0.2.1 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.8:5090;branch=z9hG4bK.ww7YyPIey;rport
From: "lin" <sip:lin@[2001:db8::2]>;tag=5Z5uAn7-y
To: sip:conf-1@192.0.2.1
CSeq: 20 INVITE
Call-ID: MIWJOq8DoQ
Max-Forwards: 70
Supported: replaces, outbound, gruu
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, PRACK, UPDATE
Content-Type: application/sdp
Contact: <sip:198.51.100.8:5090;transport=udp>;+sip.instance="<urn:uuid:4ec66509-c56e-00f5-a7e2-2c3fba936624>"
User-Agent: Linphonec/5.1.65
""",
    """
v=0
o=lin 3170 2448 IN IP6 2001:db8::2
s=Talk
c=IN IP6 2001:db8::2
t=0 0
a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
m=audio 32000 RTP/AVP 96 97 98 0 8 18 99 100 101
a=rtpmap:96 opus/48000/2
a=fmtp:96 useinbandfec=1
a=rtpmap:97 speex/16000
a=fmtp:97 vbr=on
a=rtpmap:98 speex/8000
a=fmtp:98 vbr=on
a=fmtp:18 annexb=yes
a=rtpmap:99 telephone-event/48000
a=rtpmap:100 telephone-event/16000
a=rtpmap:101 telephone-event/8000
a=rtcp-fb:* trr-int 5000
a=rtcp-fb:* ccm tmmbr
""",
)

JSSIP: Final = _wire(
    """
INVITE sip:conf-1@conference.example SIP/2.0
Via: SIP/2.0/WS 3vd1rnvtkq5c.invalid;branch=z9hG4bK6385197
Max-Forwards: 69
To: <sip:conf-1@conference.example>
From: "Ana" <sip:ana@conference.example>;tag=cs3e4k3vbo
Call-ID: 4kh5p7ihgiuv3qa0v9oe
CSeq: 2894 INVITE
Contact: <sip:ana@conference.example;gr=urn:uuid:4a7f84b5-1d36-4f7c-8d3e-02b6a4f6f2b3;ob>
Content-Type: application/sdp
Session-Expires: 90
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY
Supported: timer,gruu,ice,replaces,outbound
User-Agent: JsSIP 3.10.1
""",
    """
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 4f1b3c0a-8f0d-4a2e-9c1c-2d1f6f5b7a10
m=audio 54321 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 203.0.113.9
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:2965418720 1 udp 2122260223 198.51.100.9 54321 typ host generation 0 network-id 1
a=candidate:1510613869 1 udp 1686052607 203.0.113.9 54321 typ srflx raddr 198.51.100.9 rport 54321 generation 0 network-id 1
a=ice-ufrag:Xk2p
a=ice-pwd:h6Wq5n0mJr1fT8sYv3bC7zLd
a=ice-options:trickle
a=fingerprint:sha-256 5A:1C:7E:90:3B:44:D2:0F:68:AB:CD:12:34:56:78:9A:BC:DE:F0:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:4f1b3c0a-8f0d-4a2e-9c1c-2d1f6f5b7a10 1d9d53a4-2c89-4b4f-8f5e-7c6b5a493827
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:1849620147 cname:6cVJqk5vYkN1oW2r
a=ssrc:1849620147 msid:4f1b3c0a-8f0d-4a2e-9c1c-2d1f6f5b7a10 1d9d53a4-2c89-4b4f-8f5e-7c6b5a493827
""",
)

CARRIER: Final = _wire(
    """
INVITE sip:+551140028922@192.0.2.1:5060;user=phone SIP/2.0
Record-Route: <sip:203.0.113.20:5060;lr;ftag=gK0c5e21a4;did=c1a.9f52>
Record-Route: <sip:10.40.2.11:5060;transport=udp;lr>
Via: SIP/2.0/UDP 203.0.113.20:5060;branch=z9hG4bKc1a9.7b2f4c61a5d3e8.0
Via: SIP/2.0/UDP 10.40.2.11:5060;received=10.40.2.11;branch=z9hG4bK0cB7d1e2f3a4b5c6d7;rport=5060
From: "+5511999990000" <sip:+5511999990000@203.0.113.20;user=phone>;tag=gK0c5e21a4
To: <sip:+551140028922@192.0.2.1;user=phone>
Call-ID: 402653214_92311567@10.40.2.11
CSeq: 518734 INVITE
Max-Forwards: 66
Allow: INVITE,ACK,CANCEL,BYE,REGISTER,REFER,INFO,SUBSCRIBE,NOTIFY,PRACK,UPDATE,OPTIONS,MESSAGE,PUBLISH
Accept: application/sdp, application/isup, application/dtmf, application/dtmf-relay, multipart/mixed
Contact: "+5511999990000" <sip:+5511999990000@10.40.2.11:5060>
P-Asserted-Identity: "+5511999990000" <sip:+5511999990000@203.0.113.20:5060;user=phone>, <tel:+5511999990000>
P-Charging-Vector: icid-value=8f7a1c3d5e;icid-generated-at=10.40.2.11;orig-ioi=carrier.example
Privacy: none
Diversion: <sip:+551130030000@203.0.113.20;user=phone>;reason=unconditional;counter=1;privacy=off
History-Info: <sip:+551130030000@203.0.113.20;user=phone>;index=1, <sip:+551140028922@192.0.2.1;cause=302>;index=1.1
Supported: timer,100rel,replaces
Session-Expires: 1800;refresher=uac
Min-SE: 90
Content-Disposition: session;handling=required
Content-Type: application/sdp
""",
    """
v=0
o=Sonus_UAC 437104 892441 IN IP4 203.0.113.21
s=SIP Media Capabilities
c=IN IP4 203.0.113.21
t=0 0
m=audio 32766 RTP/AVP 8 0 18 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=ptime:20
a=maxptime:20
""",
)

ACK: Final = _wire("""
ACK sip:conf-1.5a1c7e903b44@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:15998;branch=z9hG4bK7c1f0d8a2b6e4935;rport
Max-Forwards: 70
To: <sip:conf-1@192.0.2.1>;tag=4fdf6dd3c7e5a1b0
From: <sip:ana@192.0.2.1>;tag=2c189b3e5387a8b9
Call-ID: 935c81bfb79a7f25
CSeq: 40598 ACK
User-Agent: baresip v1.0.0 (x86_64/linux)
""")

BYE: Final = _wire("""
BYE sip:conf-1.5a1c7e903b44@192.0.2.1:5060 SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:15998;branch=z9hG4bK0e3559085ee398a4;rport
Max-Forwards: 70
To: <sip:conf-1@192.0.2.1>;tag=4fdf6dd3c7e5a1b0
From: <sip:ana@192.0.2.1>;tag=2c189b3e5387a8b9
Call-ID: 935c81bfb79a7f25
CSeq: 40599 BYE
User-Agent: baresip v1.0.0 (x86_64/linux)
""")

REGISTER: Final = _wire("""
REGISTER sip:conference.example SIP/2.0
Via: SIP/2.0/UDP 198.51.100.7:15998;branch=z9hG4bK51d2c3b4a5968778;rport
Contact: <sip:ana-0x55eae8f0e550@198.51.100.7:15998>;expires=300;+sip.instance="<urn:uuid:6f1e0f5c-2f4e-43a0-9d0b-8f0c2a1b3d4e>"
Max-Forwards: 70
To: <sip:ana@conference.example>
From: <sip:ana@conference.example>;tag=33a49df7a5cfb5c2
Call-ID: 39158ac98f1bd7e8
CSeq: 43866 REGISTER
User-Agent: baresip v1.0.0 (x86_64/linux)
Authorization: Digest username="ana", realm="conference.example", nonce="0190a3c2f4e80000000142a7d1c35be6f8097a1b2c3d4e5f", uri="sip:conference.example", response="9a1f7c3e5b2d4860a1c3e5f708192a3b", algorithm=MD5, cnonce="7c1f0d8a2b6e4935", qop=auth, nc=00000001
Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,NOTIFY,SUBSCRIBE,INFO,MESSAGE,REFER
""")

OK: Final = _wire(
    """
SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK5e8d7c6b5a493827;rport=5060;received=192.0.2.1
Record-Route: <sip:203.0.113.20:5060;lr;ftag=4fdf6dd3c7e5a1b0;did=c1a.9f52>
From: "Roda" <sip:+551140028922@192.0.2.1>;tag=4fdf6dd3c7e5a1b0
To: <sip:+5511999990000@203.0.113.20>;tag=gK0c9a31b7
Call-ID: 5b1d0c7e-2f4e-43a0-9d0b-8f0c2a1b3d4e
CSeq: 1 INVITE
Contact: <sip:+5511999990000@10.40.2.11:5060>
Allow: INVITE,ACK,CANCEL,BYE,REFER,INFO,SUBSCRIBE,NOTIFY,PRACK,UPDATE,OPTIONS,MESSAGE
Require: timer
Session-Expires: 1800;refresher=uac
Content-Type: application/sdp
""",
    """
v=0
o=Sonus_UAC 911021 771002 IN IP4 203.0.113.21
s=SIP Media Capabilities
c=IN IP4 203.0.113.21
t=0 0
m=audio 32770 RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
a=ptime:20
""",
)

SPECIMENS: Final = {
    "INVITE, baresip": BARESIP,
    "INVITE, linphone": LINPHONE,
    "INVITE, JsSIP": JSSIP,
    "INVITE, a carrier": CARRIER,
    "200, a carrier": OK,
    "ACK": ACK,
    "BYE": BYE,
    "REGISTER with proof": REGISTER,
}
