"""What a configuration lets in that its writer may not have thought of: warnings of `roda check`, and no faults.

A browser calls by WebSocket from wherever it stands, whichever page told it to: a page of a stranger, open on a desk of the
office, dials with the address of the office. Where rooms are open to that address the page is in, unless its origin is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.config.settings import Config


def warnings(config: Config) -> list[str]:
    """A sentence for each."""
    server = config.server
    if not (server.ws or server.wss) or server.websocket.origins or not config.open_rooms:
        return []
    patterns = ", ".join([f'"{rooms.pattern}"' for rooms in config.open_rooms])
    said = f"any page in a browser of the networks that may dial {patterns} can do so; name the pages of your own"
    return [f"server.websocket.origins is empty: {said}"]
