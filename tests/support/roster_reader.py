"""A telephone that reads conference-info documents as RFC 4575 section 4.4 has it, and knows who is in."""

from xml.etree import ElementTree as ET

from bridge.roster.document import NAMESPACE

N = f"{{{NAMESPACE}}}"


class Reader:
    """What one subscriber knows."""

    def __init__(self) -> None:
        self.version = 0
        self.entity = ""
        self.description: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.users: dict[str, dict[str, str]] = {}
        self.states: list[str] = []
        """Of the documents, in order."""

    def read(self, data: bytes) -> None:
        """Take a document; one that does not follow the last one fails."""
        root = ET.fromstring(data)
        assert root.tag == f"{N}conference-info"
        self.entity = root.get("entity")
        version, state = int(root.get("version")), root.get("state")
        self.states.append(state)
        if state == "full":
            assert version > self.version
            self.users = {}
        else:
            assert version == self.version + 1, "a document is missing"
        self.version = version
        order = [child.tag.removeprefix(N) for child in root]
        assert order == sorted(order, key=("conference-description", "conference-state", "users").index)
        for child in root:
            if child.tag == f"{N}conference-description":
                self.description = _texts(child)
            elif child.tag == f"{N}conference-state":
                self.state = _texts(child)
            else:
                assert child.get("state") == state
                for user in child:
                    self._user(user)

    def _user(self, user: ET.Element) -> None:
        entity, state = user.get("entity"), user.get("state")
        if state == "deleted":
            del self.users[entity]
            return
        assert state == ("partial" if entity in self.users else "full")
        known = self.users.setdefault(entity, {})
        order = [child.tag.removeprefix(N) for child in user]
        assert order == sorted(order, key=("display-text", "roles", "endpoint").index)
        for child in user:
            if child.tag == f"{N}display-text":
                known["display"] = child.text or ""
            elif child.tag == f"{N}roles":
                known["role"] = child.findtext(f"{N}entry")
            else:
                assert child.get("entity") == entity
                known["status"] = child.findtext(f"{N}status")
                known["came by"] = child.findtext(f"{N}joining-method")
                known["joined"] = child.findtext(f"{N}joining-info/{N}when")
                known["left by"] = child.findtext(f"{N}disconnection-method") or ""
                known["audio"] = child.findtext(f"{N}media/{N}status")

    def seen(self, name: str) -> dict[str, dict[str, str]]:
        """One thing of everybody, by what they are called."""
        return {user["display"]: user[name] for user in self.users.values()}


def _texts(element: ET.Element) -> dict[str, str]:
    return {child.tag.removeprefix(N): child.text or "" for child in element}
