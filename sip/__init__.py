"""A sans-IO SIP stack (RFC 3261): bytes and `now` in, bytes and events out."""
