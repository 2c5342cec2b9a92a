"""Signalling shown: what `sip.trace` has kept, for people and for other programs.

seen     one message with when, from where and to where, whoever kept it
ladder   a call as text: a column for each party, an arrow for each message
pcap     a file that tshark and Wireshark open
hep      a datagram for a capture server (Homer and its like)
"""
