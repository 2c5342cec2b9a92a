"""The sans-IO heart of the bridge: events of calls, media, store and time in; effects out.

leg         one person on the line: a SIP call, a media stream, and who listens to the keys (`legs`, `lines`)
arrival     a call that comes: let in, or turned away (`arrivals`); what is agreed once it is up (`sessions`)
reception   what a caller hears and keys before the conference, a dialogue (`receptions`, `bridge.dialogue`)
room        a conference that is going on, and its place in this bridge (`room`, `rooms`, `bridge.conference`)
negotiation what caller and bridge agreed to send each other (`negotiation`)
event       what happened (`events`, `sip.events`, `media.control`)
effect      what is to be done about it (`effects`); `bridge.server` does it
"""

from bridge.switchboard.board import Switchboard

__all__ = ["Switchboard"]
