"""The POS bridge: orders from an ordering platform to the POS, never lost, never twice."""

__version__ = "0.1.0"
