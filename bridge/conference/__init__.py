"""The rules of a conference, pure: model, events, effects, reducer, keymap.

conference  one room and the people in it, a value (`model`)
leg         a person's call, by its number: who they are as long as they are in
event       what happened: somebody came, left, gave a command, a timer is due (`events`)
effect      what is to be done about it, in order (`effects`)
reduce      event in, next conference and effects out (`reducer`); `admit` asks beforehand
command     what can be asked of a conference, by key or from a console (`commands`); a keymap says by which keys (`keymap`)
answer      what comes of a command: spoken to a leg, or replied to a console (`answer`, `given`)
standing    where somebody is, whether they are heard, whether music plays to them: follows from the rest (`model`)
aside       in a private talk or alone with the bridge, and still in the conference (`sides`)
keymap      which keys mean which command (`keymap`), those that come with the bridge (`keymaps`); commands as text (`spelling`)
roster      who is in, for those who look at it from outside (`roster`)
"""
