"""A file that breaks on command, and small jobs for it."""

import sqlite3
import threading

TABLE = "CREATE TABLE IF NOT EXISTS note (text TEXT PRIMARY KEY)"


class Disk:
    """Makes connections; `broken` maps the beginning of a statement to the error it raises."""

    def __init__(self, path):
        self.path = path
        self.broken = {}
        self.statements = []

    def connect(self):
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(TABLE)
        return Breaking(connection, self)


class Breaking:
    def __init__(self, connection, disk):
        self.connection = connection
        self.disk = disk

    def execute(self, sql, parameters=()):
        self.disk.statements.append(sql)
        for start, error in tuple(self.disk.broken.items()):
            if sql.startswith(start):
                raise error
        return self.connection.execute(sql, parameters)

    def backup(self, target, **options):
        self.execute("PRAGMA backup")  # none of SQLite's: a name under which it can be broken
        self.connection.backup(target, **options)

    def __getattr__(self, name):
        return getattr(self.connection, name)


class Strange(BaseException):
    pass


def note(text):
    return lambda tx: tx.execute("INSERT INTO note VALUES (?)", (text,)).rowcount


def notes(tx):
    return [row["text"] for row in tx.execute("SELECT text FROM note ORDER BY rowid")]


def full():
    return failing("database or disk is full", sqlite3.SQLITE_FULL)


def sick():
    return failing("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC)


def failing(text, code):
    """An error as SQLite would raise it."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def stop_the_thread(writer):
    """Until `go` is called the thread takes no batch; what is handed in meanwhile is one."""
    reached, go = threading.Event(), threading.Event()

    def wait(_tx):
        reached.set()
        go.wait()

    writer.post(wait)
    reached.wait()
    return go.set
