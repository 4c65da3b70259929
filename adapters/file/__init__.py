"""Tickets as files in a directory: for print stations, shares and scripts."""

from adapters.file.adapter import FileAdapter

__all__ = ["FileAdapter"]
