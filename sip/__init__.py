"""A sans-IO SIP stack (RFC 3261): bytes and `now` in, bytes and events out.

The words, from the wire up:

message       a Request or a Response: start line, Headers, body (`message`, `headers`, `uri`)
parser        turns bytes into messages, or into one ParseError with the status to answer; `framing` cuts streams
flow          the way a message came and answers go: transport, our address, the peer's (and connection)
transaction   a request with all its responses, and the retransmissions between (section 17)
branch        the name of a transaction, in the topmost Via
dialog        the relation of two ends that a call lives in: Call-ID and two tags (section 12)
session       what a dialog is for: media, described by SDP, agreed by offer and answer (`sdp`, `offer`)
way           a flow by which a call of ours is tried, perhaps with a Request-URI of its own; the next where one fails
gate          who is let in: asked before anything is read, and again before anything is kept
guard         one such: floods, scanners, bans; `challenge` another: whoever claims to be somebody proves it by digest
registrar     where telephones are that have proved who they are: bindings, each with the flow that it came by
subscription  what a peer watches, a call's roster or the progress of a REFER, told by NOTIFY (RFC 6665)
focus         a call of ours by whose name its conference is watched, and others are referred to it (RFC 4579)
locating      from a URI to the questions for the DNS, and to servers in their order (RFC 3263)
trace         messages kept for somebody who looks for a fault, without their secrets
agent         the one face of the package: calls and events above, flows and bytes below
event         something the agent tells: a call came, was answered, ended
UAC, UAS      the side that sends a request, and the side that answers it

`errors` tells how things fail: LocalError is our bug, RemoteError the peer's nonsense with its status.
Nothing here opens a socket but `transport`, and nothing reads a clock: time is an argument.
"""
