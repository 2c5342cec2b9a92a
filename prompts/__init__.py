"""What callers hear that nobody says: prompts in three languages, tones, hold music.

Words used throughout:

- *utterance*: one thing to say, by name, with its values: `Utterance("participants_count", (("count", 3),))`.
- *text*: the words of an utterance in one language, with `{value:kind}` where something is spoken that varies.
- *piece*: the words of a text before, between and after its values.
- *clip*: one recording, by name: a whole text, a piece, a number, a tone, the music. An utterance is a row of clips.
- *recording of a caller*: a name or a message, by its place in the shared array (`values.Clip`): a value among others.
- *common clip*: one without language: the tones, the music, the pause.
- *catalogue*: all texts of all languages; *library*: all clips as samples in one array.
- *segment*: offset and length of a clip in that array; it is all that a media worker needs to know.

`catalogue`, `numbers`, `values` and `phrases` turn utterances into clip names and touch no audio. `mastering`, `voices`
and `render` make the recordings from the texts (on a developer's machine), `music` composes the hold music, and
`library` reads the recordings when the bridge starts.
"""
