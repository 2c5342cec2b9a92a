"""Where our users' telephones are: the registrar and location service of RFC 3261 section 10, without a socket or a clock.

- **binding** one place where a user is reached: contact, flow, path, until when (RFC 3261 10, RFC 5626, RFC 3327)
- **request** a REGISTER read into what it asks for, or the status it is refused with
- **registrar** the table of bindings: takes what was asked for as a whole or not at all, forgets what has expired
- **expiry** who has a binding that ends, and when: one heap for all

A call goes to a telephone by the flow that its REGISTER came by, which is how it reaches one behind a NAT.
"""

from sip.registrar.binding import Binding, Gone, Registered, Unregistered
from sip.registrar.registrar import Registrar, RegistrarSettings

__all__ = ["Binding", "Gone", "Registered", "Registrar", "RegistrarSettings", "Unregistered"]
