"""`python -m bridge` is the command `pos-bridge`."""

from bridge.cli import main

main()
