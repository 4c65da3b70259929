"""The durable record of events, deliveries and attempts: the truth. The only home of SQLite."""

from bridge.ledger.ledger import Ledger
from bridge.ledger.room import Room, RoomTerms
from bridge.ledger.transaction import LedgerError, Transaction

__all__ = ["Ledger", "LedgerError", "Room", "RoomTerms", "Transaction"]
