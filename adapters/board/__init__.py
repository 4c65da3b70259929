"""The kitchen board in the browser: for a restaurant without a POS of its own."""

from adapters.board.adapter import BoardAdapter

__all__ = ["BoardAdapter"]
