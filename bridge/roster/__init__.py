"""The roster as telephones and consoles of others can watch it: the conference event package (RFC 4575).

roster       who is in a conference and how they stand, at one moment: a value (`model`)
document     a roster, or what has changed of one, as XML (`document`)
difference   what turns one roster into the next, as little as can be said (`difference`)
stream       all documents that one subscriber is sent, numbered; never faster than they can be read (`stream`)

Nothing here knows SIP or the switchboard: `bridge.switchboard.watchers` draws the rosters and sends the documents. What
may be shown of people is settled before it comes here, once: the names in a roster are what everybody may see.
"""
