"""Blast (`*92`): call everybody on a list, let each who answers hear the message, and bring them in. Pure.

entry     one line of the list: a name and a number (`model`), and how far it has come (`states`)
rules     how fast, how many at once, how often, and whether a key must be pressed (`model`)
attempt   one call to one entry; an entry has at most one at a time
event     what happened to an entry's call, or that the moderator cancels (`events`)
effect    what is to be done about it (`effects`)
campaign  all of it: a list, the rules, and whose turn it is (`campaign`)
"""
