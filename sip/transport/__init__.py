"""SIP edges: the sockets that carry messages."""
