"""Arms shots in a running daemon: a thread with a unix socket, one line of JSON each way.

{"arm": {"id", "point", ...}}  {"disarm": "ID"}  {"ask": "hits" | "armed" | "points"}

`hits` are [point, side, number]; `points` are {name: kind}.
"""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import orjson

from tests.proof.points.firing import Firing, Shot
from tests.proof.points.rewrite import CATALOGUE


def listen(path: Path, firing: Firing) -> None:
    """Until the process ends; what is left of an earlier one there is removed."""
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX)
    door.bind(os.fspath(path))
    door.listen()
    threading.Thread(target=_serve, args=(door, firing), name="control", daemon=True).start()


def ask(path: Path, **wish: Any) -> Any:
    """From another process; raises OSError if that one is gone."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(5.0)
        caller.connect(os.fspath(path))
        with caller.makefile("rwb") as line:
            line.write(orjson.dumps(wish) + b"\n")
            line.flush()
            answer = line.readline()
    if not answer:
        raise ConnectionResetError("the process ended before it answered")
    return orjson.loads(answer)


def obey(wish: dict[str, Any], firing: Firing) -> Any:
    """What a line asks for; the answer is JSON-ready."""
    match wish:
        case {"arm": dict(fields)}:
            firing.arm(Shot(**fields))
            return {"armed": fields["id"]}
        case {"disarm": str(shot_id)}:
            firing.disarm(shot_id)
            return {"disarmed": shot_id}
        case {"ask": "hits"}:
            return [[*at, number] for at, number in firing.hits.items()]
        case {"ask": "armed"}:
            return firing.armed
        case {"ask": "points"}:
            return {point.name: point.kind for point in CATALOGUE.values()}
    return {"error": "arm, disarm or ask"}


def _serve(door: socket.socket, firing: Firing) -> None:
    while True:
        caller, _address = door.accept()
        with caller, caller.makefile("rwb") as lines:
            for line in lines:
                lines.write(_answer(line, firing) + b"\n")
                lines.flush()


def _answer(line: bytes, firing: Firing) -> bytes:
    """Whatever is asked, the thread goes on."""
    try:
        return orjson.dumps(obey(orjson.loads(line), firing))
    except (TypeError, ValueError) as error:
        return orjson.dumps({"error": str(error)})
