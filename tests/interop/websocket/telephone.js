// JsSIP as a telephone without a browser: signalling is all its own; for media there is a port that counts what comes.
//
//     node telephone.js URL DIALLED
//
// Tells in JSON, a line each, what happens; does what it reads, a word a line: call, key, hang up, register, ears.

"use strict";

const dgram = require("node:dgram");
const readline = require("node:readline");
const WebSocket = require("ws");

const ears = dgram.createSocket("udp4");
let heard = 0;
ears.on("message", () => {
  heard += 1;
});

const description = () =>
  [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    `m=audio ${ears.address().port} RTP/AVP 0 101`,
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=sendrecv",
    "",
  ].join("\r\n");

class PeerConnection {
  // As much of RTCPeerConnection as JsSIP asks for.
  constructor() {
    this.signalingState = "stable";
    this.iceConnectionState = "new";
    this.iceGatheringState = "complete";
    this.connectionState = "new";
  }
  addEventListener() {}
  removeEventListener() {}
  addTrack() {}
  getSenders() {
    return [];
  }
  getReceivers() {
    return [];
  }
  async createOffer() {
    return { type: "offer", sdp: description() };
  }
  async createAnswer() {
    return { type: "answer", sdp: description() };
  }
  async setLocalDescription(description) {
    this.localDescription = description;
  }
  async setRemoteDescription(description) {
    this.remoteDescription = description;
    tell({ answer: description.sdp });
  }
  close() {}
}

globalThis.WebSocket = WebSocket;
globalThis.RTCPeerConnection = PeerConnection;
globalThis.RTCSessionDescription = class {
  constructor(description) {
    Object.assign(this, description);
  }
};
globalThis.window ??= globalThis;

const JsSIP = require("jssip");

const [url, dialled] = process.argv.slice(2);
function tell(fact) {
  console.log(JSON.stringify(fact));
}

const telephone = new JsSIP.UA({
  sockets: [new JsSIP.WebSocketInterface(url)],
  uri: "sip:jana@bridge.invalid",
  password: process.env.PASSWORD ?? "",
  register: false,
  session_timers: false,
});
let session = null;

telephone.on("connected", () => tell({ event: "connected" }));
telephone.on("disconnected", ({ code }) => tell({ event: "disconnected", code }));
telephone.on("registered", ({ response }) => tell({ event: "registered", status: response.status_code }));
telephone.on("registrationFailed", ({ response }) =>
  tell({ event: "registrationFailed", status: response ? response.status_code : 0 }),
);
telephone.on("newRTCSession", ({ session: begun }) => {
  session = begun;
  for (const event of ["progress", "accepted", "confirmed", "ended", "failed"]) {
    session.on(event, (data) => {
      const { message } = data ?? {};
      tell({
        event,
        originator: data?.originator,
        cause: data?.cause,
        status: message?.status_code,
        contact: message?.getHeader?.("Contact"),
        via: message?.getHeader?.("Via"),
      });
    });
  }
});

const words = {
  call: () =>
    telephone.call(`sip:${dialled}@bridge.invalid`, {
      mediaConstraints: { audio: false, video: false },
      mediaStream: { getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] },
    }),
  key: () => session.sendDTMF("5", { transportType: "INFO" }),
  "hang up": () => session.terminate(),
  register: () => telephone.register(),
  ears: () => tell({ heard }),
};
const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => words[line]());
lines.on("close", () => process.exit());
ears.bind(0, "127.0.0.1", () => telephone.start());
