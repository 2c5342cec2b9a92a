"""The conference service on top of `sip`, `media` and `prompts`.

switchboard  the heart, pure: what happens to calls goes in, what is to be done about it comes out
conference   the rules of one conference, pure; `dialogue` what a caller hears and keys before it and beside it
blast        a list that is called, pure; `helpdesk` callers who want an operator and who is rung for them, pure
service      the rules outside a call, pure: codes, levels, settings, guessing; what may be called, and what it may cost
admission    may this call come in, and where to? pure
gate         who is let in: guard, trunks, passwords, in one order; `watch` and `lookout` what an operator hears of it
trunks       carriers and PBXs as cores: which takes a call, registration, pings; `attending` keeps them
roster       who is in a conference, as telephones read it (RFC 4575); `tracing` signalling as ladder, capture file, HEP
store        customers, passcodes, records in a database; `ledger` puts effects into its words
desk         judges a keyed passcode: between the switchboard, which asks, and the store, which knows
keeper       recordings that outlast a conference: between the switchboard, which has them, and the store's thread
control      the way in for consoles: requests, replies, a socket
server       the edge: one loop, one clock, effects carried out in order; `signalling` is its half for SIP, and with it
             `listeners` (where SIP is heard), `registrations` and `phonebook` (telephones and their accounts), `placing`
             and `resolver` (where calls out are sent), `addresses` (what peers are told of where we are)
config       the one file that an operator writes; `logs` and `figures` what an operator reads
cli          the command `roda`; `demo` the conference that a first call finds
"""
