"""The rules of a conference, pure: model, events, effects, reducer, keymap.

conference  one room and the people in it, a value (`model`)
leg         a person's call, by its number: who they are as long as they are in
event       what happened: somebody came, left, pressed a key, a timer is due (`events`)
effect      what is to be done about it, in order (`effects`)
reduce      event in, next conference and effects out (`reducer`); `admit` asks beforehand
command     what somebody in the room can ask for (`commands`); a keymap says by which keys (`keymap`)
"""
