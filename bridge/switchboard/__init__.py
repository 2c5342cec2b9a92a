"""The sans-IO heart of the bridge: events of calls, media, store and time in; effects out.

leg         one person on the line: a SIP call, a media stream, and who listens to the keys (`legs`, `lines`)
arrival     a call that comes: let in, or turned away (`arrivals`); what is agreed once it is up (`sessions`)
reception   what a caller hears and keys before the conference, a dialogue (`receptions`, `bridge.dialogue`)
dialogue    one at a time on a leg, there and in a conference (`dialogues`)
room        a conference that is going on, and its place in this bridge (`room`, `rooms`, `bridge.conference`); what it wants
            is carried out (`stage`) and put down (`room_records`)
place       where people's audio goes: the room, a sub-conference, a private talk (`places`)
recording   what a caller has said, in the arena (`recordings`)
command     one that takes more than its conference is performed here (`performing`), and what consoles ask answered (`console`)
call out    a call that we place, counted beforehand (`calls_out`): on a moderator's errand (`errands`), for a console
            (`invitations`), of a blast (`campaigns`)
operator    whoever helps (`operators`): their telephones, their talks, who waits for them, what they listen to
negotiation what caller and bridge agreed to send each other (`negotiation`)
event       what happened (`events`, `sip.events`, `media.control`)
effect      what is to be done about it (`effects`); `bridge.server` does it
"""

from bridge.switchboard.board import Switchboard

__all__ = ["Switchboard"]
