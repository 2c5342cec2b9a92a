"""Help (`*0`, O3) and the entry hall (O2): callers who want an operator, and the operators' telephones. Pure.

request   one caller's wish to talk to an operator: help, or being greeted before a conference (`model`)
operator  a person with a telephone that the bridge can ring (`model`)
state     how a request and an operator stand (`states`)
event     a caller asks, an operator's phone is answered, a console takes a request ... (`events`)
effect    ring, connect, tell (`effects`)
post      the desk's own row of an operator, as a case is of a request (`posts`)
desk      one queue, all operators, and who gets whom (`desk`)
"""
