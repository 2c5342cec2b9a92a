"""The sans-IO heart of the bridge: events of calls, media, store and time in; effects out."""
