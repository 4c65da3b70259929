"""Adapters that ship with the bridge; each comes in by the same entry point as a vendor's."""
