"""The bytes of a request, turned into one JSON object."""

import codecs
import re
from typing import Any, Final
from urllib.parse import parse_qsl

from bridge.sources.bbot import document
from bridge.sources.bbot.errors import DecodeError, content, media, syntax
from bridge.sources.bbot.fields import Fields, Remarks

_FORM: Final = "application/x-www-form-urlencoded"
_TAKEN: Final = frozenset(
    {"", "application/json", "text/json", "text/plain", "application/octet-stream", _FORM}
)
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_LOOKS_LIKE_FORM: Final = re.compile(r"[A-Za-z_][\w.%\[\]-]*=")
_NEVER_MADE: Final = 12  # of the parts of ISO 8859
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# By their names in small letters and digits. Python keeps each name that it was ever asked for.
_CHARSETS: Final = {
    **{f"utf{kind}": f"utf-{kind}" for kind in ("8", "16", "16le", "16be", "32", "32le", "32be")},
    "usascii": "ascii",
    "ascii": "ascii",
    "latin1": "iso8859-1",
    "latin9": "iso8859-15",
    **{f"iso8859{part}": f"iso8859-{part}" for part in range(1, 17) if part != _NEVER_MADE},
    **{f"{maker}125{page}": f"cp125{page}" for maker in ("windows", "cp") for page in range(9)},
}


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object in a body; values of a form are left as the text that was sent.

    Raises DecodeError 400 for a body that is not JSON or has too many entries, 415 for another
    kind of body, and 422 for a form in which nested data was lost.
    """
    return read_text(text_of(body, content_type), content_type)


def read_text(text: str, content_type: str) -> dict[str, Any]:
    """The same for a body that was turned into text already."""
    if _is_form(text, content_type):
        return _read_form(text)
    value = document.parse(text)
    if not isinstance(value, dict):
        raise syntax(
            "not_an_object", f"the body is a JSON {_json_name(value)}; send one JSON object"
        )
    return value


def text_of(body: bytes, content_type: str) -> str:
    """The text of a body: byte order mark first, then the declared charset, then UTF-8."""
    _check_media_type(content_type)
    text = _decode(body, content_type).strip("\ufeff \t\r\n")
    if not text:
        raise syntax("empty_body", "the body is empty; send the webhook's JSON document")
    return text


def _check_media_type(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _TAKEN and not kind.endswith("+json"):
        raise media(f"this kind of body is not read here; send application/json, not {kind[:80]!a}")


def _decode(body: bytes, content_type: str) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], (encoding,))
    declared = _CHARSET.search(content_type)
    # Senders also declare ASCII or Latin-1 from habit; a body that is not that may be UTF-8.
    return _decoded(body, (_codec(declared[1]), "utf-8") if declared else ("utf-8",))


def _decoded(body: bytes, encodings: tuple[str, ...]) -> str:
    where = 0
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            where = error.start
    raise syntax("bad_encoding", f"byte {where} of the body is not {encodings[0]} text; send UTF-8")


def _codec(charset: str) -> str:
    found = _CHARSETS.get("".join(filter(str.isalnum, charset.lower())))
    if found is None:
        raise media(f"the charset {charset[:40]!a} is not read here; send UTF-8")
    return found


def _is_form(text: str, content_type: str) -> bool:
    if text[0] in "{[":
        return False
    declared = content_type.partition(";")[0].strip().lower() == _FORM
    return declared or _LOOKS_LIKE_FORM.match(text) is not None


def _read_form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="replace", max_num_fields=document.MAX_ENTRIES
        )
    except ValueError:
        raise document.too_many("the body") from None
    found: dict[str, Any] = dict(pairs)
    if len(found) != len(pairs):
        raise _lost(found)
    if "order" in found and not found["order"].lstrip().startswith("{"):
        raise _lost(found)
    return found


def _lost(found: dict[str, Any]) -> DecodeError:
    # A list or object that was form-encoded leaves only its keys behind, one pair for each.
    error = content(
        "nested_lost",
        "the body is a form, and the nested data was lost when it was encoded; send the document "
        "as JSON (with Python's requests: json=payload, not data=payload)",
    )
    known = Fields(found, "", Remarks())
    return error.about(
        known.identifier("restaurant_id"),
        known.identifier("order_id"),
        checkout_id=known.identifier("checkout_id"),
    )


def _json_name(value: object) -> str:
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "value"
