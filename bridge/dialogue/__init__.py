"""What a caller hears and keys before and beside the room.

dialogue    a generator that reads top to bottom as the caller hears it (`reception`)
request     what a dialogue yields: say, collect keys, ask the service, join (`requests`)
reply       what it is sent back; a verdict where it asked about a code (`verdicts`)
step        a part of a dialogue that has an answer
runner      makes keys, ends of speech, answers and time move a dialogue (`runner`)
"""
