"""The language of `sip_playbook`, with words for subscriptions and REFER.

    >> SUBSCRIBE event=conference expires=600       also accept=a/b and to= (outside dialogs)
    >> REFER refer=<sip:bob@b.example>              also by=<sip:a@b> and quiet=1
    >> NOTIFY event=refer state=active body=...     how a REFER of ours goes
    >> 503 NOTIFY after=2                           with Retry-After
    -- accept_subscription | accept_subscription expires=120 | accept_subscription pending=1 | reject_subscription 403
    -- notify body=x | end_subscription noresource
    -- accept_refer | refer_progress 180 | reject_refer 603 | refer to=<sip:carol@c.example>

A NOTIFY of ours is written with its Subscription-State: `<< NOTIFY active;expires=600 sdp=x`.
"""

from sip.events import SubscriptionEnded
from sip.headers import Address
from sip.message import Request, Response
from tests.support.sip_playbook import Playbook

IN_CALL = """
    >> INVITE sdp=offer
    << 100 INVITE
    ** IncomingCall offer=offer
    -- accept sdp=answer
    << 200 INVITE sdp=answer
    >> ACK
    ** CallConfirmed sdp=None
"""
OPENERS = ("SUBSCRIBE", "REFER")
_FIELDS = {
    "event": "Event",
    "expires": "Expires",
    "accept": "Accept",
    "refer": "Refer-To",
    "by": "Referred-By",
    "state": "Subscription-State",
    "after": "Retry-After",
}


class Subscriber(Playbook):
    """A peer that subscribes and refers."""

    def __init__(self, *args, **settings) -> None:
        super().__init__(*args, **settings)
        self.subscription = 0
        """Newest of those told, REFERs among them."""

    def request(self, method, words):
        self._say(words)
        if words.get("quiet"):
            self.extra.append(("Refer-Sub", "false"))
        return super().request(method, words)

    def response(self, status, method, words):
        self._say(words)
        return super().response(status, method, words)

    def _say(self, words) -> None:
        self.extra += [(name, words[key]) for key, name in _FIELDS.items() if key in words]

    def _outside(self, verb, rest, words):
        agent, now, number = self.agent, self.now, self.subscription
        match verb:
            case "accept_subscription":
                expires_s = int(words["expires"]) if "expires" in words else None
                agent.accept_subscription(number, now, expires_s=expires_s, pending="pending" in words)
            case "reject_subscription":
                agent.reject_subscription(number, int(rest[0]), now)
            case "notify":
                agent.notify(number, words["body"].encode(), "text/x", now)
            case "end_subscription":
                agent.end_subscription(number, rest[0], now)
            case "accept_refer":
                agent.accept_refer(number, now)
            case "refer_progress":
                agent.refer_progress(number, int(rest[0]), "", now)
            case "reject_refer":
                agent.reject_refer(number, int(rest[0]), now)
            case "refer":
                to = Address.parse(words["to"])
                agent.refer(self.call, to, now, replaces=words.get("replaces", ""))
            case _:
                super()._outside(verb, rest, words)

    def _note(self, transcript):
        before, told = len(self.sent), len(self.told)
        mine: list[str] = []
        super()._note(mine)
        sent = iter(self.sent[before:])
        ends = (event for event in self.told[told:] if isinstance(event, SubscriptionEnded))
        for line in mine:
            message = next(sent) if line.startswith("<<") else None
            text = line
            if isinstance(message, Request) and message.method == "NOTIFY":
                text = _notify(message)
            elif isinstance(message, Response) and message.status < 300 and message.cseq.method in OPENERS:
                self._to_tag = message.to.tag
            elif line.startswith("** SubscriptionEnded"):
                text = f"{line} reason={next(ends).reason}"
            transcript.append(text.removesuffix(" identity= trusted=False"))
        for event in self.told[told:]:
            self.subscription = getattr(event, "subscription", getattr(event, "refer", self.subscription))


def _notify(message: Request) -> str:
    """A NOTIFY of ours in one line."""
    line = f"<< NOTIFY {message.headers.get('Subscription-State')}"
    if not message.body:
        return line
    body = message.body.decode().strip()
    if body.startswith("SIP/2.0 "):
        return f"{line} sipfrag={body.removeprefix('SIP/2.0 ').replace(' ', '_')}"
    return f"{line} sdp={body}"
