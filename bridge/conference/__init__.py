"""The rules of a conference, pure: model, events, effects, reducer, keymap."""
