"""Signal processing on numpy arrays: rows are streams, the last axis is time. No state but what is passed in.

Words used everywhere below:

- *sample*: one int16 number; full scale is 32,768.
- *row*: one stream's samples. All functions take many rows at once and never loop over them in Python.
- *frame*: the samples of one row for one tick, 160 at 8 kHz; `frames` is an array of shape (N, S).
- *code*: the byte that G.711 makes of a sample.
- *dBov*: level relative to full scale as RFC 6464 and RFC 6465 count it: 0 is the loudest, -127 is silence.
- *ratio*: what samples are multiplied by; 1.0 leaves them alone. `gain.db_to_ratio` makes one of decibels.
- *noise floor*: what a row sounds like while nobody speaks on it.
- *hangover*: how long somebody counts as speaking after the last loud frame, so that no word is cut.
- *mix*: a sum of rows in int32, before the limiter makes int16 of it.
- *history*: the last good samples of a row, from which `conceal` makes up what was lost.

Who needs to remember something between ticks (a noise floor, a history, a filter's tail) keeps it in arrays of its
own and hands it in; a function gives new arrays back, or fills the `out` that it was given.
"""
