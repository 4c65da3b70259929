"""Histories written by hand."""

from tests.proof.history import FIELDS, History

_WITNESS = {what: witness for witness, kinds in FIELDS.items() for what in kinds}
_ABOUT = {"site": "a", "restaurant": "lopez", "order": "o1"}
_USUAL = {
    "sent": {
        **_ABOUT,
        "checkout": "c1",
        "call": 1,
        "copy": 0,
        "hook": "order-injection",
        "at_stake": True,
    },
    "answered": {"call": 1, "copy": 0, "status": 200, "code": "accepted", "ms": 5, "heard": "all"},
    "due": {
        **_ABOUT,
        "wanted": True,
        "signed": False,
        "cancelled": False,
        "unclear": False,
        "must": {"Soup": 1},
        "may": [],
        "on_commit": False,
    },
    "printed": {
        **_ABOUT,
        "key": "k1",
        "kind": "place",
        "version": 1,
        "marked": False,
        "dishes": {"Soup": 1},
        "reply": "given",
    },
    "standing": {**_ABOUT, "at": "worker", "state": "done", "cause": ""},
    "alert": {**_ABOUT, "event": "delivery_held"},
    "kill9": {"id": "f1", "on": "a"},
    "broker": {"id": "f2", "on": "a.broker"},
    "pos": {"id": "f3", "on": "a.pos.lopez"},
    "stop": {"id": "f4", "on": "a"},
    "shot": {"id": "f5", "on": "a"},
    "proxy": {"id": "f6", "on": "a.wire.ingress"},
    "disk": {"id": "f7", "on": "a"},
}


def record(what, t, **fields):
    """A record as usual, but for what is given."""
    filled = {**_USUAL[what], **fields}
    if _WITNESS[what] == "faults":
        filled.setdefault("until", t + 1)
    missing = FIELDS[_WITNESS[what]][what] - filled.keys()
    assert not missing, missing
    return {"witness": _WITNESS[what], "what": what, "t": t, **filled}


def history(*records):
    return History(tuple(sorted(records, key=lambda one: one["t"])))


def a_life(**printed):
    """An order as it should be."""
    return [
        record("sent", 1.0),
        record("answered", 1.1),
        record("printed", 1.2, **printed),
        record("due", 9.0),
        record("standing", 9.1),
    ]


def without(records, *whats):
    return [one for one in records if one["what"] not in whats]
