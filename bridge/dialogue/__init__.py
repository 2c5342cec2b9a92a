"""What a caller hears and keys before and beside the room.

dialogue    a generator that reads top to bottom as the caller hears it: `reception`; `dial_out`, `choosing` and `message` for
            a moderator; `called` for whom we call
request     what a dialogue yields: say, collect keys, record, ask the service, join (`requests`)
reply       what it is sent back; a verdict where it asked about a code (`verdicts`)
step        a part of a dialogue that has an answer: `questions`, `takes` (of a recording), `name`, `helpline`
result      what a whole dialogue comes to (`results`)
runner      makes keys, ends of speech, answers and time move a dialogue (`runner`)
"""
