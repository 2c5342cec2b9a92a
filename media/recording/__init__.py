"""Recording of conferences: from the frames of a tick to finished files, by a process that no tick waits for.

tap        what a worker's tick does for it: hands over the frames of recorded rooms, and nothing else (`tap`)
ring       the shared memory between a worker and the recording process; full is dropped, never waited for (`ring`)
timeline   which place of a file a tick has: pauses are left out, and what is missing is silence (`timeline`)
mixdown    the last moments of a recording, in which frames find their places before they are written (`mixdown`)
track      one file: of everybody together, or of one participant (`track`); how files are called (`names`)
take       one recording: its timeline, its mixdown, its files (`take`); `mending` makes whole what a crash left
studio     all takes, all rings, and the disk: the whole of the process but its pipe (`studio`)
process    `python -m media.recording.process`: the studio at a pipe (`process`); `messages` is what goes through it
desk       control's end of that pipe (`desk`)

Recorded names and messages are another thing: short, played at once, in shared memory (`media.recorder`).
"""
