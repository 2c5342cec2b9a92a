"""What is let in that nobody may have thought of."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from bridge.config.exposure import warnings
from bridge.config.listening import Server, Websocket
from bridge.config.settings import Config, OpenRoom
from bridge.config.values import Address

PLACE = Address("192.0.2.1", 8080)
OFFICE = OpenRoom("conf-{room}", (ip_network("10.0.0.0/8"),))


def configured(*rooms: OpenRoom, **server: Any) -> Config:
    return Config(open_rooms=rooms, server=replace(Server(), **server))


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_open_rooms_are_open_to_every_page_where_no_origin_is_asked(transport: str) -> None:
    (said,) = warnings(configured(OFFICE, **{transport: (PLACE,)}))
    assert "server.websocket.origins" in said
    assert '"conf-{room}"' in said


@pytest.mark.parametrize(
    "config",
    [
        configured(OFFICE),
        configured(ws=(PLACE,)),
        configured(OFFICE, ws=(PLACE,), websocket=Websocket(("https://phone.example",))),
    ],
    ids=["no browsers", "no open rooms", "origins are asked"],
)
def test_all_else_is_fine(config: Config) -> None:
    assert warnings(config) == []
