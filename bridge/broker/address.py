"""Where a broker is, without ever showing the password."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from yarl import URL


class BadAddress(ValueError):
    """A broker's URL cannot be used; the text never contains the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`str()` and `repr()` show scheme, host, port and virtual host only."""

    url: URL = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    def censor(self, text: str) -> str:
        """The text without the password, in whichever way it is written."""
        for secret in _spellings(self.url):
            text = text.replace(secret, "***")
        return text


def parse_address(text: str) -> Address:
    """Raises BadAddress, which says what is wrong and never repeats the text."""
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise BadAddress("the broker's URL cannot be read: are all signs quoted?") from None
    if url.scheme not in {"amqp", "amqps"} or not url.host:
        raise BadAddress("the broker's URL must be like amqp://user:password@host:5672/vhost")
    port = port or (5671 if url.scheme == "amqps" else 5672)
    return Address(url=url, shown=f"{url.scheme}://{url.host}:{port}{url.path}")


def _spellings(url: URL) -> list[str]:
    if not url.password:
        return []
    plain = url.password
    found = {plain, quote(plain, safe=""), quote(plain), unquote(plain), url.raw_password or plain}
    return sorted(found, key=len, reverse=True)
