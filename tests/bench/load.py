"""The guests, in a process of their own: a job as JSON on stdin, what came of it on stdout.

A plain protocol on keep-alive connections: an HTTP client library would cost more than the servers
that are measured.

closed   `concurrency` guests, each posts its next order when it has the answer to the last
open     `rate` orders a second, come what may; times count from the moment an order was due
"""

import asyncio
import re
import sys
import time
from collections import Counter, deque

import orjson

from tests.bench.orders import PreparedOrders

# How long answers may take that are still due when the time is over.
PATIENCE = 10.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Guest(asyncio.Protocol):
    """One connection; `on_answer` is called with it after each complete answer."""

    def __init__(self, on_answer, on_lost):
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._transport = None
        self._buffer = b""
        self.is_busy = False
        self.due = 0.0
        self.order_id = ""
        self.status = 0

    def connection_made(self, transport):
        self._transport = transport

    def send(self, order_id, raw, due):
        self.order_id, self.due, self.is_busy = order_id, due, True
        self._transport.write(raw)

    def data_received(self, data):
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head + 2)
        if len(self._buffer) < head + 4 + int(length[1] if length else 0):
            return
        self.status = int(self._buffer[9:12])
        self._buffer = b""
        self.is_busy = False
        self._on_answer(self)

    def connection_lost(self, exc):
        if self.is_busy:
            self._on_lost()

    def close(self):
        self._transport.close()


class Load:
    """What all guests of one job share."""

    def __init__(self, job):
        self.job = job
        self.orders = PreparedOrders(
            host=f"{job['host']}:{job['port']}",
            path=job["path"],
            headers=job["headers"],
            restaurant=job["restaurant"],
        )
        self.statuses = Counter()
        self.seconds = []
        self.posted = {}
        self.elapsed = 0.0
        self.busy = 0
        self.quiet = asyncio.Event()

    async def connect(self, on_answer):
        loop = asyncio.get_running_loop()
        _, guest = await loop.create_connection(
            lambda: Guest(on_answer, self.lose), self.job["host"], self.job["port"]
        )
        return guest

    def send(self, guest, due):
        order_id, raw = self.orders.take()
        self.busy += 1
        guest.send(order_id, raw, due)

    def finish(self, status):
        self.statuses[status] += 1
        self.busy -= 1
        if not self.busy:
            self.quiet.set()

    def lose(self):
        self.finish("lost")

    async def wait_quiet(self):
        async with asyncio.timeout(2 * PATIENCE):
            while self.busy:
                self.quiet.clear()
                await self.quiet.wait()

    def summary(self):
        return {
            "seconds": self.elapsed,
            "answers": self.statuses.total(),
            "others": {str(key): n for key, n in self.statuses.items() if key != 200},
            "times": self.seconds,
            "posted": self.posted,
            "body_size": self.orders.mean_size,
        }


async def run_closed(load):
    """Only what begins and ends inside of the measured time counts; it goes on for the first."""
    begin = time.perf_counter() + load.job["warm"]
    end = begin + load.job["seconds"]
    load.elapsed = load.job["seconds"]

    def on_answer(guest):
        now = time.perf_counter()
        load.finish(guest.status)
        if begin <= guest.due and guest.status == 200 and (now <= end or not load.seconds):
            load.seconds.append(now - guest.due)
            load.elapsed = max(load.elapsed, now - begin)
        if now < end or (now < end + PATIENCE and not load.seconds):
            load.send(guest, now)

    guests = [await load.connect(on_answer) for _ in range(load.job["concurrency"])]
    for guest in guests:
        load.send(guest, time.perf_counter())
    await asyncio.sleep(end - time.perf_counter())
    await load.wait_quiet()
    for guest in guests:
        guest.close()


async def run_open(load):
    idle, guests = deque(), []

    def on_answer(guest):
        load.finish(guest.status)
        if guest.status == 200:
            load.seconds.append(time.perf_counter() - guest.due)
            load.posted[guest.order_id] = guest.due + wall
        idle.append(guest)

    wall, begin = time.time() - time.perf_counter(), time.perf_counter()
    for number in range(max(1, round(load.job["rate"] * load.job["seconds"]))):
        due = begin + number / load.job["rate"]
        await asyncio.sleep(due - time.perf_counter())
        if not idle:
            guests.append(await load.connect(on_answer))
            idle.append(guests[-1])
        load.send(idle.popleft(), due)
    await load.wait_quiet()
    load.elapsed = time.perf_counter() - begin
    for guest in guests:
        guest.close()


async def run(job):
    load = Load(job)
    await (run_open(load) if "rate" in job else run_closed(load))
    return load.summary()


if __name__ == "__main__":
    result = asyncio.run(run(orjson.loads(sys.stdin.buffer.read())))
    sys.stdout.buffer.write(orjson.dumps(result))
