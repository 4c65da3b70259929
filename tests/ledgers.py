"""The ledger's tables in memory: one job at a time, on the thread that asks."""

import sqlite3
from importlib import resources

from bridge.ledger import LedgerError, Transaction


class MemoryLedger:
    """Does each job at once. While `down` nothing is read or written, and what is posted waits."""

    alive = True
    is_short = False

    def __init__(self, now=None):
        self.now = now
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        schema = resources.files("bridge.ledger") / "schema.sql"
        self._connection.executescript(schema.read_text("utf-8"))
        self._waiting = []
        self.down = False
        self.reads = 0
        self.posts = 0

    async def read(self, job):
        self.reads += 1
        return self._try(job)

    async def write(self, job):
        return self._try(job)

    def post(self, job):
        self.posts += 1
        self._waiting.append(job)
        if not self.down:
            self.catch_up()

    def catch_up(self):
        self.down = False
        while self._waiting:
            self._do(self._waiting.pop(0))

    def rows(self, sql="SELECT * FROM promotion_use ORDER BY checkout_id, code"):
        return [dict(row) for row in self._connection.execute(sql)]

    def close(self):
        self._connection.close()

    def _try(self, job):
        if self.down:
            raise LedgerError("disk I/O error")
        return self._do(job)

    def _do(self, job):
        self._connection.execute("BEGIN")
        try:
            return job(Transaction(self._connection))
        finally:
            self._connection.execute("COMMIT")
