"""The way in for consoles: whoever may open the bridge's socket sees its conferences and commands them.

- **protocol** what is asked and what is answered: one frozen type each, a line of JSON on the wire
- **door** the socket, at the bridge's side; it understands nothing but lines, and hands requests on
- **client** the socket, at the side of the command line

The API will bring the same requests by another way.
"""
