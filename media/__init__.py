"""The media data plane: every participant of a worker is a row of arrays, moved together once per tick.

Words used everywhere below, always seen **from the bridge** ("in" is what a caller sends us):

- *stream*: one caller's audio, both ways; a port pair, an id that is never used twice by one pool.
- *row*: the index that a stream has in a worker's arrays while it lives there.
- *tick*: 20 ms; everything happens for all rows at once, in the order of docs/design.md.
- *frame*: the 160 samples (at 8 kHz) that one tick moves for one row.
- *room*: a number; rows with the same number hear each other. Who may be in it is the bridge's affair.
- *clip, segment*: a stretch (offset, length) of the one shared array of prompts, tones and music.
- *arena*: the part of that array where rows are recorded; what was recorded is a segment like any other.
- *engine*: the sans-IO whole: `receive`, `tick(now)`, `events`, `apply(command)`.
- *worker*: the process around an engine; *pool*: the control side's hand on all workers.
"""
