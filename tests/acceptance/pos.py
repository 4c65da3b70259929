"""A POS that outlives the bridge, and what came out of its printer."""

import asyncio
import json
import subprocess
import sys
import threading

from bridge.testing.fake_pos import FakePos
from tests.acceptance.http_call import call


class Pos:
    """`tickets` are pieces of paper: what is on it cannot be taken back."""

    def __init__(self, control):
        self.control = control

    def look(self):
        return call(self.control).json()

    def tell(self, **wish):
        """Change how it behaves."""
        reply = call(self.control, method="POST", body=json.dumps(wish).encode())
        assert reply.status == 200, reply
        return reply.json()

    def go_down(self):
        self.tell(listening=False)

    def come_back(self):
        self.tell(listening=True)

    @property
    def url(self):
        return self.look()["url"]

    @property
    def tickets(self):
        """What is printed on each, in order of arrival."""
        return [json.loads(ticket["body"]) for ticket in self.look()["tickets"]]

    def tickets_of(self, document):
        """Those of one order."""
        order_id = document["order"]["id"]
        return [ticket for ticket in self.tickets if ticket["order_id"] == order_id]

    @property
    def attempts(self):
        """The keys that came, one for each try."""
        return self.look()["attempts"]


class PosThread(Pos):
    """In a thread of the tests: there at once."""

    def __init__(self, **options):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._pos = FakePos(**options)
        self._do(self._pos.__aenter__())
        super().__init__(self._pos.control_url)

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def end(self):
        self._do(self._pos.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class PosProcess(Pos):
    """In a process of its own: it takes nothing of the test's time."""

    def __init__(self, *options):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bridge.testing.fake_pos", *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        super().__init__(json.loads(self._process.stdout.readline())["control"])

    def end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
