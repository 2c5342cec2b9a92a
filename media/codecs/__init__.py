"""Codecs beyond the columns of G.711: one face for all, a coder with its state per stream and direction.

G.711 is a table, so all rows of a worker go through it at once (`dsp.g711`). G.722 and Opus remember what came before:
a stream has a decoder of its own, and listeners that hear the same share an encoder. So that nobody has to ask which codec
a stream speaks, G.711 and linear samples have the same face here.

- `kind`: the facts of each codec (name, clock, bands, sizes); needs no library and no numpy.
- `face`: what a decoder and an encoder do, and the one error.
- `coders`: `available(codec)`, `decoder(codec, band)`, `encoder(codec, band, terms)`.
- `terms`: what a peer asked for in SDP about Opus, as a message.
- `opus_packet`: an Opus packet read without decoding it.
- `g711`, `g722`, `l16`, `opus`, `libopus`: the codecs themselves.

*Band* is the factor of a sample rate over 8 kHz: 1, 2 or 6. Durations are in samples at 8 kHz, whatever the band, as
everywhere in the engine; arrays of audio are int16 at the coder's band. Nothing that a peer sends raises.
"""
