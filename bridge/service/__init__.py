"""The service's rules outside a call, pure: codes, levels, settings, and what keeps guessers out.

role      moderator or participant, as the code says (`role`)
level     what a pair may do and when: hours, lock, dial-out, blast (`levels`)
settings  how a pair's conferences behave, C1 to C6 (`settings`)
code      the digits of one role of a pair: drawn so that nobody guesses them (`passcodes`), kept as a digest (`digests`)
pair      a moderator's and a participants' code, their counter-passwords and their life; what becomes of a caller who
          keys one (`pairs`)
guess     a wrong code, and what it costs who keyed it (`guessing`), told apart by where it came from (`origin`)
"""
