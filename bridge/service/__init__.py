"""The service's rules outside a call, pure: codes, levels, settings, what keeps guessers out, what may be called.

role      moderator or participant, as the code says (`role`)
level     what a pair may do and when: hours, lock, dial-out, blast (`levels`)
settings  how a pair's conferences behave, C1 to C6 (`settings`)
code      the digits of one role of a pair: drawn so that nobody guesses them (`passcodes`), kept as a digest (`digests`)
pair      a moderator's and a participants' code, their counter-passwords and their life; what becomes of a caller who
          keys one (`pairs`)
profile   settings under a name, given to a pair whole (`profiles`)
guess     a wrong code, and what it costs who keyed it (`guessing`), told apart by where it came from (`origin`)
number    a telephone number as the world knows it, whatever way it was keyed (`numbering`)
dialplan  which numbers may be called, and at what price (`dialplan`); how many, when, for how much (`spending`)
outcome   what became of a call that nobody took (`outcome`)
list      whom a blast calls (`blast_list`)
"""
