// Says SIP in WebSocket frames of every kind, and tells in JSON, a line each, what comes back.
//
//     node frames.js URL SCENARIO

"use strict";

const WebSocket = require("ws");

const [url, scenario] = process.argv.slice(2);
const tell = (fact) => console.log(JSON.stringify(fact));

const options = (number) =>
  [
    "OPTIONS sip:bridge.invalid SIP/2.0",
    `Via: SIP/2.0/${url.startsWith("wss") ? "WSS" : "WS"} df7jal23ls0d.invalid;branch=z9hG4bKf${number};rport`,
    "Max-Forwards: 70",
    "From: <sip:frames@bridge.invalid>;tag=f",
    "To: <sip:bridge.invalid>",
    `Call-ID: frames-${number}`,
    `CSeq: ${number} OPTIONS`,
    "Contact: <sip:frames@df7jal23ls0d.invalid;transport=ws>",
    "",
    "",
  ].join("\r\n");

const scenarios = {
  // What is said, and when the conversation is over.
  text: (socket) => socket.send(options(1)),
  binary: (socket) => socket.send(Buffer.from(options(2))),
  fragments: (socket) => {
    const whole = options(3);
    for (let at = 0; at < whole.length; at += 50) {
      socket.send(whole.slice(at, at + 50), { fin: at + 50 >= whole.length });
    }
  },
  ping: (socket) => socket.ping("are you there?"),
  crlf: (socket) => socket.send("\r\n\r\n"),
  burst: (socket) => {
    for (let number = 100; number < 200; number += 1) socket.send(options(number));
  },
  huge: (socket) => socket.send("x".repeat(70000)),
  goodbye: (socket) => socket.close(1000),
  "other protocol": () => {},
  "no protocol": () => {},
};

const protocols = { "other protocol": ["chat"], "no protocol": [] }[scenario] ?? ["sip"];
const socket = new WebSocket(url, protocols, { origin: process.env.ORIGIN });
socket.on("open", () => {
  tell({ open: socket.protocol });
  scenarios[scenario](socket);
});
socket.on("message", (data, isBinary) => tell({ message: data.toString(), isBinary }));
socket.on("pong", (data) => tell({ pong: data.toString() }));
socket.on("unexpected-response", (_, response) => {
  tell({ refused: response.statusCode });
  process.exit();
});
socket.on("close", (code) => {
  tell({ close: code });
  process.exit();
});
socket.on("error", (error) => tell({ error: error.message }));
process.stdin.on("end", () => process.exit()).resume();
