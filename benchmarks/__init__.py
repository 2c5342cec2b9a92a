"""Measure a SIP conference server from outside, with phones of our own.

Nothing here imports `sip` or `media`: a load tester that shares the stack's mistakes proves nothing. It speaks plain SIP and
RTP, so that Roda, FreeSWITCH, Asterisk or anything else is measured by the same yardstick.

Words used throughout:

participant
    one simulated phone: one call, one UDP port, one RTP stream each way.
talker, listener
    a talker sends a tone of its own; a listener sends what a muted handset sends.
row
    a participant's number, and its row in every array.
sub-tick
    the packet time divided by `phases`: in each the participants of one phase send, so that they are spread over the packet
    time as real phones are.
wire
    how packets enter and leave this process (`wire_uring`, `wire_epoll`): the only module pair that knows sockets of media.
mark
    a burst of a known tone at a known moment, from which the delay through the server is measured.
steady window
    the seconds that are measured: ramp and farewell are outside.
"""

import os

# numpy's BLAS would start threads of its own, which spin for a while after each product: they would be counted as ours.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
