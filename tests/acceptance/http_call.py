"""One call over HTTP, as a stranger makes it: no client of the bridge, nothing kept open."""

import base64
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

# Longer than any answer may take, so that a late one is seen as late and not as missing.
PATIENCE = 15


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def call(url, *, method="GET", body=None, headers=None):
    """Status, headers (in lower case) and body, whatever they are."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


def basic(username, password):
    """The header of HTTP Basic."""
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {login}"}
